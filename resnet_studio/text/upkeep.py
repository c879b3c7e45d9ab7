"""Looking after a workspace: backups, the bin, limits, who did what."""

TEXT: dict[str, tuple[str, str]] = {
    "error.backup.inside": (
        "{file} lies in the workspace itself; write the backup to another folder, best to another disk.",
        "{file} 位于工作区内部；请把备份写到其他文件夹，最好是另一块磁盘。",
    ),
    "error.backup.exists": (
        "{file} exists already; choose another name, or add --overwrite.",
        "{file} 已存在；请换一个文件名，或加上 --overwrite。",
    ),
    "error.backup.missing": ("There is no backup {file}.", "备份 {file} 不存在。"),
    "error.backup.none": (
        "{file} is no backup of ResNet Studio; give a file that `backup` wrote.",
        "{file} 不是 ResNet Studio 的备份；请提供由 backup 命令写出的文件。",
    ),
    "error.backup.damaged": (
        "The backup {file} is damaged and nothing was restored from it; try another copy of it.",
        "备份 {file} 已损坏，未恢复任何内容；请使用它的其他副本。",
    ),
    "error.backup.unsafe": (
        "The backup {file} names files that it must not, so that it was not made by this program; nothing was restored.",
        "备份 {file} 中含有不允许的文件名，不是由本程序生成的；未恢复任何内容。",
    ),
    "error.backup.newer": (
        "The backup {file} was made by a newer version; update ResNet Studio, then restore it.",
        "备份 {file} 由更新的版本生成；请先更新 ResNet Studio，再恢复。",
    ),
    "error.backup.taken": (
        "There is something in {folder} already; give a new folder with --workspace, nothing is ever overwritten.",
        "{folder} 中已有内容；请用 --workspace 指定一个新文件夹，恢复不会覆盖任何已有内容。",
    ),
    "backup.outside": (
        "Not in the backup, as these pictures lie in folders of this machine outside of the workspace: {names:, }.",
        "以下数据集的图片位于工作区之外的本机文件夹中，没有包含在备份里：{names:、}。",
    ),
}
