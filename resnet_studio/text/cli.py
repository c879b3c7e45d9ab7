"""What the command line says. It speaks English; the Chinese stands here for the same table."""

TEXT: dict[str, tuple[str, str]] = {
    "cli.download": (
        "Downloading {name}, {size} MB; Ctrl-C stops it. Terms: {terms}",
        "正在下载 {name}，{size} MB；按 Ctrl-C 可停止。使用条款：{terms}",
    ),
    "error.evaluate.unknown_class": (
        "The model does not know the class {name!r}; it knows: {known:, }. Rename the folder or choose another model.",
        "模型中没有类别“{name}”；可识别的类别有：{known:、}。请重命名文件夹或选择其他模型。",
    ),
    "error.evaluate.alike_class": (
        "The model does not know the class {name!r}, but {other!r}, which differs only by case, blanks or the like. Rename the folder, join them (--join-alike on the command line), or choose another model.",
        "模型中没有类别“{name}”，但有仅在大小写、空格等方面不同的“{other}”。请重命名文件夹、合并它们（命令行选项 --join-alike），或选择其他模型。",
    ),
    "error.evaluate.unknown_run": (
        "It is not known which pictures the model {file!r} was trained on: its run is not in this workspace.",
        "无法得知模型 {file!r} 是用哪些图片训练的：工作区中没有它的训练记录。",
    ),
    "error.evaluate.all_seen": (
        "The model was trained on, or chosen by, all of these pictures; give pictures that are new to it.",
        "这些图片全部用于训练或挑选过该模型；请提供它没有见过的图片。",
    ),
    "evaluate.seen": (
        "The model was trained on {trained} of these {pictures:picture|pictures}, and its best epoch chosen by {chosen}.",
        "这 {pictures} 张图片中有 {trained} 张用于训练该模型，{chosen} 张用于挑选最佳轮次。",
    ),
    "evaluate.all_seen": (
        "The model was trained on, or chosen by, all of these pictures: the score says nothing about new ones.",
        "这些图片全部用于训练或挑选过该模型：这个成绩不能说明它对新图片的表现。",
    ),
    "evaluate.not_known": (
        "Whether the model was trained on any of these pictures is not known, as its run is not in this workspace.",
        "工作区中没有该模型的训练记录，无法得知它是否用这些图片训练过。",
    ),
    "evaluate.no_pictures_of": (
        "No pictures of {names} ({count} of {of} classes) to score: the figures say nothing about them.",
        "{of} 个类别中有 {count} 个没有可供评估的图片（{names}）：这些数字不反映这些类别。",
    ),
    "error.cli.no_pictures": (
        "None of the files could be predicted; give pictures, or folders of pictures.",
        "没有一个文件可以预测；请提供图片或图片文件夹。",
    ),
    "error.cli.no_unlabelled": (
        "“{name}” has no pictures without labels, such as those in a flat test folder beside train.",
        "“{name}”中没有不带标签的图片（例如与 train 并列、不分类别的 test 文件夹里的图片）。",
    ),
    "error.cli.one_picture": ("{file}: {error}", "{file}：{error}"),
    "error.cli.interrupted": (
        "The training was interrupted; resume it with: python -m resnet_studio resume {run}",
        "训练被中断；要继续，请运行：python -m resnet_studio resume {run}",
    ),
    "error.tensorboard.missing": (
        "Writing TensorBoard logs needs the package tensorboard; install it with: pip install tensorboard",
        "写入 TensorBoard 日志需要 tensorboard 包；请运行：pip install tensorboard",
    ),
    "check.groups": (
        "kept together ({by}): {groups:group|groups} of {pictures:picture|pictures} in all",
        "保持在一起（{by}）：{groups} 组，共 {pictures} 张图片",
    ),
}
