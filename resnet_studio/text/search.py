"""Texts of the search for settings."""

TEXT: dict[str, tuple[str, str]] = {
    "search.title": ("Search for settings", "搜索设置"),
    "search.intro": (
        "Tries learning rates, weight decay, augmentation and epochs around your settings with Optuna, each trial a run without test pictures, chosen by validation. For the last point of accuracy, once the network is settled.",
        "用 Optuna 在你的设置附近尝试不同的学习率、权重衰减、数据增强和轮数；每次试验都是一次不用测试图片的训练，按验证结果选择。适合在网络确定之后再争取最后一点准确率。",
    ),
    "search.trials": ("Trials", "试验次数"),
    "search.method": ("Method", "方法"),
    "search.method.tpe": ("TPE: learns from the trials before", "TPE：从之前的试验中学习"),
    "search.method.random": ("Random", "随机"),
    "search.method.grid": ("Grid", "网格"),
    "search.start": ("Search", "开始搜索"),
    "search.resume": ("Go on searching", "继续搜索"),
    "search.stop": ("Stop searching", "停止搜索"),
    "search.take": ("Take the best settings", "采用最佳设置"),
    "search.preparing": ("Looking at the pictures…", "正在查看图片……"),
    "search.working": ("{done} of {wanted} trials are done", "已完成 {done} / {wanted} 次试验"),
    "search.working.more": (
        "{done:trial is|trials are} done, more than the {wanted} asked for",
        "已完成 {done} 次试验，多于要求的 {wanted} 次",
    ),
    "search.none": ("No trial came to its end yet.", "还没有试验完成。"),
    "search.best": (
        "Best of {done:trial|trials}: {accuracy:%} of the validation pictures are right, with {settings}. The best of many is a little too good by chance; train with these settings, and the test will tell.",
        "{done} 次试验中最好的一次：验证准确率 {accuracy:%}，设置：{settings}。多次试验中最好的结果总会偶然偏高；请用这些设置训练，以测试结果为准。",
    ),
    "search.history": ("Validation accuracy by trial", "各次试验的验证准确率"),
    "search.history.about": (
        "A point for each trial, the best one marked; the line is the best so far.",
        "每个点代表一次试验，最好的一次已标出；线为到该次为止的最高值。",
    ),
    "search.column.trial": ("Trial", "试验"),
    "search.column.status": ("Status", "状态"),
    "search.column.accuracy": ("Validation", "验证"),
    "search.column.settings": ("Settings", "设置"),
    "search.status.finished": ("done", "完成"),
    "search.status.pruned": ("ended early", "提前结束"),
    "search.status.failed": ("failed", "失败"),
    "search.status.running": ("at work", "进行中"),
    "search.status.left": ("stopped, can go on", "已停止，可继续"),
    "search.status.waiting": ("waiting", "等待中"),
    "runs.studies.search": ("{done} of {of} trials are over", "{of} 次试验已结束 {done} 次"),
    "runs.studies.search_name": ("{name}: search for settings", "{name}：设置搜索"),
    "runs.studies.best": ("best trial, on validation pictures", "最佳试验，验证图片"),
    "error.search.trials": (
        "A search cannot have {value} trials; give a whole number from {low} to {high}.",
        "搜索的试验次数不能是 {value}；请输入 {low} 到 {high} 之间的整数。",
    ),
    "error.search.choice": (
        "A search knows no “{value}”; choose from {allowed:, }.",
        "搜索不支持“{value}”；可选：{allowed:、}。",
    ),
    "error.search.busy": (
        "Another program is at this search; look at it there, or try again when it has ended.",
        "另一个程序正在进行同样的搜索；请在那里查看，或等它结束后再试。",
    ),
    "error.search.training": (
        "A run is training or waiting; search for settings when it has ended.",
        "有训练正在进行或排队；请在训练结束后再搜索设置。",
    ),
    "error.search.running": (
        "Another search is at work; try again when it has ended.",
        "另一个搜索正在进行；请等它结束后再试。",
    ),
    "error.search.beside": (
        "Learning rates, networks or settings are being tried already; try again when that has ended.",
        "正在尝试学习率、比较网络或搜索设置；请等它结束后再试。",
    ),
    "error.search.stopped": ("The search was stopped before its first trial.", "搜索在第一次试验之前就已停止。"),
    "error.search.no_plots": (
        "There are too few trials to draw plots; at least two have to come to their end.",
        "试验太少，无法绘图；至少要有两次试验完成。",
    ),
}
