"""Texts: what belongs together, and tables that say what pictures are."""

TEXT: dict[str, tuple[str, str]] = {
    "error.groups.folder": (
        "There are no folders inside of the classes of {name!r}; choose another way to keep pictures together.",
        "数据集 {name!r} 的类别里没有子文件夹；请选择其他分组方式。",
    ),
    "error.groups.name": (
        "The pictures of {name!r} have no names to group by.",
        "数据集 {name!r} 的图片没有可用于分组的文件名。",
    ),
    "error.groups.time": (
        "No picture of {name!r} says when it was taken; choose another way to keep pictures together.",
        "数据集 {name!r} 的图片都没有拍摄时间；请选择其他分组方式。",
    ),
    "error.groups.csv": (
        "No picture of {name!r} stands in that table; one of its columns should hold the files’ names.",
        "表格中没有数据集 {name!r} 的任何图片；请确认其中有一列是文件名。",
    ),
    "error.groups.columns": (
        "The table {file!r} needs two columns: “file” with the names of the pictures and “group” with what belongs together.",
        "表格 {file!r} 需要两列：“file”（图片文件名）和“group”（所属的组）。",
    ),
    "error.groups.which": (
        "Choose the column of the table {file!r} that says what belongs together; it has {known:, }. On the command line: csv:FILE#COLUMN.",
        "请选择表格 {file!r} 中表示分组的列；现有的列：{known:、}。命令行写法：csv:文件#列名。",
    ),
    "error.groups.column": (
        "The table that {name!r} came with has no column {column!r} to group by; it has {known:, }.",
        "数据集 {name!r} 所附的表格中没有可用于分组的列 {column!r}；现有的列：{known:、}。",
    ),
    "error.groups.no_table": (
        "{name!r} came without a table that says more of its pictures; choose another way to keep pictures together.",
        "数据集 {name!r} 没有附带描述图片的表格；请选择其他分组方式。",
    ),
    "error.groups.large_table": (
        "The table is larger than 4 MB; leave columns out that are not needed.",
        "表格超过 4 MB；请去掉不需要的列。",
    ),
    "error.labels.no_column": (
        "No table beside the pictures has labels for them in a column {column!r}; the columns are: {known:, }.",
        "图片旁的表格都没有可用作标签的列 {column!r}；现有的列：{known:、}。",
    ),
    "error.labels.no_columns": (
        "There is no table beside the pictures that could have a column {column!r}; leave the column out, or add the table.",
        "图片旁没有可能包含列 {column!r} 的表格；请不要指定列，或添加该表格。",
    ),
    "error.labels.column": (
        "The column {column!r} gives the pictures here no labels, or all the same one; the other columns are: {known:, }.",
        "列 {column!r} 没有给这些图片提供标签，或者给出的标签全都相同；其他列：{known:、}。",
    ),
    "error.labels.which": (
        "No column of the table {file!r} is called like labels; say which it is: {options: or }.",
        "表格 {file!r} 里没有名称像标签的列；请指定一列：{options: 或 }。",
    ),
    "error.labels.large": (
        "The table {file!r} is larger than {limit} MB, which is more than is read here. Save what it says as a CSV with the columns “file” and “label”, a line for each picture, and put that beside the pictures.",
        "表格 {file!r} 超过 {limit} MB，这里无法读取。请把内容另存为含“file”和“label”两列、每张图片一行的 CSV，并与图片放在一起。",
    ),
    "error.labels.no_file": (
        "The table {file!r} has no column with the names of the pictures; call it “file” in the first line. Its columns: {columns:, }.",
        "表格 {file!r} 没有图片文件名一列；请在首行把该列命名为“file”。现有的列：{columns:、}。",
    ),
    "error.labels.no_label": (
        "The table {file!r} has no column with the labels; call it “label” in the first line. Its columns: {columns:, }.",
        "表格 {file!r} 没有标签一列；请在首行把该列命名为“label”。现有的列：{columns:、}。",
    ),
    "error.labels.workbook": (
        "The table {file!r} is a spreadsheet's own file; save it as CSV (with “file” and “label” in the first line) and put that beside the pictures.",
        "表格 {file!r} 是电子表格软件自己的格式；请另存为 CSV（首行为“file”和“label”），再与图片放在一起。",
    ),
    "error.labels.boxes": (
        "“{name}” is labelled by boxes around objects ({files:, }), which are not read here. Put the pictures of each class into a folder named after it, or put a table labels.csv with the columns “file” and “label” beside them.",
        "“{name}”是用物体框标注的（{files:、}），这里不读取。请把每个类别的图片放进以类别命名的文件夹，或在图片旁放一个含“file”和“label”两列的表格 labels.csv。",
    ),
    "error.labels.unread": (
        "The labels of “{name}” seem to be in {files:, }, which cannot be read here. Put the pictures of each class into a folder named after it, or put a table labels.csv with the columns “file” and “label” beside them.",
        "“{name}”的标签似乎在 {files:、} 里，这里无法读取。请把每个类别的图片放进以类别命名的文件夹，或在图片旁放一个含“file”和“label”两列的表格 labels.csv。",
    ),
    "error.labels.few": (
        "The table {file!r} has labels for {found:picture|pictures} of {of}; it has to name at least half of them.",
        "表格 {file!r} 只给 {of} 张图片中的 {found} 张标了标签；至少要有一半。",
    ),
    "error.labels.one": (
        "The table {file!r} has only one label, “{found}”; add pictures of at least one more class.",
        "表格 {file!r} 只有一种标签“{found}”；请至少再添加一个类别的图片。",
    ),
    "error.groups.alone": (
        "So every picture of {name!r} is a group of its own; choose another way to keep pictures together.",
        "这样分组后，数据集 {name!r} 的每张图片都自成一组；请选择其他分组方式。",
    ),
    "error.groups.whole_class": (
        "So all pictures of {count:class|classes} are one group ({classes:, }) and cannot be split; choose another way to keep pictures together.",
        "这样分组后，有 {count} 个类别（{classes:、}）的全部图片都在同一组，无法划分；请选择其他分组方式。",
    ),
    "error.table.missing": (
        "The table {file!r} cannot be read; check its path.",
        "无法读取表格 {file!r}；请检查路径。",
    ),
    "error.table.too_large": ("The table {file!r} is larger than 64 MB.", "表格 {file!r} 超过 64 MB。"),
    "error.table.encoding": (
        "The table {file!r} is not in UTF-8; save it as “CSV UTF-8”.",
        "表格 {file!r} 不是 UTF-8 编码；请另存为“CSV UTF-8”。",
    ),
    "error.table.empty": ("The table {file!r} has no rows.", "表格 {file!r} 没有任何数据行。"),
    "error.table.damaged": (
        "Line {line} of the table {file!r} makes no sense; mend it, then try again.",
        "表格 {file!r} 的第 {line} 行无法解析；请修正后重试。",
    ),
    "finding.series.folder": (
        "The classes hold folders: {groups:group|groups} of {pictures:picture|pictures} in all. Where each is one object, one patient or one day, keep it on one side of the split: set “Keep together” to “Folders inside of classes” in the Train tab (on the command line, --groups folder). Otherwise the test score will be better than on new objects.",
        "类别里还有子文件夹：共 {groups} 组，{pictures} 张图片。如果每个文件夹是同一物体、同一患者或同一天拍摄的，请在“训练”页把“保持在一起”设为“类别内的子文件夹”（命令行用 --groups folder）；否则测试成绩会高于在新对象上的表现。",
    ),
    "finding.series.name": (
        "The names show series: {groups:group|groups} of {pictures:picture|pictures} in all that differ by their number alone. Where each is one object, keep it on one side of the split: set “Keep together” to “Names alike up to their number” in the Train tab (on the command line, --groups name). Otherwise the test score will be better than on new objects.",
        "文件名显示这些图片成系列：共 {groups} 组，{pictures} 张，仅编号不同。如果每组是同一物体，请在“训练”页把“保持在一起”设为“仅编号不同的文件名”（命令行用 --groups name）；否则测试成绩会高于在新对象上的表现。",
    ),
    "note.groups.series": (
        "The pictures come in {groups:series|series} by their names, and series lie on both sides of the split: the test score will be better than on new objects. Train with “Keep together” set to {by} (--groups {by}) for a score to rely on.",
        "从名称看，这些图片分为 {groups} 个系列，而同一系列被划分到了不同集合：测试成绩会高于在新对象上的表现。请把“保持在一起”设为 {by}（--groups {by}）再训练，成绩才可靠。",
    ),
}
