"""Words about what goes on inside a network: feature maps, filters, and the pictures that excite a channel most."""

TEXT: dict[str, tuple[str, str]] = {
    "error.inside.channels": (
        "{number} channels cannot be shown. Choose 1 to {most}.",
        "不能显示 {number} 个通道。请选择 1 到 {most} 个。",
    ),
    "error.inside.picture": (
        "There is no picture {path!r}; check the path and try again.",
        "找不到图片 {path!r}；请检查路径后重试。",
    ),
    "error.inside.out": (
        "{path!r} is a file; give the name of a folder for the pictures.",
        "{path!r} 是一个文件；请指定用于存放图片的文件夹。",
    ),
    "results.panel.inside": ("Inside the network", "网络内部"),
    "results.panel.inside.help": (
        "What each stage makes of a picture, the first filters, and which pictures excite a channel most",
        "每个阶段从图片中提取了什么、第一层的滤波器，以及哪些图片最能激活某个通道",
    ),
    "inside.pick": ("Choose a test picture, or one of your own", "选择一张测试图片，或使用自己的图片"),
    "inside.own": ("Your own picture…", "自己的图片……"),
    "inside.unreadable": (
        "This browser cannot read that file as a picture. Choose a JPEG, PNG or WebP.",
        "浏览器无法把该文件读取为图片。请选择 JPEG、PNG 或 WebP。",
    ),
    "inside.picture": ("Test picture {number}: {name}", "测试图片 {number}：{name}"),
    "inside.view": ("What the network sees", "网络看到的画面"),
    "inside.said": ("It says {said} ({share:%}).", "它的回答是“{said}”（{share:%}）。"),
    "inside.unknown": (
        "It says that this is none of its classes; {said} comes closest.",
        "它的回答是：不属于任何一个类别；最接近的是“{said}”。",
    ),
    "inside.right": ("It says {said} ({share:%}), which is right.", "它的回答是“{said}”（{share:%}），正确。"),
    "inside.wrong": (
        "It says {said} ({share:%}); the label is {true}.",
        "它的回答是“{said}”（{share:%}）；标签是“{true}”。",
    ),
    "inside.note": (
        "Each tile is the output of one channel: bright where it found what it looks for. Shown are the channels with the "
        "highest mean for this picture; each tile has its own scale, the number is the mean. Click a tile for the "
        "pictures that excite its channel most, of {count:test picture|test pictures}.",
        "每个小图是一个通道的输出：越亮的地方，越符合它要找的特征。这里显示对这张图片平均激活最高的通道；各小图的亮度范围各自独立，数字为平均激活。"
        "点击小图，可从 {count} 张测试图片中看到最能激活该通道的图片。",
    ),
    "inside.stage.stem": ("Stem", "输入层"),
    "inside.stage.layer1": ("Stage 1", "阶段 1"),
    "inside.stage.layer2": ("Stage 2", "阶段 2"),
    "inside.stage.layer3": ("Stage 3", "阶段 3"),
    "inside.stage.layer4": ("Stage 4", "阶段 4"),
    "inside.stage.stem.how": ("edges, colours", "边缘、颜色"),
    "inside.stage.layer1.how": ("simple textures", "简单纹理"),
    "inside.stage.layer2.how": ("patterns, corners", "图案、转角"),
    "inside.stage.layer3.how": ("parts of things", "物体的局部"),
    "inside.stage.layer4.how": ("what the answer is made from", "回答由此得出"),
    "inside.size": ("{total} channels, {height} × {width} cells", "{total} 个通道，{height} × {width} 格"),
    "inside.channel": ("Channel {channel}, mean {mean}", "通道 {channel}，平均 {mean}"),
    "inside.top": ("Most exciting for channel [channel]", "最能激活通道 [channel] 的图片"),
    "inside.top.none": ("None of these pictures excites channel [channel].", "这些图片都不能激活通道 [channel]。"),
    "inside.top.note": ("The ring marks where.", "圆圈标出激活的位置。"),
    "inside.filters": ("Filters of the first layer", "第一层的滤波器"),
    "inside.filters.note": (
        "What the first convolution looks for, {height} × {width} px each: grey weighs nothing, colours and edges do.",
        "第一个卷积层要找的特征，每个 {height} × {width} 像素：灰色表示权重为零，颜色和边缘表示权重所在。",
    ),
    "inside.busy": ("The maps could not be computed. Try again in a moment.", "暂时无法计算特征图，请稍后再试。"),
    "inside.gone": (
        "This picture or the model cannot be read any more, so there are no maps.",
        "这张图片或模型已无法读取，因此没有特征图。",
    ),
    "inside.sheet": (
        "{stage}: the {shown} strongest of {total} channels, {height} × {width} cells (channel: mean activation)",
        "{stage}：{total} 个通道中最强的 {shown} 个，{height} × {width} 格（通道：平均激活）",
    ),
}
