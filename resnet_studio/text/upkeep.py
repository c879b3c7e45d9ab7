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
    "error.bin.missing": (
        "There is nothing called {entry} in the bin; `bin list` shows what is.",
        "回收站中没有 {entry}；可用 bin list 查看其中的内容。",
    ),
    "error.bin.taken": (
        "There is something called {name} again; rename or delete that first.",
        "已经又有一个名为 {name} 的内容；请先将其重命名或删除。",
    ),
    "error.bin.not_yours": (
        "Only those whose it was, or who deleted it, can take it back.",
        "只有其所有者或删除它的人才能恢复。",
    ),
    "bin.title": ("Bin", "回收站"),
    "bin.help": (
        "What was deleted is kept for 30 days.",
        "删除的内容会保留 30 天。",
    ),
    "bin.run": ("Run", "训练记录"),
    "bin.dataset": ("Data set", "数据集"),
    "bin.prediction": ("Answers for many pictures", "批量识别结果"),
    "bin.left": ("{days:day|days} left", "还剩 {days} 天"),
    "bin.undo": ("Undo", "撤销删除"),
    "bin.undo.label": ("Take {name} back from the bin", "从回收站恢复 {name}"),
    "bin.gone": ("Delete for good", "永久删除"),
    "bin.gone.label": ("Delete {name} for good", "永久删除 {name}"),
    "bin.gone.ask": ("Delete {name} for good?", "永久删除 {name}？"),
    "bin.gone.warning": ("It is removed from the disk. This cannot be undone.", "它会从磁盘上删除。此操作无法撤销。"),
    "bin.gone.no": ("Keep it", "保留"),
    "bin.back": ("{name} is back.", "已恢复 {name}。"),
    "bin.removed": (
        "{name} was deleted for good; {megabytes} MB are free again.",
        "已永久删除 {name}，腾出 {megabytes} MB。",
    ),
    "clean.title": ("Clean up", "清理"),
    "clean.help": (
        "The server removes every ten minutes what nobody needs any more. Look first, then remove it now.",
        "服务器每十分钟自动清理不再需要的内容。你也可以先查看，再立即清理。",
    ),
    "clean.look": ("Look what would be removed", "查看可清理的内容"),
    "clean.remove": ("Remove it now", "立即清理"),
    "clean.kind": ("{what}: {count}, {megabytes} MB", "{what}：{count} 个，{megabytes} MB"),
    "clean.freed": ("{megabytes} MB were freed.", "已释放 {megabytes} MB。"),
    "clean.nothing": ("There is nothing to remove.", "没有可清理的内容。"),
    "clean.drafts": ("left by programs that ended", "已结束的程序留下的文件"),
    "clean.uploads": ("uploads that nobody used", "无人使用的上传内容"),
    "clean.unfinished": ("folders that became nothing", "未完成的文件夹"),
    "clean.bin": ("in the bin for more than 30 days", "在回收站中超过 30 天"),
    "clean.pictures": ("pictures of deleted data sets that no run needs", "已删除数据集中不再被使用的图片"),
    "clean.resuming": ("what only resuming needed, of runs that ended", "已结束训练的续训文件"),
    "error.limits.value": (
        "The limit {name} cannot be {value}; give a whole number, 0 for no limit.",
        "限额 {name} 不能是 {value}；请填写整数，0 表示不限。",
    ),
    "error.limits.unknown": (
        "There is no limit called {name}; there are: {known:, }.",
        "没有名为 {name} 的限额；可用的有：{known:、}。",
    ),
    "error.limits.not_an_object": (
        "The limits are no JSON object; write names and numbers between curly brackets.",
        "限额文件不是 JSON 对象；请在花括号中写出名称和数字。",
    ),
    "error.limits.unreadable": (
        "The limits in {file} cannot be read; see `limits` for how the file looks.",
        "无法读取 {file} 中的限额；可运行 limits 查看文件格式。",
    ),
    "error.limits.disk_all": (
        "The studio holds more than the {most} MB that it may; delete something that is not needed any more.",
        "程序占用的空间已超过允许的 {most} MB；请删除不再需要的内容。",
    ),
    "error.limits.disk_each": (
        "Your data sets, runs, models and predictions, those in the bin too, take {used} MB of the {most} MB that each person has; delete something, and remove it from the bin for good.",
        "你的数据集、训练记录、模型和预测（包括回收站中的内容）已占用 {used} MB，每人上限为 {most} MB；请删除一些内容，并从回收站中彻底移除。",
    ),
    "error.limits.pictures_each": (
        "You have {used:picture|pictures} in your data sets, and with these it would be more than the {most} that each person may have; delete a data set or bring fewer.",
        "你的数据集中已有 {used} 张图片，加上这些会超过每人 {most} 张的上限；请删除一个数据集或减少图片。",
    ),
    "error.limits.waiting_each": (
        "You have {most:training|trainings} waiting, and no more are taken at once; wait for one of them, or take it out of the queue.",
        "你已有 {most} 个训练在排队，暂时不能再添加；请等其中一个开始，或将其移出队列。",
    ),
    "error.limits.predictions_each": (
        "You have {most:job|jobs} of many pictures waiting or at work, and no more are taken at once; wait for one of them, or stop it.",
        "你已有 {most} 个批量识别任务在排队或进行中，暂时不能再添加；请等其中一个完成，或将其停止。",
    ),
    "error.limits.imports_each": (
        "{most:data set of yours is|data sets of yours are} being read in, and no more at once; wait for one of them.",
        "你已有 {most} 个数据集正在导入，暂时不能再添加；请等其中一个完成。",
    ),
    "error.limits.upload": (
        "This upload is larger than the {most} MB that are taken; send fewer or smaller pictures at a time.",
        "上传内容超过 {most} MB 的上限；请分批上传或缩小图片。",
    ),
    "error.limits.requests": (
        "Too many requests at once; it goes on in {seconds:second|seconds}.",
        "请求过于频繁；请在 {seconds} 秒后继续。",
    ),
    "queue.wait": ("about {time}", "约 {time}"),
    "service.written": ("Wrote {file}:", "已写入 {file}："),
    "service.would_write": ("Would write {file}:", "将写入 {file}："),
    "service.next": (
        "Nothing was started. These commands start it now and with the machine (the last one of a user's own unit lets it run while nobody is signed in):",
        "尚未启动任何服务。以下命令会立即启动它，并在开机后自动启动（用户单元的最后一条命令使其在无人登录时也能运行）：",
    ),
    "service.removed": ("Removed {file}.", "已删除 {file}。"),
    "service.would_remove": ("Would remove {file}.", "将删除 {file}。"),
    "service.none": ("There is no {file}.", "{file} 不存在。"),
    "service.end": (
        "Nothing was ended. These commands end the server that still runs and make systemd forget it:",
        "尚未停止任何服务。以下命令会停止仍在运行的服务，并让 systemd 移除它：",
    ),
    "error.service.not_ours": (
        "{file} was not written by this program and is left alone; choose another --name.",
        "{file} 不是由本程序写入的，未作改动；请用 --name 指定其他名称。",
    ),
    "error.service.signs": (
        "A unit cannot hold a path or an option with a line break; rename the folder.",
        "systemd 单元中不能包含带换行符的路径或选项；请重命名文件夹。",
    ),
    "error.service.name": (
        "{name!r} is no name for a unit; use letters, digits, - _ and dots.",
        "{name!r} 不能用作单元名称；请使用字母、数字、- _ 和点。",
    ),
    "error.service.root": (
        "The server needs no rights of root; name the account that it runs under with --user.",
        "服务不需要 root 权限；请用 --user 指定运行它的账户。",
    ),
    "error.service.user_without_system": (
        "--user is for a unit of the whole machine; add --system.",
        "--user 仅用于系统级单元；请加上 --system。",
    ),
    "error.service.no_systemd": (
        "This system has no systemd; on another Linux machine --dry-run prints the unit.",
        "当前系统没有 systemd；可在其他 Linux 机器上用 --dry-run 查看单元内容。",
    ),
    "error.service.options": (
        "`ui` does not take these options: {problem}.",
        "ui 命令不接受这些选项：{problem}。",
    ),
    "backup.outside": (
        "Not in the backup, as these pictures lie in folders of this machine outside of the workspace: {names:, }.",
        "以下数据集的图片位于工作区之外的本机文件夹中，没有包含在备份里：{names:、}。",
    ),
}
