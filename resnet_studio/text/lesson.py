"""Texts of the teacher's page: the class at a glance, looking up, clearing a class."""

TEXT: dict[str, tuple[str, str]] = {
    "lesson.title": ("Lesson", "课堂"),
    "lesson.nav.lesson": ("Lesson", "课堂"),
    "lesson.nav.class": ("Code and accounts", "代码与账户"),
    "lesson.look": ("Look here, please!", "请大家看这里！"),
    "lesson.hold": ("Switch training off", "暂停训练"),
    "lesson.hold.label": ("Look here", "请大家看这里"),
    "lesson.hold.hint": (
        "The sentence stands on every page. Nothing new is trained and the queue waits; what is being trained goes on.",
        "这句话会显示在所有人的页面上。期间不能开始新的训练，队列保持等待；正在进行的训练会继续。",
    ),
    "lesson.held.now": ("Training is switched off.", "训练已暂停。"),
    "lesson.release": ("Switch training on again", "恢复训练"),
    "lesson.working": ("Being trained and waiting", "正在训练与等待"),
    "lesson.facts": (
        "{here:person is|people are} here · {disk} on the disk in all",
        "{here} 人在线 · 共占用磁盘 {disk}",
    ),
    "lesson.idle": ("Nothing is being trained.", "目前没有训练。"),
    "lesson.waits": ("waits, place {place}", "排队中，第 {place} 位"),
    "lesson.pause": ("Pause", "暂停"),
    "lesson.stop": ("Stop", "停止"),
    "lesson.stop.ask": (
        "Stop {name}? Its best model is kept.",
        "停止 {name}？会保留最佳模型。",
    ),
    "lesson.leave": ("Take out of the queue", "移出队列"),
    "lesson.class": ("The class", "全班"),
    "lesson.here": ("here", "在线"),
    "lesson.never": ("not yet", "尚未登录"),
    "lesson.chart": (
        "Validation accuracy over {count:epoch|epochs}",
        "验证准确率（{count} 轮）",
    ),
    "lesson.doing.running": ("epoch {epoch} of {epochs}", "第 {epoch}/{epochs} 轮"),
    "lesson.doing.queued": ("waits", "排队中"),
    "lesson.doing.finished": ("finished", "已完成"),
    "lesson.doing.stopped": ("stopped", "已停止"),
    "lesson.doing.interrupted": ("paused", "已暂停"),
    "lesson.doing.failed": ("failed", "失败"),
    "lesson.run": ("run", "训练"),
    "lesson.test": ("test accuracy {share:%}", "测试准确率 {share:%}"),
    "lesson.kind.dataset": ("data set", "数据集"),
    "lesson.kind.model": ("model", "模型"),
    "lesson.shared": ("the class sees it", "全班可见"),
    "lesson.hand_out": ("Hand out", "分发给全班"),
    "lesson.hand_out.hint": (
        "The class can train on it and predict with it; only you change it.",
        "全班可以用它训练和识别，只有你能修改。",
    ),
    "lesson.take_back": ("Take back", "收回"),
    "lesson.delete": ("Delete", "删除"),
    "lesson.nothing": ("Nothing yet.", "还没有内容。"),
    "lesson.collect.title": ("Collect and hand out", "收集与分发"),
    "lesson.collect.text": (
        "One zip: for each pupil the runs that they handed in, else the newest, each with its report, and a table of all scores.",
        "打包为一个 zip：每位学生提交的训练（未提交的取最新一次），附报告和全部成绩表。",
    ),
    "lesson.collect.reports": ("Reports and scores", "报告与成绩"),
    "lesson.collect.models": ("With the models too", "同时包含模型"),
    "lesson.hand_out.text": (
        "To hand out a data set or a model, open your own row above. The class can look at it, train on it and download it; "
        "only its owner changes it. With a run they also see the pictures that it was trained and tested on.",
        "要分发数据集或模型，请在上方展开自己的一行。全班可以查看、用于训练和下载，只有所有者可以修改。"
        "分发训练时，全班也会看到它训练和测试所用的图片。",
    ),
    "lesson.hand_in.title": ("Hand in", "交作业"),
    "lesson.hand_in.text": (
        "Choose what your teacher collects; without a choice it is your newest run.",
        "选择交给老师的训练；不选则收取最新一次。",
    ),
    "lesson.hand_in": ("Hand in", "提交"),
    "lesson.hand_in.done": ("handed in", "已提交"),
    "lesson.hand_in.undo": ("Take back", "撤回"),
    "lesson.clear.title": ("Clear the class for next year", "学年结束：清空班级"),
    "lesson.clear.text": (
        "What pupils made goes into the bin, and their accounts go. What teachers made stays.",
        "学生的作品移入回收站，学生账户被删除；老师的内容保留。",
    ),
    "lesson.clear.look": ("What would go?", "查看将清空的内容"),
    "lesson.clear.preview": (
        "{pupils:account|accounts} of pupils would be removed. {runs:run|runs} and {datasets:data set|data sets} would go "
        "into the bin for 30 days; {models:imported model|imported models} and {predictions:table|tables} of predictions "
        "would be removed for good.",
        "将删除 {pupils} 个学生账户；{runs} 次训练和 {datasets} 个数据集将移入回收站，保留 30 天；"
        "{models} 个导入的模型和 {predictions} 份预测结果将被永久删除。",
    ),
    "lesson.clear.type": ("To go on, type {name}", "请输入 {name} 以确认"),
    "lesson.clear.button": ("Clear the class", "清空班级"),
    "lesson.clear.done": (
        "{name} is cleared: {pupils:account|accounts} removed. The bin keeps runs and data sets for 30 days.",
        "已清空 {name}：删除了 {pupils} 个账户。训练和数据集在回收站中保留 30 天。",
    ),
    "people.deleted": ("% lies in the bin for 30 days.", "% 已移入回收站，保留 30 天。"),
    "people.undo": ("Undo", "撤销"),
    "error.lesson.long": ("At most {most} characters, please.", "最多 {most} 个字符。"),
    "error.lesson.held": (
        "Training is switched off for a moment; it can be started once your teacher switches it on again.",
        "老师暂停了训练，恢复后即可开始。",
    ),
    "error.lesson.no_class": (
        "There is no class to clear; `ui --class NAME` makes one.",
        "没有可清空的班级；可以用 `ui --class NAME` 建立班级。",
    ),
    "error.lesson.other_name": (
        "That is not what the class is called; type {name}.",
        "输入的名称与班级不符，请输入 {name}。",
    ),
    "error.lesson.busy": (
        "{count:run is|runs are} still being trained and were asked to stop; try again in a minute. Nobody can join meanwhile.",
        "还有 {count} 次训练正在进行，已请求停止；请稍后重试。期间不能加入新学生。",
    ),
}
