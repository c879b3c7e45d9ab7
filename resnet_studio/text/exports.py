"""Exports for others to read: tables, plots, comparisons, the HTML report."""

TEXT: dict[str, tuple[str, str]] = {
    "error.tables.parquet": (
        "Parquet needs the package pyarrow; install it with: pip install pyarrow, or choose CSV or JSON.",
        "写入 Parquet 需要 pyarrow；请运行 pip install pyarrow，或改用 CSV、JSON。",
    ),
    "error.plots.none": (
        "Run {run!r} has nothing to plot yet; wait for its first epoch, or choose another run.",
        "训练 {run!r} 还没有可绘制的内容；请等第一轮结束，或选择其他训练。",
    ),
    "error.plots.size": (
        "A plot is 40 to 1000 mm wide, has 30 to 1200 dots an inch and at most 20000 dots a side; choose less.",
        "图表宽度须为 40 至 1000 毫米，分辨率 30 至 1200 dpi，每边最多 20000 像素；请调整。",
    ),
    "error.compare.two": (
        "Comparing takes two or more different runs; name each once.",
        "比较需要两条或更多不同的训练记录；每条只写一次。",
    ),
    "error.report.exists": (
        "{path!r} exists and is a folder; give the name of a file.",
        "{path!r} 是一个文件夹；请给出文件名。",
    ),
    "error.report.no_part": (
        "There is no part {name!r}: choose from {known}, or all, or none.",
        "没有名为 {name!r} 的部分：可选 {known}，或 all（全部）、none（不算）。",
    ),
    "compare.pairs": ("Every pair, picture by picture", "逐对、逐图比较"),
    "compare.better": (
        "“{first}” is better than “{second}”: {difference} points of accuracy on {count:test picture|test pictures} (95% "
        "interval {low} to {high}), more than chance would explain (exact McNemar test, p = {p}).",
        "“{first}”优于“{second}”：在 {count} 张测试图片上准确率相差 {difference} 个百分点（95% 区间 {low} 至 {high}），差异具有统计显著性（McNemar 精确检验，p = {p}）。",
    ),
    "compare.chance": (
        "{count:test picture cannot|test pictures cannot} tell “{first}” and “{second}” apart: the difference of {difference} "
        "points of accuracy (95% interval {low} to {high}) may be chance (exact McNemar test, p = {p}).",
        "{count} 张测试图片无法分出“{first}”与“{second}”的高下：准确率相差 {difference} 个百分点（95% 区间 {low} 至 {high}），可能只是偶然（McNemar 精确检验，p = {p}）。",
    ),
    "compare.alike": (
        "“{first}” and “{second}” never differ on {count:test picture|test pictures}: both have the same {right} right. "
        "This cannot tell them apart; a difference of up to {most} points may still go unseen.",
        "在 {count} 张测试图片上，“{first}”与“{second}”对错完全一致，都答对同样的 {right} 张，因此无法分出高下；不超过 {most} 个百分点的差异可能还看不出来。",
    ),
    "compare.other_sets": (
        "Their test sets differ; {count:picture is|pictures are} in both, and only these are compared.",
        "两者的测试集不同；这里只比较两边都有的 {count} 张图片。",
    ),
    "compare.groups": (
        "Pictures that were kept together count as one of {groups:group|groups}.",
        "放在一起的图片按 {groups} 组计算。",
    ),
    "compare.answers": (
        "{count:picture|pictures} named correctly by only one of the two",
        "只有一方认对的图片：{count} 张",
    ),
    "compare.answers.first": ("the first {shown} of {count}", "显示 {count} 张中的前 {shown} 张"),
    "compare.answer": (
        "{picture}: true class {true}; {first}: {said}; {second}: {other}",
        "{picture}：真实类别 {true}；{first}：{said}；{second}：{other}",
    ),
    "compare.none_shared": (
        "“{first}” and “{second}” were tested on different pictures; their scores do not compare directly.",
        "“{first}”与“{second}”的测试图片不同，成绩不能直接比较。",
    ),
    "plots.calibration_error": ("Expected calibration error: {error} points", "期望校准误差：{error} 个百分点"),
    "plots.confidence": ("Probability of the answer (%)", "回答的概率（%）"),
    "plots.accuracy": ("Right answers (%)", "答对的比例（%）"),
    "plots.no_font": (
        "Names that no font of this computer can show stand as # and their place.",
        "本机字体无法显示的名称以 # 加序号代替。",
    ),
    "plots.curves": ("Learning curves", "学习曲线"),
    "plots.confusion": ("Confusion matrix", "混淆矩阵"),
    "plots.reliability": ("Reliability diagram", "可靠性图"),
    "plots.comparison": ("Curves of the compared runs", "所比较训练的曲线"),
    "tables.classes": ("Scores of each class", "各类别成绩"),
    "tables.confusion": ("Confusion matrix", "混淆矩阵"),
    "tables.predictions": ("Test predictions", "测试预测"),
    "tables.epochs": ("Epochs", "各轮次"),
    "tables.runs": ("All runs", "全部训练记录"),
    "take.tables": ("Tables", "表格"),
    "take.plots": ("Plots", "图表"),
    "take.plots.slide": ("for a slide", "用于幻灯片"),
    "take.plots.paper": ("for a paper", "用于论文"),
    "take.report": ("Report to hand in", "可提交的报告"),
    "take.report.help": (
        "One HTML file with scores, curves, mistakes and settings; opens without a network",
        "一个 HTML 文件，含成绩、曲线、错误和设置；无需联网即可打开",
    ),
    "handin.title": ("Report on {name}", "{name} 的报告"),
    "handin.made": (
        "Made by ResNet Studio {version} on {date}; data set: {dataset}.",
        "由 ResNet Studio {version} 于 {date} 生成；数据集：{dataset}。",
    ),
    "handin.scores": ("Scores", "成绩"),
    "handin.accuracy": (
        "Test accuracy {accuracy:%} (95% confidence interval {low:%} to {high:%}) on {count:picture|pictures}; macro F1 {f1:%}.",
        "测试准确率 {accuracy:%}（95% 置信区间 {low:%} 至 {high:%}），共 {count} 张图片；宏平均 F1 {f1:%}。",
    ),
    "handin.untested": (
        "No test pictures were kept, so there is no independent score. Validation accuracy: {accuracy:%}; which weights are kept was chosen by these pictures.",
        "没有预留测试图片，因此没有独立的成绩。验证准确率：{accuracy:%}；保留哪组权重正是用这些图片挑选的。",
    ),
    "handin.calibration": (
        "Expected calibration error {error:%}: that far, on average, the probabilities are from the share of right answers.",
        "期望校准误差 {error:%}：概率与实际正确率平均相差这么多。",
    ),
    "handin.mistakes": ("Most confident mistakes", "最自信的错误"),
    "handin.mistakes.some": ("{shown} of {count:mistake|mistakes}", "显示 {count} 处错误中的 {shown} 处"),
    "handin.settings": ("Settings", "设置"),
    "handin.changed": ("changed from the default", "与默认值不同"),
    "handin.reproduce": ("To train it again", "重新训练"),
    "handin.reproduce.help": (
        "With the same pictures, on the same kind of machine, the seed gives the same split and the same result up to rounding.",
        "使用相同的图片和同类机器时，同一随机种子会得到相同的划分，结果仅有舍入误差。",
    ),
}
