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
        "The model was trained on, or chosen by, all of these pictures or near-duplicates of them; give pictures that are new to it.",
        "这些图片（或其近似重复）全部用于训练或挑选过该模型；请提供它没有见过的图片。",
    ),
    "evaluate.seen": (
        "The model was trained on {trained} of these {pictures:picture|pictures}, and validated on {chosen} of them.",
        "这 {pictures} 张图片中有 {trained} 张用于训练该模型，{chosen} 张用于验证。",
    ),
    "evaluate.all_seen": (
        "The model was trained on, or chosen by, all of these pictures or near-duplicates of them: the score says nothing about new ones.",
        "这些图片（或其近似重复）全部用于训练或挑选过该模型：这个成绩不能说明它对新图片的表现。",
    ),
    "evaluate.near": (
        "{count:picture more is a near-duplicate|pictures more are near-duplicates} of what the model has seen, such as resized, cropped or re-encoded copies; the score on unseen pictures leaves them out.",
        "另有 {count} 张图片与模型见过的图片近似重复（例如缩放、裁剪或重新编码的副本），未计入“未见过图片”的成绩。",
    ),
    "evaluate.near.not_looked": (
        "Whether others are resized or re-encoded copies of pictures that the model has seen was not looked for: they are very many, or the run's setting of groups leaves near-duplicates alone.",
        "没有检查其余图片是否为模型见过图片的缩放或重新编码副本：图片太多，或该训练的分组设置不考虑近似重复。",
    ),
    "evaluate.not_known": (
        "Whether the model was trained on any of these pictures is not known, as its run is not in this workspace.",
        "工作区中没有该模型的训练记录，无法得知它是否用这些图片训练过。",
    ),
    "evaluate.set_aside": (
        "Not scored, as the name of the folder says that nobody has labelled these pictures: {folders}.",
        "以下文件夹的名称表明图片未标注，未参与评估：{folders}。",
    ),
    "error.evaluate.none_labelled": (
        "The pictures lie in folders whose names say that nobody has labelled them: {names:, }. Sort them into folders called like the model's classes.",
        "这些图片所在文件夹的名称表明它们未标注：{names:、}。请把它们分到与模型类别同名的文件夹里。",
    ),
    "outside.plan": (
        "Then also tested on {count:picture|pictures} of “{name}”.",
        "训练后还会用“{name}”中的 {count} 张图片测试。",
    ),
    "outside.shared": (
        "Left out: {count:picture|pictures} there that your set has too, since the model may know them.",
        "其中有 {count} 张与训练用的数据集相同，模型可能见过，已排除。",
    ),
    "outside.near": (
        "Left out as near-duplicates of pictures in your set, such as resized or cropped copies: {count:picture|pictures} there.",
        "其中有 {count} 张与训练用的数据集里的图片近似重复（例如缩放或裁剪过的副本），已排除。",
    ),
    "outside.scored": (
        "Tested on {count:picture|pictures} of “{name}”: {accuracy:%} right (95% interval {low:%} to {high:%}).",
        "用“{name}”中的 {count} 张图片测试：正确率 {accuracy:%}（95% 置信区间 {low:%} 至 {high:%}）。",
    ),
    "outside.lower": (
        "That is less than the {own:%} on its own test pictures, by more than chance explains: expect this score, not that one, on pictures like these.",
        "这低于它在自己的测试图片上的 {own:%}，差距无法用偶然解释：面对这类图片，应以这个成绩为准。",
    ),
    "outside.alike": (
        "On its own test pictures it is {own:%}; by these counts the two cannot be told apart for sure.",
        "在自己的测试图片上为 {own:%}；以这样的图片数量，不能断定两者有差别。",
    ),
    "error.outside.none": (
        "“{name}” has no pictures to test on; choose other pictures.",
        "“{name}”中没有可用于测试的图片；请选择其他图片。",
    ),
    "error.outside.all_shared": (
        "All pictures of “{name}” are also in the set to train on: testing on them would say nothing. Choose other pictures.",
        "“{name}”中的图片全部也在训练用的数据集里：用它们测试没有意义。请选择其他图片。",
    ),
    "error.outside.unknown_class": (
        "“{name}” cannot be used for testing: its class {class_name!r} is none of those to be learnt ({known:, }). Rename or remove that class there, or choose other pictures.",
        "“{name}”不能用于测试：其中的类别“{class_name}”不在要学习的类别之中（{known:、}）。请在那个数据集里重命名或删除该类别，或选择其他图片。",
    ),
    "error.outside.alike_class": (
        "“{name}” cannot be used for testing as it is: its class {class_name!r} and {other!r}, which is to be learnt, differ only by case, blanks or the like. Rename that class there, or choose other pictures.",
        "“{name}”目前不能用于测试：其中的类别“{class_name}”与要学习的“{other}”仅在大小写、空格等方面不同。请在那个数据集里重命名该类别，或选择其他图片。",
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
