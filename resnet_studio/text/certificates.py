"""Certificates of exported models, for people to read."""

TEXT: dict[str, tuple[str, str]] = {
    "certified.title": ("Certificate of an exported model", "模型导出证书"),
    "certified.help": (
        "ResNet Studio ran this file apart from itself and compared its answers with its own. This says "
        "whether the file answers as the model does; the report of the run says how good the model is.",
        "ResNet Studio 独立运行了此文件，并将其结果与自身结果进行了比对。本证书只说明该文件的结果与模型是否一致；模型本身的好坏请参阅训练报告。",
    ),
    "certified.verdict.agrees": ("It answers as the studio does.", "结果与本工具一致。"),
    "certified.verdict.rounded": (
        "Its numbers are rounded. It loses no more than one point of accuracy.",
        "其数值经过量化，准确率损失不超过 1 个百分点。",
    ),
    "certified.verdict.rounded_lost": (
        "Its numbers are rounded: of {scored:picture|pictures} it gets {lost} fewer right than the studio does.",
        "其数值经过量化：{scored} 张图片中，比本工具少答对 {lost} 张。",
    ),
    "certified.verdict.rounded_unscored": (
        "Its numbers are rounded, and it answers almost as the studio does; without labelled pictures nothing more is known.",
        "其数值经过量化，结果与本工具基本一致；由于没有带标签的图片，无法得知更多。",
    ),
    "certified.verdict.unchecked": (
        "It was not run: nothing is known of its answers.",
        "未经运行：其结果未知。",
    ),
    "certified.verdict.failed": ("It does not answer as the studio does.", "结果与本工具不一致。"),
    "certified.row.file": ("File", "文件"),
    "certified.row.size": ("Size", "大小"),
    "certified.row.sha256": ("SHA-256", "SHA-256"),
    "certified.row.model": ("Model", "模型"),
    "certified.row.checked": ("Checked", "检验方式"),
    "certified.row.agreement": ("Same first class as the studio", "首选类别与本工具相同"),
    "certified.row.difference": ("Largest difference of a probability", "概率的最大差异"),
    "certified.row.unknown": ("Says “none of these” where the studio does", "“都不是”的判断与本工具相同"),
    "certified.row.accuracy": ("Accuracy on {part} pictures", "在{part}图片上的准确率"),
    "certified.row.app_accuracy": ("The studio's accuracy on the same pictures", "本工具在相同图片上的准确率"),
    "certified.row.time": ("Time a picture, from file to answer", "每张图片从文件到结果的用时"),
    "certified.row.made": ("Made", "生成"),
    "certified.part.test": ("test", "测试"),
    "certified.part.validation": ("validation", "验证"),
    "certified.format": ("{file} ({format})", "{file}（{format}）"),
    "certified.size": ("{megabytes} MB", "{megabytes} MB"),
    "certified.model": ("{network}, run {run}", "{network}，训练 {run}"),
    "certified.checked": (
        "{count:picture|pictures} of validation and test, by the file's own runtime in a fresh process without the studio",
        "在不含本工具的全新进程中，由文件自身的运行时处理 {count} 张验证和测试图片",
    ),
    "certified.checked.made": (
        "{count:made picture|made pictures}, as the model's own are gone, by the file's own runtime in a fresh process "
        "without the studio",
        "模型自己的图片已不存在，因此在不含本工具的全新进程中，由文件自身的运行时处理 {count} 张生成的图片",
    ),
    "certified.unreadable": (
        "{count:picture was|pictures were} left out: unreadable",
        "另有 {count} 张图片无法读取，未计入",
    ),
    "certified.share": ("{share:%}", "{share:%}"),
    "certified.interval": (
        "{share:%} (95% interval {low:%} to {high:%})",
        "{share:%}（95% 置信区间 {low:%} 至 {high:%}）",
    ),
    "certified.time": ("{time} ms; in the studio {app} ms", "{time} 毫秒；本工具 {app} 毫秒"),
    "certified.made": ("{when} by ResNet Studio {version}", "{when}，ResNet Studio {version}"),
    "certified.verify": (
        "Whether the file is still this one: python -m resnet_studio verify {file}",
        "检查文件是否未被改动：python -m resnet_studio verify {file}",
    ),
}
