"""Texts of: data."""

TEXT: dict[str, tuple[str, str]] = {
    # what is given
    "error.data.missing": (
        "There is no file or folder {path!r}; check the path and try again.",
        "找不到文件或文件夹 {path!r}；请检查路径后重试。",
    ),
    "error.data.url": (
        "Web addresses are not opened; download the file and give its path, or upload it.",
        "不支持直接打开网址；请先下载文件，再上传或填写它的路径。",
    ),
    "error.data.unreadable_folder": (
        "The folder {folder!r} cannot be read; check its permissions.",
        "无法读取文件夹 {folder!r}；请检查访问权限。",
    ),
    "error.data.odd_folder": (
        "The path “{folder}” holds characters that cannot be shown; rename that folder and open it again.",
        "路径“{folder}”含有无法显示的字符；请将文件夹改名后重新打开。",
    ),
    "error.data.too_many_files": (
        "The folder {folder!r} holds more than {limit:file|files}; choose the folder right above your class folders.",
        "文件夹 {folder!r} 中的文件超过 {limit} 个；请选择类别文件夹的上一级文件夹。",
    ),
    "error.data.empty": (
        "“{name}” is empty; give it one folder of pictures for each class.",
        "“{name}”是空的；请为每个类别放一个装有图片的文件夹。",
    ),
    "error.data.no_pictures": (
        "“{name}” holds no usable pictures ({count:file was|files were} left out); add JPEG, PNG, WebP, AVIF, TIFF, JPEG 2000, BMP, GIF or Netpbm pictures, one folder for each class.",
        "“{name}”中没有可用的图片（已跳过 {count} 个文件）；请添加 JPEG、PNG、WebP、AVIF、TIFF、JPEG 2000、BMP、GIF 或 Netpbm 图片，每个类别一个文件夹。",
    ),
    "error.data.only_links": (
        "“{name}” holds no pictures but links that lead out of it, which are not followed; open the folder that holds the pictures themselves.",
        "“{name}”中没有图片，只有指向文件夹之外的链接，这类链接不会被打开；请打开图片实际所在的文件夹。",
    ),
    "error.data.folder_gone": (
        "The folder {folder!r} is no longer there; put it back, or open it where it is now.",
        "文件夹 {folder!r} 已不存在；请将其放回原处，或打开它现在的位置。",
    ),
    "error.data.loose": (
        "The pictures in “{name}” ({count:picture|pictures}) are not in a class folder; put those of each class into a folder named after it.",
        "“{name}”中的 {count} 张图片没有放在类别文件夹里；请把每个类别的图片放进以该类别命名的文件夹。",
    ),
    "error.data.bare_parts": (
        "The folders {folders:, } of “{name}” hold pictures but no class folders; inside each, make one folder for each class.",
        "“{name}”的文件夹 {folders:、} 里直接放着图片，没有类别文件夹；请在其中为每个类别建一个文件夹。",
    ),
    "error.data.one_class": (
        "“{name}” has only one class, “{found}”; add a folder of pictures for at least one more.",
        "“{name}”只有一个类别“{found}”；请至少再添加一个类别的图片文件夹。",
    ),
    "error.data.only_odd_name": (
        "“{name}” holds nothing that can be used: {count:file or folder has|files or folders have} characters in the name that cannot be shown, such as tabs; rename what has them.",
        "“{name}”中没有可用的内容：其中全部 {count} 个文件或文件夹的名称都含有无法显示的字符（如制表符）；请重命名。",
    ),
    "error.data.only_unreadable": (
        "“{name}” holds nothing that can be used: the system did not let the studio read {count:file or folder|files or folders}; give this user the right to read them.",
        "“{name}”中没有可用的内容：系统不允许读取其中的 {count} 个文件或文件夹；请授予当前用户读取权限。",
    ),
    "error.data.only_truncated": (
        "“{name}” holds nothing that can be used: {count:file is|files are} cut off before the end, as after a broken download; fetch the pictures again.",
        "“{name}”中没有可用的内容：全部 {count} 个文件都不完整，可能是下载中断所致；请重新下载。",
    ),
    "error.data.only_heic": (
        "“{name}” holds only HEIC photographs ({count:file|files}): set the phone’s camera to “most compatible”, or install pillow-heif and start the studio again.",
        "“{name}”中只有 HEIC 照片（{count} 个文件）：请将手机相机格式设为“兼容性最佳”，或安装 pillow-heif 后重新启动本程序。",
    ),
    "error.data.heic_class": (
        "“{name}” has usable pictures in one class only, “{found}”, as {others:, } holds only HEIC photographs: set the phone’s camera to “most compatible”, or install pillow-heif and start the studio again.",
        "“{name}”只有一个类别“{found}”有可用的图片，{others:、} 中只有 HEIC 照片：请将手机相机格式设为“兼容性最佳”，或安装 pillow-heif 后重新启动本程序。",
    ),
    "error.data.unusable_class": (
        "“{name}” has usable pictures in one class only, “{found}”: the files in {others:, } were left out, as they cannot be used; put sound pictures there.",
        "“{name}”只有一个类别“{found}”有可用的图片：{others:、} 中的文件因无法使用已被跳过；请换成完好的图片。",
    ),
    "error.data.single_picture": (
        "“{found}” has 1 picture: cannot validate; add at least 1 more or remove the folder.",
        "“{found}”只有 1 张图片，无法验证；请至少再添加 1 张，或删除这个文件夹。",
    ),
    "error.data.same_picture": (
        "All {count:picture|pictures} of “{found}” are copies of one: cannot validate; add at least 1 different picture or remove the folder.",
        "“{found}”的 {count} 张图片完全相同，无法验证；请至少再添加 1 张不同的图片，或删除这个文件夹。",
    ),
    "error.data.disk_full": (
        "The disk is full; free some space and try again. Nothing was changed.",
        "磁盘已满；请腾出空间后重试。已有内容没有改动。",
    ),
    "error.data.manifest": (
        "The data set {dataset!r} is damaged; delete it and add its pictures again.",
        "数据集 {dataset!r} 已损坏；请删除后重新添加图片。",
    ),
    "error.data.unknown": (
        "There is no data set {dataset!r} in this workspace; it may have been deleted.",
        "工作区中没有数据集 {dataset!r}；它可能已被删除。",
    ),
    "error.data.busy": (
        "The run {run!r} uses this data set; stop it first.",
        "训练 {run!r} 正在使用这个数据集；请先停止该训练。",
    ),
    # zip files
    "error.zip.not_a_zip": (
        "“{name}” is not a zip file; pack the folder that holds your class folders as .zip.",
        "“{name}”不是 zip 文件；请把包含各类别文件夹的文件夹压缩为 .zip。",
    ),
    "error.zip.incomplete": (
        "The upload of “{name}” is incomplete: its end is missing; upload it again.",
        "“{name}”上传不完整，文件末尾缺失；请重新上传。",
    ),
    "error.zip.damaged": (
        "“{name}” is damaged and cannot be unpacked; zip the folder again and upload it once more.",
        "“{name}”已损坏，无法解压；请重新压缩文件夹后再上传。",
    ),
    "error.zip.empty": (
        "“{name}” is empty; zip a folder that holds one folder of pictures for each class.",
        "“{name}”是空的；请按“每个类别一个图片文件夹”整理好，再把上一级文件夹压缩为 zip。",
    ),
    "error.zip.encrypted": (
        "“{name}” is password-protected; zip the folder again without a password.",
        "“{name}”有密码保护；请不设密码重新压缩。",
    ),
    "error.zip.method": (
        "“{name}” is packed in an unusual way (entry “{entry}”); zip the folder again with the usual method, Deflate.",
        "“{name}”使用了不常见的压缩方式（条目“{entry}”）；请用常规的 Deflate 方式重新压缩。",
    ),
    "error.zip.unsafe_name": (
        "Entry “{entry}” has an unsafe name; rename it and zip the folder again.",
        "条目“{entry}”的名称不安全；请改名后重新压缩文件夹。",
    ),
    "error.zip.link": (
        "Entry “{entry}” is a link or a device, not a file; zip the folder again with the real files.",
        "条目“{entry}”是链接或设备，不是文件；请用真实文件重新压缩。",
    ),
    "error.zip.same_name": (
        "Entries “{entry}” and “{other}” have the same name for some computers; rename one and zip the folder again.",
        "条目“{entry}”和“{other}”在部分系统上会被视为同名；请将其中一个改名后重新压缩。",
    ),
    "error.zip.file_and_folder": (
        "Entry “{entry}” is both a file and a folder; rename one and zip the folder again.",
        "条目“{entry}”既是文件又是文件夹；请将其中一个改名后重新压缩。",
    ),
    "error.zip.overlap": (
        "“{name}” is built so that its entries overlap, as no honest zip does; zip the folder again.",
        "“{name}”中的条目相互重叠，正常的 zip 文件不会这样；请重新压缩文件夹。",
    ),
    "error.zip.entries": (
        "“{name}” has more than {limit:entry|entries}; put the pictures in a folder on this machine and open that instead.",
        "“{name}”中的条目超过 {limit} 个；请把图片放到本机文件夹中，然后直接打开该文件夹。",
    ),
    "error.zip.too_large": (
        "“{name}” expands past {limit} GB; put the pictures in a folder on this machine and open that instead.",
        "“{name}”解压后超过 {limit} GB；请把图片放到本机文件夹中，然后直接打开该文件夹。",
    ),
    "error.zip.ratio": (
        "“{name}” expands to more than {limit} times its size, which pictures do not; zip the folder again.",
        "“{name}”解压后超过自身大小的 {limit} 倍，图片不会如此；请重新压缩文件夹。",
    ),
    # a folder picked in the browser
    "error.picked.unsafe_name": (
        "The file “{entry}” has an unsafe name; rename it and choose the folder again.",
        "文件“{entry}”的名称不安全；请改名后重新选择文件夹。",
    ),
    "error.picked.same_name": (
        "“{entry}” and “{other}” have the same name for some computers; rename one and choose the folder again.",
        "“{entry}”和“{other}”在部分系统上会被视为同名；请将其中一个改名后重新选择文件夹。",
    ),
    "error.picked.file_and_folder": (
        "“{entry}” is both a file and a folder; rename one and choose the folder again.",
        "“{entry}”既是文件又是文件夹；请将其中一个改名后重新选择文件夹。",
    ),
    "error.picked.gone": (
        "The upload of “{entry}” did not arrive; choose the folder again.",
        "“{entry}”没有上传成功；请重新选择文件夹。",
    ),
    # one picture
    "error.picture.empty_file": ("“{file}” is empty; choose another picture.", "“{file}”是空文件；请换一张图片。"),
    "error.picture.not_a_picture": (
        "“{file}” is not a picture; use JPEG, PNG, WebP, AVIF, TIFF, JPEG 2000, BMP, GIF or Netpbm.",
        "“{file}”不是图片；请使用 JPEG、PNG、WebP、AVIF、TIFF、JPEG 2000、BMP、GIF 或 Netpbm 格式。",
    ),
    "error.picture.heic": (
        "“{file}” is a HEIC photograph: set the phone’s camera to “most compatible”, or install pillow-heif and start the studio again.",
        "“{file}”是 HEIC 照片：请将手机相机格式设为“兼容性最佳”，或安装 pillow-heif 后重新启动本程序。",
    ),
    "error.picture.unsupported": (
        "“{file}” is sound, but of a kind that cannot be read here, such as raw camera data or colour in fractions; save it as PNG, JPEG or a plain TIFF.",
        "“{file}”本身完好，但属于无法读取的类型（例如相机 RAW 数据或浮点彩色）；请另存为 PNG、JPEG 或普通 TIFF。",
    ),
    "error.picture.truncated": (
        "“{file}” ends too early, as after a broken download; get the picture again.",
        "“{file}”不完整，可能是下载中断所致；请重新获取这张图片。",
    ),
    "error.picture.damaged": (
        "“{file}” is damaged and cannot be read; save the picture anew or choose another.",
        "“{file}”已损坏，无法读取；请重新保存或换一张图片。",
    ),
    "error.picture.too_large": (
        "“{file}” has too many pixels (limit: 64 megapixels, 268 for a JPEG that is not progressive); make it smaller first.",
        "“{file}”像素过多（上限 6400 万像素，非渐进式 JPEG 为 2.68 亿）；请先缩小图片。",
    ),
    "error.picture.too_many_bytes": (
        "“{file}” is too large (limit: 256 MB; GIF, WebP, AVIF, HEIC and Netpbm in text 64 MB); reduce its size first.",
        "“{file}”文件过大（上限 256 MB，GIF、WebP、AVIF、HEIC 和文本格式的 Netpbm 为 64 MB）；请先缩小后再使用。",
    ),
    "error.picture.unreadable": (
        "“{file}” cannot be opened; check that it exists and may be read.",
        "无法打开“{file}”；请检查文件是否存在以及访问权限。",
    ),
    # samples
    "error.sample.unknown": (
        "There is no sample {sample!r}; choose one of: {known:, }.",
        "没有名为 {sample!r} 的示例数据；可选：{known:、}。",
    ),
    "error.sample.missing": (
        "The sample “{sample}” is not part of this installation; choose another one or use your own pictures.",
        "当前安装不包含示例数据“{sample}”；请选择其他示例或使用自己的图片。",
    ),
    "sample.digits.name": ("Handwritten digits", "手写数字"),
    "sample.digits.description": (
        "1,797 tiny greyscale pictures of the digits 0 to 9, written by 43 people: a first example.",
        "1,797 张小幅灰度图片，由 43 人手写的数字 0 到 9，适合第一次尝试。",
    ),
    "sample.digits.terms": ("UCI, Creative Commons Attribution 4.0.", "UCI 数据集，知识共享署名 4.0 许可。"),
    "sample.things.name": ("Everyday things", "日常物品"),
    "sample.things.description": (
        "Rendered pictures of everyday things in many colours, sizes and poses.",
        "用电脑绘制的日常物品图片，颜色、大小和角度各不相同。",
    ),
    "sample.things.terms": ("Made for ResNet Studio, Apache 2.0.", "为 ResNet Studio 制作，Apache 2.0 许可。"),
    # public sets
    "error.public.unknown": (
        "There is no public set {given!r}; choose one of: {known:, }.",
        "没有名为 {given!r} 的公开数据集；可选：{known:、}。",
    ),
    "error.public.no_network": (
        "“{name}” could not be downloaded; check the network connection and try again, or use a sample or your own pictures.",
        "无法下载“{name}”；请检查网络连接后重试，或使用示例数据、自己的图片。",
    ),
    "error.public.gone": (
        "“{name}” is no longer at its address; use a sample, another public data set or your own pictures.",
        "“{name}”的下载地址已失效；请使用示例数据、其他公开数据集或自己的图片。",
    ),
    "error.public.damaged": (
        "The download of “{name}” arrived damaged and was thrown away; try again.",
        "“{name}”下载的内容已损坏，已丢弃；请重试。",
    ),
    "public.cifar10.name": ("CIFAR-10", "CIFAR-10"),
    "public.cifar10.description": (
        "60,000 tiny colour pictures of 10 kinds of animals and vehicles; 163 MB.",
        "60,000 张小幅彩色图片，10 种动物和交通工具；163 MB。",
    ),
    "public.cifar10.terms": (
        "A. Krizhevsky, 2009; no licence is stated, commonly used for research.",
        "A. Krizhevsky，2009；未注明许可，通常用于研究。",
    ),
    "public.fashion_mnist.name": ("Fashion-MNIST", "Fashion-MNIST"),
    "public.fashion_mnist.description": (
        "70,000 tiny greyscale pictures of 10 kinds of clothing; 29 MB.",
        "70,000 张小幅灰度图片，10 类服饰；29 MB。",
    ),
    "public.fashion_mnist.terms": ("Zalando Research, MIT licence.", "Zalando Research，MIT 许可。"),
    "public.imagenette.name": ("Imagenette", "Imagenette"),
    "public.imagenette.description": (
        "13,394 photographs of 10 easily distinguished things, from a fish to a parachute, shorter side 160 px; 94 MB.",
        "13,394 张照片，10 种容易分辨的事物，从鱼到降落伞，短边 160 像素；94 MB。",
    ),
    "public.imagenette.terms": (
        "fast.ai, a part of ImageNet: for non-commercial research and teaching.",
        "fast.ai，取自 ImageNet：限非商业研究和教学使用。",
    ),
    "public.eurosat.name": ("EuroSAT", "EuroSAT"),
    "public.eurosat.description": (
        "27,000 satellite pictures of 10 kinds of land, 64 px square; 90 MB.",
        "27,000 张卫星图片，10 种土地类型，64 x 64 像素；90 MB。",
    ),
    "public.eurosat.terms": (
        "P. Helber and others, 2019, MIT licence; made from Copernicus Sentinel data.",
        "P. Helber 等，2019，MIT 许可；源自哥白尼计划 Sentinel 数据。",
    ),
    "public.flowers102.name": ("Oxford Flowers 102", "牛津花卉 102"),
    "public.flowers102.description": (
        "8,189 photographs of 102 kinds of flowers; only 10 of each are for training; 329 MB.",
        "8,189 张照片，102 种花卉，每种只有 10 张用于训练；329 MB。",
    ),
    "public.flowers102.terms": (
        "M.-E. Nilsback and A. Zisserman, 2008; no licence is stated, commonly used for research.",
        "M.-E. Nilsback、A. Zisserman，2008；未注明许可，通常用于研究。",
    ),
    "public.pets.name": ("Oxford-IIIT Pets", "牛津宠物"),
    "public.pets.description": (
        "7,349 photographs of 37 breeds of cats and dogs; 774 MB.",
        "7,349 张照片，37 个猫狗品种；774 MB。",
    ),
    "public.pets.terms": (
        "O. M. Parkhi and others, 2012, Creative Commons Attribution-ShareAlike 4.0.",
        "O. M. Parkhi 等，2012，知识共享署名-相同方式共享 4.0 许可。",
    ),
}
