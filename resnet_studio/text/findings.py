"""Texts: findings."""

TEXT: dict[str, tuple[str, str]] = {
    "finding.and_more": ("{names} and {count:other|others}", "{names}，以及另外 {count} 个"),
    # copies
    "finding.conflict": (
        "{count:picture is|pictures are} in more than one class ({classes}), byte for byte the same: keep each only where it belongs.",
        "有 {count} 张图片以完全相同的内容出现在多个类别中（{classes}）：请只保留在正确的类别里。",
    ),
    "finding.leak": (
        "{count:picture is|pictures are} in more than one of your parts (training, validation, test), byte for byte the same: scores will look better than they are.",
        "有 {count} 张图片以完全相同的内容出现在训练集、验证集、测试集中的不止一个里：成绩会虚高。",
    ),
    "finding.copies": (
        "{count:picture is a copy|pictures are copies} of another in the same class; copies stay in the same part.",
        "有 {count} 张图片与同类别的其他图片完全相同；相同的图片会划分到同一个集合。",
    ),
    "finding.near_conflict": (
        "{count:near-duplicate is|near-duplicates are} in different classes ({classes}): settle which is right.",
        "有 {count} 张近似重复的图片分属不同类别（{classes}）：请确定哪个类别正确。",
    ),
    "finding.near_leak": (
        "{count:near-duplicate is|near-duplicates are} in different parts ({parts}): scores will look better than they are. Move them to training.",
        "有 {count} 张近似重复的图片分属不同集合（{parts}）：成绩会虚高，请把它们移到训练集。",
    ),
    "finding.near_duplicate": (
        "{count:picture is|pictures are} near-duplicates: the same one resized, recompressed, cropped, mirrored or brightened, or frames of one video. They stay in the same part.",
        "有 {count} 张图片彼此近似重复（缩放、压缩、裁剪、翻转、调亮，或同一视频的相邻帧）；它们会划分到同一个集合。",
    ),
    "finding.near_near_duplicate.all": (
        "{count:group|groups} of near-duplicates, {pictures:picture|pictures} in all: the same picture resized, recompressed, cropped, mirrored or brightened, or frames of one video. Each group stays in one part.",
        "发现 {count} 组近似重复的图片，共 {pictures} 张（缩放、压缩、裁剪、翻转、调亮，或同一视频的相邻帧）；每组会划分到同一个集合。",
    ),
    "finding.near_conflict.all": (
        "{count:group|groups} of near-duplicates, {pictures:picture|pictures} in all, lie in different classes: settle which is right.",
        "有 {count} 组近似重复的图片（共 {pictures} 张）分属不同类别：请确定哪个类别正确。",
    ),
    "finding.near_leak.all": (
        "{count:group|groups} of near-duplicates, {pictures:picture|pictures} in all, lie in more than one of your parts: scores will look better than they are. Move them to training.",
        "有 {count} 组近似重复的图片（共 {pictures} 张）同时出现在不止一个集合里：成绩会虚高，请把它们移到训练集。",
    ),
    # balance and size
    "finding.few": (
        "{count:class has|classes have} fewer than {wanted} pictures ({classes}): add more for a result to rely on.",
        "有 {count} 个类别的图片不足 {wanted} 张（{classes}）：请补充图片，结果才可靠。",
    ),
    "finding.few.folds": (
        "{count:class has|classes have} fewer than {wanted} pictures ({classes}): add more for a result to rely on. Until then, five trainings test every picture once: a button on the Train tab, --folds 5 on the command line.",
        "有 {count} 个类别的图片不足 {wanted} 张（{classes}）：请补充图片，结果才可靠。在此之前，训练 5 次可以让每张图片都测试一次：“训练”页有按钮，命令行用 --folds 5。",
    ),
    "finding.imbalance": (
        "The classes are uneven: “{largest}” has {most:picture|pictures}, “{smallest}” only {fewest}. Add pictures to the small ones; past 5 to 1, training gives rare classes more weight by itself.",
        "各类别数量悬殊：“{largest}”有 {most} 张，“{smallest}”只有 {fewest} 张；请为少的类别补充图片；相差超过 5 倍时，训练会自动提高少见类别的权重。",
    ),
    "finding.tiny": (
        "{count:picture is|pictures are} under {side} pixels high or wide: little can be seen in them.",
        "有 {count} 张图片的宽或高不足 {side} 像素：能看清的内容很少。",
    ),
    "finding.wide": (
        "{count:picture is|pictures are} more than {limit:g} times as long as wide. A crop, the default, shows the network only the middle square, about {share:.0%} of a typical one. If what matters can lie at the ends, set “Fit to the square” to Pad on the Train tab, under “All settings”.",
        "有 {count} 张图片的长边超过短边的 {limit:g} 倍。默认会裁剪，网络只看到中间的正方形，约占其中一张典型图片的 {share:.0%}。如果重要内容可能靠近两端，请在“训练”页的“全部设置”里把“长宽比处理”设为“加边”。",
    ),
    "finding.mirrored": (
        "By their names, these classes are mirror images of each other: {pairs}. Training pictures are not mirrored, as that would make one class of two.",
        "从名称看，以下类别互为左右镜像：{pairs}。训练图片不会左右翻转，否则两个类别会变得无法区分。",
    ),
    # left out
    "finding.unknown_class": (
        "{count:picture was|pictures were} left out: the training folder has no such class.",
        "跳过了 {count} 张图片：训练文件夹里没有它们的类别。",
    ),
    "finding.no_class": (
        "{count:picture was|pictures were} left out: not in a class folder.",
        "跳过了 {count} 张没有放在类别文件夹里的图片。",
    ),
    "finding.empty_class": (
        "{count:folder holds|folders hold} no usable picture and became no class.",
        "有 {count} 个文件夹里没有可用的图片，未作为类别。",
    ),
    "finding.truncated": (
        "{count:file was|files were} left out: cut off before the end, as after a broken download.",
        "跳过了 {count} 个不完整的文件，可能是下载中断所致。",
    ),
    "finding.damaged": (
        "{count:file was|files were} left out: damaged, they cannot be read as a picture.",
        "跳过了 {count} 个已损坏、无法读取的图片文件。",
    ),
    "finding.heic": (
        "{count:HEIC photograph was|HEIC photographs were} left out: set the phone’s camera to “most compatible”, or install pillow-heif and open the pictures again.",
        "跳过了 {count} 张 HEIC 照片：请将手机相机格式设为“兼容性最佳”，或安装 pillow-heif 后重新打开图片。",
    ),
    "finding.unsupported": (
        "{count:file was|files were} left out: sound, but of a kind that cannot be read here, such as raw camera data or colour in fractions.",
        "跳过了 {count} 个本身完好但类型不受支持的文件（例如相机 RAW 数据或浮点彩色）。",
    ),
    "finding.empty_file": ("{count:file was|files were} left out: empty.", "跳过了 {count} 个空文件。"),
    "finding.too_large": (
        "{count:picture was|pictures were} left out: too many pixels (limit: 64 megapixels, 268 for a JPEG that is not progressive).",
        "跳过了 {count} 张像素过多的图片（上限 6400 万像素，非渐进式 JPEG 为 2.68 亿）。",
    ),
    "finding.too_many_bytes": (
        "{count:file was|files were} left out: too large (limit: 256 MB; GIF, WebP, AVIF, HEIC and Netpbm in text 64 MB).",
        "跳过了 {count} 个过大的文件（上限 256 MB，GIF、WebP、AVIF、HEIC 和文本格式的 Netpbm 为 64 MB）。",
    ),
    "finding.large_table": (
        "{count:table was|tables were} not read: larger than 64 MB. If the labels are in there, save them as a CSV with the columns “file” and “label”, and put it beside the pictures.",
        "有 {count} 个表格因超过 64 MB 而未读取。如果标签在其中，请另存为含“file”和“label”两列的 CSV，并与图片放在一起。",
    ),
    "finding.not_a_picture": (
        "{count:file was|files were} left out: not a JPEG, PNG, WebP, AVIF, TIFF, JPEG 2000, BMP, GIF or Netpbm picture.",
        "跳过了 {count} 个不是 JPEG、PNG、WebP、AVIF、TIFF、JPEG 2000、BMP、GIF 或 Netpbm 图片的文件。",
    ),
    "finding.unreadable": (
        "{count:file or folder was|files or folders were} left out: the system did not let the studio read them.",
        "跳过了 {count} 个系统不允许读取的文件或文件夹。",
    ),
    "finding.odd_name": (
        "{count:file or folder was|files or folders were} left out: their names hold characters that cannot be shown.",
        "跳过了 {count} 个名称中含有无法显示字符的文件或文件夹。",
    ),
    "finding.link": (
        "{count:link was|links were} not followed (leading out of the folder, in a circle or nowhere); put the pictures themselves into the folder.",
        "有 {count} 个链接未被打开：它们指向文件夹之外、形成循环或已失效；请把图片本身放进文件夹。",
    ),
    "finding.special": (
        "{count:entry was|entries were} left out: devices or pipes, not files.",
        "跳过了 {count} 个设备或管道，它们不是文件。",
    ),
    "finding.animated": (
        "{count:picture has|pictures have} several frames or pages, as animations do; only the first is used.",
        "有 {count} 张图片包含多帧或多页（例如动图）；只使用第一帧。",
    ),
    "finding.junk": (
        "{count:file or folder was|files or folders were} ignored: hidden, or put there by the system.",
        "忽略了 {count} 个隐藏的或系统自动生成的文件或文件夹。",
    ),
}
