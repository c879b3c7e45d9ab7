"""Texts of leaderboards on sealed test sets."""

TEXT: dict[str, tuple[str, str]] = {
    "boards.title": ("Leaderboards", "排行榜"),
    "lesson.nav.boards": ("Leaderboards", "排行榜"),
    "boards.none": ("There is no leaderboard yet.", "还没有排行榜。"),
    "boards.new.title": ("Make a leaderboard", "新建排行榜"),
    "boards.new.text": (
        "The data set is sealed: it leaves the Data tab, and nobody in the class can read its pictures or labels. The class "
        "submits runs and sees scores.",
        "数据集会被密封：不再出现在“数据”页，班里任何人都无法查看其中的图片和标签。学生提交训练结果，只能看到分数。",
    ),
    "boards.new.none": (
        "Bring labelled pictures into the Data tab first, and do not hand them out.",
        "请先在“数据”页导入带标签的图片，且不要分发给全班。",
    ),
    "boards.new.name": ("Name", "名称"),
    "boards.new.set": ("Test pictures", "测试图片"),
    "boards.new.choice": ("{name} · {count:picture|pictures}", "{name} · {count} 张图片"),
    "boards.new.tries": ("Tries for each pupil", "每人可提交次数"),
    "boards.new.by_device": ("One device, one pupil", "一台设备只对应一名学生"),
    "boards.new.by_device.hint": (
        "All who use one browser share its tries: a second name gets no new ones. Leave it off where pupils share computers.",
        "同一浏览器上的所有人共用提交次数，换个名字也不会增加。如果学生共用电脑，请勿勾选。",
    ),
    "boards.by_device": ("Tries count for each device.", "次数按设备计算。"),
    "boards.same_model": ("same model as {name}", "与 {name} 的模型相同"),
    "boards.same_device": ("same device as {name}", "与 {name} 使用同一设备"),
    "boards.new.button": ("Seal and make", "密封并创建"),
    "boards.names.show": ("Show names to pupils", "向学生显示姓名"),
    "boards.names.hide": ("Hide names from pupils", "对学生隐藏姓名"),
    "boards.names.on": ("Pupils see each other's names.", "学生可以看到彼此的姓名。"),
    "boards.names.off": ("Pupils see their own name only.", "学生只能看到自己的姓名。"),
    "boards.facts": (
        "{count:sealed picture|sealed pictures}, {tries:try|tries} each.",
        "{count} 张密封图片，每人 {tries} 次机会。",
    ),
    "boards.state.open": ("Open.", "进行中。"),
    "boards.state.closed": ("Closed.", "已截止。"),
    "boards.state.revealed": (
        "Closed; pictures and labels are handed out to the class.",
        "已截止；图片和标签已分发给全班。",
    ),
    "boards.classes": ("Classes: {names:, }.", "类别：{names:、}。"),
    "boards.rank": ("Rank", "名次"),
    "boards.who": ("Who", "提交者"),
    "boards.score": ("Accuracy (95% interval)", "准确率（95% 置信区间）"),
    "boards.when": ("When", "时间"),
    "boards.tied": ("tied", "并列"),
    "boards.interval": ("({low} to {high} %)", "（{low}–{high} %）"),
    "boards.seen": (
        "{count:picture|pictures} or near-duplicates seen in training",
        "其中 {count} 张（或其近似重复）训练时用过",
    ),
    "boards.unknown": ("what it was trained on is not known", "训练时用过哪些图片不详"),
    "boards.rule": (
        "Your last run counts, not your best: the best of several tries would flatter. Runs share the rank of a better one "
        "where these pictures cannot tell the two apart (McNemar's exact test, p at least 0.05).",
        "以最后一次提交为准，而不是最好的一次：多次尝试取最好会偏高。如果这些图片不足以将某次提交与并列中成绩最好的一次区分开"
        "（McNemar 精确检验，p ≥ 0.05），则名次并列。",
    ),
    "boards.nobody": ("Nobody has a score yet.", "还没有成绩。"),
    "boards.somebody": ("somebody", "某位同学"),
    "boards.gone": ("somebody who left", "已离开的同学"),
    "boards.waiting": ("is being scored", "正在评分"),
    "boards.no_tries": ("You have used all your tries.", "你的提交次数已用完。"),
    "boards.submit": ("Submit", "提交"),
    "boards.submit.run": ("Your run", "你的训练"),
    "boards.submit.left": ("{count:try|tries} left.", "还剩 {count} 次。"),
    "boards.submit.none": (
        "Train a model that knows these classes, then submit it here.",
        "先训练一个包含这些类别的模型，再到这里提交。",
    ),
    "boards.close": ("Close", "截止提交"),
    "boards.open": ("Open again", "重新开放"),
    "boards.reveal": ("Reveal the labels", "公开标签"),
    "boards.reveal.ask": (
        "Close for good, and hand pictures and labels out to the class?",
        "确定永久截止，并将图片和标签分发给全班？",
    ),
    "boards.delete": ("Delete", "删除"),
    "boards.delete.ask": (
        "Delete {name} with its scores? The test pictures go back to your data sets.",
        "删除 {name} 及其成绩？测试图片会回到你的数据集中。",
    ),
    "error.boards.no_tries_here": (
        "All {tries:try|tries} of this device are used, under whatever name.",
        "这台设备的 {tries} 次提交机会已全部用完（不论用哪个名字）。",
    ),
    "error.boards.missing": ("There is no such leaderboard.", "没有这个排行榜。"),
    "error.boards.name": ("Give it a name of 1 to {most} characters.", "名称应为 1 到 {most} 个字符。"),
    "error.boards.tries": ("Allow 1 to {most} tries.", "次数应在 1 到 {most} 之间。"),
    "error.boards.shared": (
        "The class can already see this data set with its labels; choose one that was never handed out.",
        "全班已经能看到这个数据集及其标签；请选择从未分发过的数据集。",
    ),
    "error.boards.trained": (
        "The run {run} was made with this data set, and its report shows labels; delete the run first, or choose other pictures.",
        "训练 {run} 使用了这个数据集，其报告会显示标签；请先删除该训练，或选择其他图片。",
    ),
    "error.boards.binned": (
        "The run {run} in the bin was made with this data set and may come back; remove it for good first, or choose other pictures.",
        "回收站中的训练 {run} 使用了这个数据集，并且可能被恢复；请先将其彻底删除，或选择其他图片。",
    ),
    "error.boards.pupils": (
        "A pupil brought this data set in and knows its labels; choose one of your own.",
        "这个数据集由学生上传，学生知道其标签；请选择你自己的数据集。",
    ),
    "error.boards.copy": (
        "Pupils have all of these pictures in another data set, with labels; choose other pictures.",
        "学生在另一个数据集中已有全部这些图片及标签；请选择其他图片。",
    ),
    "error.boards.closed": ("This leaderboard is closed.", "该排行榜已截止。"),
    "error.boards.revealed": (
        "Its labels are known to the class, so it stays closed.",
        "标签已公开，不能重新开放。",
    ),
    "error.boards.no_tries": (
        "All {tries:try|tries} are used; the last run that was scored counts.",
        "{tries} 次机会已用完；以最后一次评分为准。",
    ),
    "error.boards.failed": (
        "It could not be scored; this try does not count. The server's log says why.",
        "评分失败，本次不计入次数；原因见服务器日志。",
    ),
    "error.boards.which": (
        "Say which one, as in `leaderboard {action} ID`; `leaderboard list` shows all, `create` takes a data set.",
        "请写明对象，例如 `leaderboard {action} ID`；`leaderboard list` 可列出全部，`create` 后面写数据集。",
    ),
    "error.boards.which_run": (
        "Say which run, as in `leaderboard submit ID RUN`.",
        "请写明训练，例如 `leaderboard submit ID RUN`。",
    ),
}
