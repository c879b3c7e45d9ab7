"""Errors: one sentence that says what happened and what to do."""

TEXT: dict[str, tuple[str, str]] = {
    "error.config.choice": (
        "The setting {field} cannot be {value!r}; choose one of: {allowed:, }.",
        "设置项{field}的值不能为 {value!r}；请从以下选项中选择：{allowed:、}。",
    ),
    "error.config.depth": (
        "There is no {family} of depth {depth}; choose its depth from {allowed:, }, or another family.",
        "{family} 没有深度 {depth}；请从 {allowed:、} 中选择深度，或换用其他网络系列。",
    ),
    "error.config.features": (
        "The setting {field} can be {value} only where the head is trained alone; choose freeze layer4 or auto "
        "instead of {freeze}, or features layer4.",
        "只有单独训练分类头时，{field} 才能设为 {value}；请把冻结层由 {freeze} 改为 layer4 或自动，或把特征改为 layer4。",
    ),
    "error.config.text": (
        "The setting {field} cannot be {value!r}; give it a name or a path.",
        "设置项{field}的值不能为 {value!r}；请填写名称或路径。",
    ),
    "error.config.number": (
        "The setting {field} cannot be {value!r}; give a number from {low} to {high}.",
        "设置项{field}的值不能为 {value!r}；请填写 {low} 到 {high} 之间的数。",
    ),
    "error.config.whole_number": (
        "The setting {field} cannot be {value!r}; give a whole number from {low} to {high}.",
        "设置项{field}的值不能为 {value!r}；请填写 {low} 到 {high} 之间的整数。",
    ),
    "error.config.unknown": (
        "The setting {field!r} is not known to this version; update ResNet Studio or remove it from the settings.",
        "当前版本不支持设置项 {field!r}；请更新 ResNet Studio 或从设置中删除它。",
    ),
    "error.config.split_too_large": (
        "Validation and test together take {total:%} of the pictures; leave at least 10% for training.",
        "验证集和测试集合计占 {total:%}；请至少留 10% 用于训练。",
    ),
    "error.run.missing": (
        "There is no run {run!r} in this workspace; list the runs to see their names.",
        "工作区中没有训练记录 {run!r}；请在训练记录列表中查看名称。",
    ),
    "error.run.busy": ("Run {run!r} is being trained right now; stop it first.", "训练 {run!r} 正在进行；请先停止它。"),
    "error.devices.missing": (
        "The training asks for {devices:GPU|GPUs}, and this machine has {found}; ask for fewer.",
        "训练需要 {devices} 块 GPU，而本机有 {found} 块；请减少设备数。",
    ),
    "error.devices.lost": (
        "One of the processes that train together has ended; resume the training to go on from what was saved.",
        "共同训练的进程中有一个已结束；请继续训练，将从已保存的进度接着进行。",
    ),
    "error.study.seeds": (
        "Give a whole number of seeds from {low} to {high}, not {value!r}.",
        "种子数应为 {low} 到 {high} 的整数，而不是 {value!r}。",
    ),
    "error.study.folds": (
        "Give a whole number of folds from {low} to {high}, not {value!r}.",
        "折数应为 {low} 到 {high} 的整数，而不是 {value!r}。",
    ),
    "error.folds.preset": (
        "{name!r} comes with validation or test pictures of its own; train without folds, or open the pictures without that split.",
        "{name!r} 自带验证集或测试集；请不使用交叉验证直接训练，或打开不含该划分的图片。",
    ),
    "error.folds.groups": (
        "{folds} folds need as many pictures, or groups that are kept together, in a class; the largest has {groups}. Use fewer folds or add pictures.",
        "{folds} 折交叉验证要求至少有一个类别包含不少于 {folds} 张（或组）图片，而最大的只有 {groups}。请减少折数或添加图片。",
    ),
    "error.folds.class": (
        "All pictures of class {name!r} would be in one fold, with none left to train on; add pictures to it, or keep fewer of them together.",
        "类别 {name!r} 的图片会全部落入同一折，没有图片可供训练；请为它添加图片，或减少需要放在一起的图片。",
    ),
    "error.study.empty": (
        "None of the runs of this study are in the workspace any more.",
        "工作区中已没有这项研究的任何训练记录。",
    ),
    "error.run.not_at_work": (
        "Run {run!r} is neither being trained nor waiting; there is nothing to stop or pause.",
        "训练 {run!r} 既没有在进行，也没有在排队；无需停止或暂停。",
    ),
    "error.run.cannot_ask": (
        "Run {run!r} is being trained by a program that takes no requests; end it where it was started.",
        "训练 {run!r} 由一个不接受请求的程序进行；请在启动它的地方结束它。",
    ),
    "error.run.complete": (
        "Run {run!r} has trained all its epochs; start a new run instead.",
        "训练 {run!r} 已完成所有轮次；请新建一次训练。",
    ),
    "error.run.damaged": (
        "The file {file} of run {run!r} cannot be read; delete the run and train again.",
        "训练 {run!r} 的文件 {file} 无法读取；请删除该训练记录并重新训练。",
    ),
    "error.run.newer": (
        "Run {run!r} was made by a newer version of ResNet Studio; update ResNet Studio to use it.",
        "训练 {run!r} 由更新版本的 ResNet Studio 创建；请更新 ResNet Studio 后再使用。",
    ),
    "error.run.no_model": (
        "Run {run!r} has no saved model yet; wait for its first epoch, or choose another run.",
        "训练 {run!r} 还没有保存模型；请等第一轮结束，或选择其他训练。",
    ),
    "error.disk.read_only": (
        "{path!r} cannot be written to; give this user the right to write there, or choose another place.",
        "无法写入 {path!r}；请赋予当前用户写入权限，或改用其他位置。",
    ),
    "error.disk.place": (
        "{path!r} cannot be used ({reason}); give another place.",
        "无法使用 {path!r}（{reason}）；请换一个位置。",
    ),
    "error.disk.not_a_folder": (
        "{path!r} is a file, or lies in one; name a folder there instead.",
        "{path!r} 是文件，或位于某个文件之中；请改为指定文件夹。",
    ),
    "error.disk.is_a_folder": (
        "{path!r} is a folder; name a file in it.",
        "{path!r} 是文件夹；请指定其中的文件名。",
    ),
    "error.disk.broken": (
        "The disk reports an error while {path!r} is read or written; check the disk, then go on.",
        "读写 {path!r} 时磁盘报错；请检查磁盘后再继续。",
    ),
    "error.disk.read_only_somewhere": (
        "The workspace cannot be written to; give this user the right to write there, or choose another one.",
        "无法写入工作区；请赋予当前用户写入权限，或改用其他工作区。",
    ),
    "error.disk.broken_somewhere": (
        "The disk reports an error while a file is read or written; check the disk, then go on.",
        "读写文件时磁盘报错；请检查磁盘后再继续。",
    ),
    "error.run.queue_full": (
        "{most:training|trainings} wait already; let some finish, or take some out of the queue, then start this one.",
        "已有 {most} 个训练在排队；请等其中一些完成，或将一些移出队列，然后再开始。",
    ),
    "error.data.busy_reading": (
        "{most:data set waits|data sets wait} to be read at this moment; try again when some of them are done.",
        "目前有 {most} 个数据集在等待读取；请过一会儿再试。",
    ),
    "error.workspace.no_home": (
        "There is no home folder to keep the workspace in; name a folder with --workspace.",
        "找不到用于保存工作区的主目录；请用 --workspace 指定一个文件夹。",
    ),
    "error.workspace.not_a_folder": (
        "The workspace {path!r} is not a folder; name one with --workspace.",
        "工作区 {path!r} 不是文件夹；请用 --workspace 指定一个文件夹。",
    ),
    "error.disk.nearly_full": (
        "Only {free} MB of disk are free, and {spare} MB have to stay free for what is being trained; remove something, then try again.",
        "磁盘仅剩 {free} MB，而正在进行的训练需要保留 {spare} MB；请先清理一些内容再试。",
    ),
    "error.disk.paused": (
        "Hardly any disk is left, so the training was saved and paused; free some space, then resume it.",
        "磁盘空间所剩无几，训练已保存并暂停；请腾出空间后继续训练。",
    ),
    "error.disk_full": (
        "The disk is full; free some space, then resume. The last saved state is kept.",
        "磁盘已满；请腾出空间后继续训练。上次保存的状态仍在。",
    ),
}
