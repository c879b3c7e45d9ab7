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
        "No picture of {name!r} stands in that table; its first column should hold the files’ names.",
        "表格中没有数据集 {name!r} 的任何图片；请确认其中有一列是文件名。",
    ),
    "error.groups.columns": (
        "The table {file!r} needs two columns: “file” with the names of the pictures and “group” with what belongs together.",
        "表格 {file!r} 需要两列：“file”（图片文件名）和“group”（所属的组）。",
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
}
