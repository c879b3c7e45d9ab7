"""Texts of: editing a data set, saving it, reviewing its labels."""

TEXT: dict[str, tuple[str, str]] = {
    "cli.edited": (
        "“{name}” is used as edited in this workspace ({dataset}); --original uses it as it came in.",
        "“{name}”按此工作区中的修改使用（{dataset}）；加上 --original 可使用原始内容。",
    ),
    "error.edit.busy": (
        "Someone else is changing the data set {dataset!r} at this moment; try again.",
        "有人正在修改数据集 {dataset!r}；请稍后再试。",
    ),
    "error.edit.damaged": (
        "The log of edits of the data set {dataset!r} is damaged, or was written by a newer version; update ResNet Studio, or restore edits.jsonl from a backup.",
        "数据集 {dataset!r} 的修改记录已损坏，或由更新的版本写入；请更新 ResNet Studio，或从备份恢复 edits.jsonl。",
    ),
    "error.edit.changed_elsewhere": (
        "“{name}” has been changed on another page meanwhile, so nothing was undone or redone. What is shown now includes that change; choose again.",
        "“{name}”刚刚在另一个页面上被修改，因此没有执行撤销或重做。现在显示的内容已包含该修改；请重新选择。",
    ),
    "error.edit.no_undo": (
        "Nothing was edited in “{name}” that could be undone.",
        "“{name}”没有可以撤销的修改。",
    ),
    "error.edit.no_redo": (
        "Nothing was undone in “{name}” that could be done again.",
        "“{name}”没有可以重做的修改。",
    ),
    "error.edit.nothing_left": (
        "That would leave no picture in “{name}”; leave at least one in it.",
        "这样“{name}”中就没有图片了；请至少保留一张。",
    ),
    "error.edit.no_picture": (
        "The data set has no picture “{file}” ({count:of those named is|of those named are} not in it); name pictures as the data set does.",
        "数据集中没有图片“{file}”（所列图片中有 {count} 张不存在）；请使用数据集中的图片名称。",
    ),
    "error.edit.several_pictures": (
        "Several pictures are called “{file}”; give the folder too.",
        "有多张图片名为“{file}”；请同时写出所在文件夹。",
    ),
    "error.edit.no_pictures": ("Choose at least one picture to edit.", "请至少选择一张图片。"),
    "error.edit.no_class": (
        "There is no class “{found}”; the data set has: {known:, }.",
        "没有类别“{found}”；数据集中的类别有：{known:、}。",
    ),
    "error.edit.same_class": (
        "There is a class “{found}” already; merge the two instead, or choose another name.",
        "已有类别“{found}”；请改为合并，或换一个名称。",
    ),
    "error.edit.similar_class": (
        "There is a class “{known}” already, spelt almost like “{found}”; use that name, or one that differs more.",
        "已有类别“{known}”，与“{found}”只有大小写、空格等差别；请使用该名称，或换一个差别更大的名称。",
    ),
    "error.edit.merge_one": (
        "Name at least two classes to merge, or a class and what it is to be called.",
        "请至少指定两个要合并的类别，或一个类别和它的新名称。",
    ),
    "error.edit.class_name": (
        "“{found}” cannot be the name of a class; use 1 to {most} visible characters.",
        "“{found}”不能用作类别名称；请使用 1 到 {most} 个可见字符。",
    ),
    "error.edit.part": (
        "A picture cannot be for {part!r}; choose one of: {allowed:, }.",
        "图片不能划入 {part!r}；请从以下选项中选择：{allowed:、}。",
    ),
    "error.edit.no_usable": (
        "None of the {count:file|files} is a picture that can be used, such as “{file}”; add JPEG, PNG, WebP or other pictures.",
        "{count} 个文件都不是可用的图片（例如“{file}”）；请添加 JPEG、PNG、WebP 等图片。",
    ),
    "error.edit.one_action": (
        "Say one thing to do: --move, --rename, --merge, --leave-out, --put-back, --remove, --keep, --add, --together, --apart, --group-by, --set-part or --leaks-to-training.",
        "请指定一种操作：--move、--rename、--merge、--leave-out、--put-back、--remove、--keep、--add、--together、--apart、--group-by、--set-part 或 --leaks-to-training。",
    ),
    "error.edit.group_by": (
        "Pictures cannot be kept together by {found!r}; allowed: {allowed:, }. Near-duplicates are kept together without it.",
        "无法按 {found!r} 保持在一起；可用：{allowed:、}。近似重复的图片无需设置。",
    ),
    "error.edit.no_leaks": (
        "No copy or near-duplicate in “{name}” lies in more than one part of your split; there is nothing to move.",
        "“{name}”中没有跨越所划分集合的相同或近似图片；无需移动。",
    ),
    "error.edit.no_target": (
        "Say which class with --to NAME.",
        "请用 --to NAME 指定类别。",
    ),
    "error.edit.list": (
        "The list of pictures {path!r} cannot be read; give a text file in UTF-8 with one name a line.",
        "无法读取图片列表 {path!r}；请提供 UTF-8 编码、每行一个名称的文本文件。",
    ),
    "error.export.taken": (
        "{path!r} is there already; choose a new name, or an empty folder.",
        "{path!r} 已存在；请换一个名称，或选择空文件夹。",
    ),
    "error.export.gone": (
        "The picture “{file}” is no longer where it was; put it back, or leave it out, then save again.",
        "图片“{file}”已不在原处；请放回原处或将其排除，然后重新保存。",
    ),
    "error.review.few": (
        "Labels can be reviewed once at least two classes have two readable pictures each; add pictures.",
        "至少两个类别各有两张可读取的图片后，才能复核标签；请添加图片。",
    ),
    "error.review.no_weights": (
        "Labels cannot be reviewed without starting weights; train a model from ImageNet weights first, and review its run.",
        "没有初始权重，无法复核标签；请先用 ImageNet 权重训练一个模型，再复核该训练的标签。",
    ),
    "error.review.no_model_yet": (
        "Train on this data set once: its model then says which of these pictures to label next.",
        "请先用这个数据集训练一次：模型会据此指出优先标注哪些图片。",
    ),
    "error.review.no_unlabelled": (
        "The data set of run {run!r} has no pictures without labels; give a folder of some.",
        "训练 {run!r} 的数据集中没有未标注的图片；请指定一个图片文件夹。",
    ),
    "error.review.add_first": (
        "Labels are given to pictures of a data set; use --add to add these to the one of the run.",
        "只能为数据集中的图片添加标签；请用 --add 把它们加入该训练的数据集。",
    ),
    "mend.not_saved": (
        "{count:picture without a label is|pictures without a label are} not saved with it: other programs would take their folder for a class.",
        "{count} 张没有标签的图片不会一起保存：否则其他程序会把它们的文件夹当作一个类别。",
    ),
    "cli.review.estimate": (
        "{count:label is|labels are} likely wrong, of {total}; look at the first ones.",
        "共 {total} 个标签，其中约 {count} 个可能有误；请先查看排在前面的。",
    ),
    "cli.review.rare": (
        "Too few pictures to judge: {names:, }.",
        "图片太少，无法判断：{names:、}。",
    ),
    "cli.review.pseudo": (
        "{count:picture has|pictures have} got the model’s label, marked as such; they are used for training alone.",
        "已有 {count} 张图片采用模型给出的标签，并做了标记；它们只用于训练。",
    ),
}
