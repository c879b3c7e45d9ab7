"""Starting weights, checkpoints, downloads of models, predictions."""

TEXT: dict[str, tuple[str, str]] = {
    "weights.reason.cached": ("Already on this machine", "本机已有"),
    "weights.reason.download": ("Downloaded once, {megabytes} MB", "首次使用需下载 {megabytes} MB"),
    "weights.reason.starter": ("Comes with the studio, no download", "随软件附带，无需下载"),
    "weights.reason.scratch": ("Random weights; needs thousands of pictures", "随机初始权重；需要数千张图片"),
    "weights.reason.file": ("From the file {file}", "来自文件 {file}"),
    "weights.auto.imagenet": (
        "ImageNet weights, as they are on this machine already.",
        "使用 ImageNet 权重，因为本机已有。",
    ),
    "weights.auto.starter": (
        "The built-in starter weights, as they need no download; ImageNet weights would be {megabytes} MB.",
        "使用内置预训练权重，因为无需下载；ImageNet 权重需下载 {megabytes} MB。",
    ),
    "weights.auto.scratch": (
        "There are no pretrained weights for {network} on this machine: it would start from random ones and learn "
        "from your pictures alone, which takes thousands of them. Choose ResNet-18, whose weights are built in, or "
        "ImageNet weights (one download of {megabytes} MB).",
        "本机没有 {network} 的预训练权重：网络将从随机权重开始，只能靠你的图片学习，通常需要数千张。"
        "建议选择自带权重的 ResNet-18，或选择 ImageNet 权重（下载一次，{megabytes} MB）。",
    ),
    "weights.auto.untrained": (
        "There are no pretrained weights for {network}: it starts from random ones and learns from your pictures alone, "
        "which takes thousands of them. Choose ResNet-18, whose weights are built in, if you have fewer.",
        "{network} 没有预训练权重：网络将从随机权重开始，只能靠你的图片学习，通常需要数千张。"
        "图片较少时，建议选择自带权重的 ResNet-18。",
    ),
    "weights.terms.imagenet-timm": (
        "Trained on ImageNet-1k and published with timm; the terms of ImageNet may restrict commercial use; check them "
        "for yours.",
        "在 ImageNet-1k 上训练，由 timm 发布；ImageNet 的条款可能限制商业用途，请自行确认。",
    ),
    "error.architecture.unknown": (
        "There is no network {name!r}; choose one of: {allowed:, }.",
        "没有名为 {name!r} 的网络；请从以下选项中选择：{allowed:、}。",
    ),
    "error.architecture.differs": (
        "--arch {arch} has {field} {wanted}, but {field} {value} was asked for; leave one of the two out.",
        "--arch {arch} 的 {field} 是 {wanted}，而另外又指定了 {field} {value}；请去掉其中一个。",
    ),
    "error.architecture.not_installed": (
        '{network} needs the library {library}, which is not installed; run: pip install "resnet-studio[{library}]", '
        "or choose another network.",
        '{network} 需要 {library} 库，本机尚未安装；请运行 pip install "resnet-studio[{library}]"，或换用其他网络。',
    ),
    "weights.terms.imagenet": (
        "Trained by torchvision on ImageNet-1k, whose terms may restrict commercial use; check them for yours.",
        "由 torchvision 在 ImageNet-1k 上训练；该数据集的条款可能限制商业用途，请自行确认。",
    ),
    "error.weights.unknown": (
        "There are no starting weights {weights!r} for {network}; choose one of: {allowed:, }, or a file.",
        "{network} 没有名为 {weights!r} 的初始权重；请从以下选项中选择：{allowed:、}，或指定文件。",
    ),
    "error.weights.missing_file": (
        "The starting weights {file} are not there; check the path.",
        "找不到初始权重文件 {file}；请检查路径。",
    ),
    "error.weights.no_download": (
        "The ImageNet weights for {network} could not be downloaded; check the network and start again, train from "
        "scratch, give a checkpoint of your own, or put {file} into $TORCH_HOME/hub/checkpoints by hand.",
        "无法下载 {network} 的 ImageNet 权重；请检查网络后重试，或从零训练，或使用你自己的模型文件，"
        "也可手动把 {file} 放入 $TORCH_HOME/hub/checkpoints。",
    ),
    "error.weights.no_download_starter": (
        "The ImageNet weights for {network} could not be downloaded; check the network and start again, choose the "
        "built-in starter, train from scratch, or give a checkpoint of your own.",
        "无法下载 {network} 的 ImageNet 权重；请检查网络后重试，或选择内置预训练权重、从零训练，或使用你自己的模型文件。",
    ),
    "error.weights.cache": (
        "{file} cannot be read or written in $TORCH_HOME/hub/checkpoints; let TORCH_HOME name a folder that you may "
        "write to, or choose other starting weights.",
        "无法在 $TORCH_HOME/hub/checkpoints 中读写 {file}；请把 TORCH_HOME 设为可写的文件夹，或换用其他初始权重。",
    ),
    "error.weights.other_body": (
        "{file}: This is a {fitting} without its head, but the training is set to {network}; choose {fitting}, or other starting weights.",
        "{file}：这是不含分类头的 {fitting}，而当前训练设置为 {network}；请选择 {fitting}，或换用其他初始权重。",
    ),
    "error.weights.other_depth": (
        "{file}: This is a {fitting} with {classes:class|classes}, but the training is set to {network}; "
        "choose {fitting}, or other starting weights.",
        "{file}：这是有 {classes} 个类别的 {fitting}，而当前训练设置为 {network}；"
        "请改选 {fitting}，或换用其他初始权重。",
    ),
    "error.weights.small_stem": (
        "{file} was trained with the small stem; choose the small stem too, or other starting weights.",
        "{file} 使用“小图”起始层训练；请同样选择“小图”起始层，或换用其他初始权重。",
    ),
    "error.weights.standard_stem": (
        "{file} has the standard stem; choose the standard stem too, or train from scratch.",
        "{file} 使用标准起始层；请同样选择标准起始层，或从零训练。",
    ),
    "error.import.head": (
        "{file} has another head than one linear layer called fc, and cannot be imported; use it as starting weights instead.",
        "{file} 的分类头不是名为 fc 的单层线性层，无法导入；可改作训练的起始权重。",
    ),
    "error.import.one_score": (
        "{file} gives a single score, which says yes or no to one class. The studio needs a score for each of two or more "
        "classes: train or export the model with two outputs.",
        "{file} 只输出一个分数，即对单个类别判断是或否。本程序需要两个或更多类别各有一个分数：请以两个输出重新训练或导出模型。",
    ),
    "error.import.no_classes": (
        "{file} does not say what its {count:class is|classes are} called; give a file with a name a line: "
        "import FILE --classes NAMES.txt (for ImageNet: --classes imagenet), or choose both files on the page.",
        "{file} 未注明其 {count} 个类别的名称；请提供每行一个名称的文件：import 文件 --classes 名称.txt"
        "（ImageNet 可用 --classes imagenet），或在页面上同时选择两个文件。",
    ),
    "error.import.other_classes": (
        "{file} has {count:class|classes}, and {given:name was|names were} given; give one for each, in the model's order.",
        "{file} 有 {count} 个类别，但给出了 {given} 个名称；请按模型的顺序为每个类别各给出一个名称。",
    ),
    "error.import.names": (
        "{file} is no list of classes; give a text with a name a line, or a list in JSON, each name once.",
        "{file} 不是类别列表；请提供每行一个名称的文本，或 JSON 列表，名称不可重复。",
    ),
    "error.import.size": (
        "A network is shown pictures of {least} to {most} px; {given} is not possible.",
        "网络输入图片的边长应为 {least} 至 {most} 像素；{given} 不可用。",
    ),
    "error.import.numbers": (
        "{given!r} is not a number for each of red, green and blue, such as 0.5,0.5,0.5 (--std above 0).",
        "{given!r} 不是红、绿、蓝三个数值；请写成 0.5,0.5,0.5 的形式（--std 须大于 0）。",
    ),
    "error.weights.not_resnet": (
        "{file} does not hold the weights of a ResNet, ResNeXt or Wide ResNet as torchvision defines it, nor of an "
        "SE-ResNet, SE-ResNeXt or ResNet-D as timm does; choose other starting weights.",
        "{file} 既不是 torchvision 定义的 ResNet、ResNeXt 或 Wide ResNet 的权重，也不是 timm 定义的 SE-ResNet、SE-ResNeXt "
        "或 ResNet-D 的权重；请换用其他初始权重。",
    ),
    "error.checkpoint.missing": ("There is no file {file}; check the path.", "找不到文件 {file}；请检查路径。"),
    "error.checkpoint.unreadable": (
        "{file} cannot be read; check its permissions and the disk.",
        "无法读取 {file}；请检查文件权限和磁盘。",
    ),
    "error.checkpoint.damaged": (
        "{file} is damaged or incomplete and was refused; copy or download it again.",
        "{file} 已损坏或不完整，未予加载；请重新复制或下载。",
    ),
    "error.checkpoint.code": (
        "{file} contains code or other things than weights; it was refused, and nothing in it was run. "
        "Save the model's state_dict() alone, or use a .safetensors file.",
        "{file} 含有代码或权重以外的内容，已拒绝加载，其中的代码没有运行。请只保存模型的 state_dict()，或改用 .safetensors 文件。",
    ),
    "error.checkpoint.no_card": (
        "{file} holds weights but neither class names nor preprocessing; use the model's .safetensors file from "
        "ResNet Studio, or choose this one as starting weights.",
        "{file} 只有权重，没有类别名称和预处理方式；请使用 ResNet Studio 保存的 .safetensors 文件，或把它选作初始权重。",
    ),
    "error.checkpoint.foreign": (
        "{file} was not saved by ResNet Studio, so its classes are not known; choose it as starting weights instead.",
        "{file} 不是 ResNet Studio 保存的模型，无法得知类别；可以把它选作初始权重。",
    ),
    "error.checkpoint.not_weights": (
        "{file} is not a plain table of weights; save the model's state_dict() with a current PyTorch, or use a "
        ".safetensors file.",
        "{file} 不是单纯的权重文件；请用较新的 PyTorch 保存模型的 state_dict()，或改用 .safetensors 文件。",
    ),
    "error.checkpoint.framework": (
        "{file} is a file of {framework}; save the weights with PyTorch, as a state_dict() or as .safetensors.",
        "{file} 是 {framework} 格式的文件；请用 PyTorch 保存权重（state_dict() 或 .safetensors）。",
    ),
    "error.checkpoint.not_finite": (
        "The weights in {file} contain NaN or infinite values, so it was refused; use an earlier checkpoint.",
        "{file} 的权重中含有无效数值（NaN 或无穷大），未予加载；请使用更早的模型文件。",
    ),
    "error.checkpoint.not_saved": (
        "The weights contain NaN or infinite values and were not saved; the last good {file} is kept. "
        "Lower the learning rate and train again.",
        "权重中出现无效数值（NaN 或无穷大），未保存；上一个有效的 {file} 仍在。请降低学习率后重新训练。",
    ),
    "error.checkpoint.newer": (
        "{file} was saved by a newer version of ResNet Studio; update this one to open it.",
        "{file} 由更新版本的 ResNet Studio 保存；请升级后再打开。",
    ),
    "error.prediction.not_finite": (
        "The model's answer for this picture is not a number; the model is broken, use another one.",
        "模型对这张图片的输出不是有效数值；该模型已损坏，请换用其他模型。",
    ),
    "export.unlike": (
        "How unlike all training pictures one is: a mean of log Mahalanobis distances.",
        "与全部训练图片的差异程度：马氏距离对数的平均。",
    ),
    "export.unlike.largest": ("what is more unlike is none of the classes", "超过此值即不属于任何类别"),
    "export.unknown": ("Whether a picture is of none of the classes.", "图片是否不属于任何类别。"),
    "export.temperature": ("makes probabilities as high as answers are right", "使概率与实际正确率一致"),
    "export.joined": (
        "The head sees layer3 too: behind layer4's output come the means of its input.",
        "分类头也使用 layer3：在 layer4 的输出之后接上其输入的均值。",
    ),
    "export.small_stem": ("The small stem: 3x3, no max-pooling", "“小图”起始层：3x3，不带最大池化"),
    "export.read": (
        "The picture upright, in RGB, on white where it is transparent.",
        "读取图片：按 EXIF 转正，转为 RGB，透明处填白。",
    ),
    "export.draft": ("reads large JPEG files faster", "加快读取大尺寸 JPEG"),
    "export.ranges": ("which deep numbers become 0 and 255", "高位深数值中对应 0 和 255 的值"),
    "export.large": ("photographs of a phone may be large", "允许手机拍摄的大图"),
    "export.doc.with_end": (
        "A JPEG with the end marker that was forgotten; missing pixels, which libjpeg makes up, would differ.",
        "补上缺失的 JPEG 结束标记；若缺少像素，libjpeg 会自行填补，两次填补结果不同即可发现。",
    ),
    "export.doc.with_sound_chunks": (
        "A PNG without chunks whose checksum is wrong, and with an end.",
        "去掉 PNG 中校验和错误的数据块，并补上结尾。",
    ),
    "export.doc.netpbm_header": (
        "Kind, width, height and largest number of a Netpbm file, and where its pixels begin.",
        "Netpbm 文件的类型、宽、高、最大值，以及像素的起始位置。",
    ),
    "export.doc.netpbm_in_binary": (
        "A Netpbm file in binary, with numbers up to 255 or 65,535.",
        "把 Netpbm 文件转为二进制格式，数值上限为 255 或 65535。",
    ),
    "export.doc.unscaled": (
        "Lets Netpbm's 16-bit colour be decoded to the high bytes of its numbers.",
        "使 Netpbm 的 16 位彩色图片解码为数值的高字节。",
    ),
    "export.doc.reduce_jpeg": (
        "Lets a JPEG be decoded smaller: above twice side px where that is possible in 16 megapixels.",
        "让 JPEG 以较小尺寸解码：在 1600 万像素以内尽量不低于 side 的两倍。",
    ),
    "export.doc.low_tiles": (
        "Makes a picture of 16-bit colour give the low bytes of its numbers; None for any other picture.",
        "使 16 位彩色图片给出数值的低字节；其他图片返回 None。",
    ),
    "export.doc.from_deep_colour": (
        "The picture whose numbers have these high and low bytes, with colours between the limits.",
        "由高、低字节合成图片，颜色取上下限之间。",
    ),
    "export.doc.rendered": (
        "The picture upright, in RGB of 8 bits; above 16 megapixels averaged down to no less than twice side px.",
        "转正后的 8 位 RGB 图片；超过 1600 万像素时先平均缩小，但不低于 side 的两倍。",
    ),
    "export.doc.in_rgb": ("8 bits in RGB, on white where it is transparent.", "转为 RGB，透明处填白。"),
    "export.doc.orientation": (
        "The orientation, 1 to 8, by EXIF or else XMP.",
        "方向（1 到 8），取自 EXIF，其次 XMP。",
    ),
    "export.doc.deep_numbers": (
        "The numbers in deep grey from row top to before row bottom.",
        "高位深灰度图片第 top 行至第 bottom 行之前的数值。",
    ),
    "export.doc.deep_kind": ("The kind of the numbers in deep grey.", "高位深灰度的数值类型。"),
    "export.doc.from_deep": (
        "Deep grey as grey of 8 bits; without a range for its kind, by its own smallest and largest number.",
        "把高位深灰度转为 8 位；没有对应范围时按自身的最小值和最大值。",
    ),
    "export.doc.as_floats": ("The numbers, with 0 for what is none.", "转为浮点数，非数值处为 0。"),
    "export.doc.own_scale": (
        "What to subtract and then to multiply by for 0 to 255, without a range.",
        "没有范围时，换算到 0 至 255 所需的减数和乘数。",
    ),
    "export.doc.from_lab": ("CIE L*a*b* as sRGB.", "把 CIE L*a*b* 转为 sRGB。"),
    "export.doc.on_white": ("In RGB, on white where it is transparent.", "转为 RGB，透明处填白。"),
    "export.doc.from_profile": (
        "Its colours, which its ICC profile explains, as sRGB.",
        "按 ICC 配置文件把颜色转为 sRGB。",
    ),
    "export.doc.to_srgb": (
        "What takes colours to sRGB by the profile; None where there is no need or way.",
        "按配置文件转换到 sRGB 的变换；不需要或无法转换时为 None。",
    ),
    "export.fit.crop": ("The middle square of the picture.", "图片中间的正方形。"),
    "export.fit.pad": ("The whole picture in a square, with bars.", "完整的图片，加边补成正方形。"),
    "export.fit.squeeze": ("The whole picture, squeezed to a square.", "完整的图片，拉伸成正方形。"),
    "export.middle": ("only the middle of a very long picture is used", "特别长的图片只用中间一段"),
    "export.reduced": (
        "Sharper pictures brought to the size of the training pictures.",
        "把比训练图片清晰得多的图片缩小到训练图片的尺寸。",
    ),
    "export.predict.drawing": (
        "(class, probability) for every class, the most probable first; say drawing=True of a drawing.",
        "返回所有类别的名称与概率，概率最高的在前；如果是手绘图，请传入 drawing=True。",
    ),
    "export.predict": (
        "(class, probability) for every class, the most probable first.",
        "返回所有类别的名称与概率，概率最高的在前。",
    ),
}
