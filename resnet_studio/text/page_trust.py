"""The panels of the Results tab on probabilities that can be trusted and on pictures that are of no class."""

TEXT: dict[str, tuple[str, str]] = {
    "final_fit.title": ("Trained on validation pictures too", "验证图片也用于训练"),
    "final_fit.done": (
        "Once settled, it was trained again on all {pictures} training and validation pictures, for {epochs:epoch|epochs}.",
        "确定轮数后，用全部 {pictures} 张训练和验证图片重新训练了 {epochs} 轮。",
    ),
    "final_fit.done.probe": (
        "No epoch was better than the linear probe, which was fitted again to all {pictures} training and validation pictures.",
        "没有任何一轮优于线性探针，因此用全部 {pictures} 张训练和验证图片重新拟合了它。",
    ),
    "final_fit.more": (
        "On {count:test picture|test pictures} it is right for {second:%} ({low:%} to {high:%}), and was for {first:%} ({first_low:%} to {first_high:%}) before: a real gain.",
        "在 {count} 张测试图片上，准确率为 {second:%}（{low:%} 至 {high:%}），此前为 {first:%}（{first_low:%} 至 {first_high:%}）：确有提升。",
    ),
    "final_fit.less": (
        "On {count:test picture|test pictures} it is right for {second:%} ({low:%} to {high:%}), and was for {first:%} ({first_low:%} to {first_high:%}) before: worse, and not by chance alone.",
        "在 {count} 张测试图片上，准确率为 {second:%}（{low:%} 至 {high:%}），此前为 {first:%}（{first_low:%} 至 {first_high:%}）：变差了，且不只是偶然。",
    ),
    "final_fit.same": (
        "On {count:test picture|test pictures} it is right for {second:%} ({low:%} to {high:%}), and was for {first:%} ({first_low:%} to {first_high:%}) before: so few pictures cannot tell the two apart.",
        "在 {count} 张测试图片上，准确率为 {second:%}（{low:%} 至 {high:%}），此前为 {first:%}（{first_low:%} 至 {first_high:%}）：这么少的图片分不出高下。",
    ),
    "final_fit.untested": (
        "Without test pictures, what that gained is not known.",
        "没有测试图片，无从得知提升了多少。",
    ),
    "final_fit.from_first": (
        "Validation scores, the temperature and “none of these” are those of the network before, as nothing is left to measure them by.",
        "验证成绩、温度和“都不是”仍来自此前的模型，因为已没有图片可用来重新测量。",
    ),
    "results.panel.calibration": ("How sure is it?", "它有多确定？"),
    "results.panel.calibration.help": (
        "Whether 80% means that 80 of 100 such answers are right",
        "80% 是否真的意味着 100 个这样的答案中有 80 个正确",
    ),
    "results.panel.unknown": ("When does it say “none of these”?", "什么时候会说“都不是”？"),
    "results.panel.unknown.help": (
        "Pictures unlike all it was trained on, and how many of the known ones that costs",
        "识别与训练图片都不像的图片，以及会误拒多少已知类别的图片",
    ),
    "trust.calibration.after": ("as Predict shows it", "“预测”页显示的概率"),
    "trust.calibration.before": ("straight from the network", "网络的原始输出"),
    "trust.calibration.bin": (
        "{count:answer|answers} of about {share:%}: {right:%} right",
        "{count} 个约 {share:%} 的答案：{right:%} 正确",
    ),
    "trust.calibration.before_after": (
        "On the test pictures the probabilities are {after:%} away from the share of right answers on average; straight "
        "from the network it would be {before:%}.",
        "在测试图片上，概率与实际正确率平均相差 {after:%}；若直接用网络的原始输出，则相差 {before:%}。",
    ),
    "trust.calibration.only": (
        "On the test pictures the probabilities are {error:%} away from the share of right answers on average. They come "
        "straight from the network: too few validation pictures to calibrate them, or an older run.",
        "在测试图片上，概率与实际正确率平均相差 {error:%}。它们直接来自网络：验证图片太少，或训练来自较早版本。",
    ),
    "trust.calibration.chance": (
        "On {count:test picture|test pictures}, probabilities that are exactly right would be about {chance:%} away by "
        "chance alone. The larger a dot, the more answers.",
        "在 {count} 张测试图片上，即使概率完全准确，仅因偶然也会相差约 {chance:%}。圆点越大，答案越多。",
    ),
    "trust.calibration.temperature.above": (
        "The network was too sure. Its logits are divided by {temperature}, fitted to {count:validation picture|validation "
        "pictures}; which class is best never changes.",
        "网络过于自信。其 logits 会除以 {temperature}（由 {count} 张验证图片拟合）；最可能的类别不会改变。",
    ),
    "trust.calibration.temperature.below": (
        "The network was not sure enough. Its logits are divided by {temperature}, fitted to {count:validation "
        "picture|validation pictures}; which class is best never changes.",
        "网络不够自信。其 logits 会除以 {temperature}（由 {count} 张验证图片拟合）；最可能的类别不会改变。",
    ),
    "trust.calibration.even": (
        "Rare classes were helped in training, so these are the probabilities of classes that are equally frequent. Where "
        "one class is far more common than the others, it is right more often than they say, and the rare ones less often.",
        "训练时照顾了少见的类别，因此这些概率相当于各类别同样常见的情形。若实际中某一类远比其他类常见，它的实际正确率会高于所示概率，少见类别则低于所示概率。",
    ),
    "trust.calibration.words": (
        "Predict says “sure” where at least 19 of 20 test answers with a similar probability were right and 20 or more are "
        "known, “likely” from 14 of 20 on. The dashed line is where probabilities are exactly right.",
        "“预测”页只有在概率相近的测试答案不少于 20 个、且每 20 个中至少 19 个正确时才说“确定”；每 20 个中至少 14 个正确时说“很可能”。虚线表示概率完全准确。",
    ),
    "trust.unknown.chart": (
        "Accuracy against the share of test pictures that is accepted",
        "准确率与被接受的测试图片比例的关系",
    ),
    "trust.unknown.axis": (
        "Accepted test pictures → accuracy of these ↑",
        "被接受的测试图片 → 其准确率 ↑",
    ),
    "trust.unknown.slider": ("From rejecting more to accepting all", "从拒绝更多到全部接受"),
    "trust.unknown.some": (
        "Accept about {accept:%} of pictures of its classes: of the test pictures {rejected:%} are called “none of these”; "
        "of the others {accuracy:%} are right.",
        "接受约 {accept:%} 的已知类别图片：测试图片中有 {rejected:%} 被判为“都不是”，其余的 {accuracy:%} 正确。",
    ),
    "trust.unknown.all": (
        "Accept everything: it never says “none of these”, and {accuracy:%} of the test pictures are right.",
        "全部接受：从不说“都不是”，测试图片中 {accuracy:%} 正确。",
    ),
    "trust.unknown.none": (
        "Accept about {accept:%} of pictures of its classes: all test pictures are called “none of these”.",
        "接受约 {accept:%} 的已知类别图片：所有测试图片都被判为“都不是”。",
    ),
    "trust.unknown.untested": (
        "Accepts about {accept:%} of pictures of its classes. Without test pictures it is not known what that costs.",
        "接受约 {accept:%} 的已知类别图片。没有测试图片，无法得知代价。",
    ),
    "trust.unknown.usable": (
        "Checked on pictures of no class (written characters, rendered things): it tells them from its own in {separation:%} of pairs.",
        "已用不属于任何类别的图片（文字、渲染物体）检验：在 {separation:%} 的配对中能把它们与已知图片区分开。",
    ),
    "trust.unknown.unusable": (
        "“None of these” is off: this network tells written characters and rendered things from its own pictures in only {separation:%} of pairs (50% is chance). Starting from trained weights instead of from scratch usually mends it.",
        "“都不是”已关闭：该网络只能在 {separation:%} 的配对中把文字和渲染物体与已知图片区分开（50% 即为瞎猜）。改用预训练权重而不是从零训练，通常可以解决。",
    ),
    "trust.unknown.few": (
        "With only {count:validation picture|validation pictures} the line is rough: more known pictures than said may be "
        "rejected.",
        "验证图片只有 {count} 张，界线比较粗略：被误拒的已知图片可能多于上述比例。",
    ),
    "trust.unknown.note": (
        "The line was drawn by {count:validation picture|validation pictures}, not by the test pictures. Your choice goes "
        "into the model file, Predict and downloaded code.",
        "界线由 {count} 张验证图片确定，与测试图片无关。你的选择会写入模型文件，并用于“预测”页和下载的代码。",
    ),
}
