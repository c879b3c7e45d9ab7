"""Learning from other models and with fewer parameters: distillation, pruning, adapters, pretraining."""

TEXT: dict[str, tuple[str, str]] = {
    "config.group.distillation": ("Learning from other models", "向其他模型学习"),
    "config.teacher": ("Teacher", "教师模型"),
    "config.teacher.help": (
        "A run, or several with commas between them, whose answers are learnt beside the labels (distillation); their classes must be the same",
        "除标签外还学习该训练记录（可用逗号分隔多个）的模型的回答（知识蒸馏）；类别必须相同",
    ),
    "config.teacher.none": ("None", "无"),
    "config.teacher_weight": ("Weight of the teacher", "教师的权重"),
    "config.teacher_weight.help": (
        "The share of the loss that asks for the teacher's answer; the rest asks for the label",
        "损失中学习教师回答所占的比例；其余部分学习标签",
    ),
    "config.temperature": ("Temperature of the teacher", "教师的温度"),
    "config.temperature.help": (
        "The higher, the more counts which wrong classes the teacher finds likely",
        "越高，教师认为哪些错误类别较有可能就越重要",
    ),
    "config.unlabelled": ("Pictures without labels", "无标签图片"),
    "config.unlabelled.help": (
        "More pictures of the same kinds, which the teacher alone labels: own (those that came with the data set), dataset:ID, or a folder",
        "由教师标注的更多同类图片：own（数据集自带的无标签图片）、dataset:ID 或一个文件夹",
    ),
    "config.unlabelled.none": ("None", "无"),
    "config.unlabelled.own": ("Those of this data set", "本数据集自带的"),
    "error.config.unlabelled": (
        "The setting {field} needs a teacher: it alone says what is on pictures without labels. Choose a teacher, or {field} none.",
        "设置项{field}需要教师模型：无标签图片上是什么只有教师知道。请选择教师，或把{field}设为 none。",
    ),
    "error.teacher.classes": (
        "{teacher!r} cannot teach this: these classes are known only to it or only to the data set: {classes:, }. Choose a run with the same classes.",
        "{teacher!r} 不能做教师：以下类别只有它或只有数据集才有：{classes:、}。请选择类别相同的训练记录。",
    ),
    "error.unlabelled.none": (
        "{name!r} came without unlabelled pictures; name a folder or another data set instead.",
        "{name!r} 不含无标签图片；请改为指定一个文件夹或另一个数据集。",
    ),
    "error.unlabelled.folder": (
        "There is no folder {folder!r} with pictures without labels; check its path.",
        "找不到存放无标签图片的文件夹 {folder!r}；请检查路径。",
    ),
    "error.unlabelled.empty": (
        "There are no usable pictures without labels in {folder!r}; choose another folder or data set.",
        "{folder!r} 中没有可用的无标签图片；请选择其他文件夹或数据集。",
    ),
    "note.taught": (
        "{count:picture without a label is|pictures without a label are} learnt from the teacher, beside {labelled} with labels.",
        "除 {labelled} 张有标签的图片外，还从教师那里学习 {count} 张无标签图片。",
    ),
    "train.teacher.study": ("The {count} runs of {name} together", "{name} 的 {count} 次训练一起"),
    "train.unlabelled.own": ("The {count} unlabelled ones of this data set", "本数据集的 {count} 张无标签图片"),
    "train.unlabelled.set": ("All of {name} ({count})", "{name} 的全部图片（{count} 张）"),
    "error.page_train.unlabelled": (
        "Choose pictures without labels from the list; a folder is named on the command line.",
        "请从列表中选择无标签图片；文件夹只能在命令行中指定。",
    ),
    "live.preparing.teachers": (
        "The teacher looks at pictures without labels: {done} of {total}",
        "教师正在查看无标签图片：{done} / {total}",
    ),
    "live.preparing.teachers.start": ("The teacher looks at pictures without labels", "教师正在查看无标签图片"),
}
