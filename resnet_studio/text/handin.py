"""The report to hand in and the model card, beyond scores: data, limits, software, weights, parts of the report."""

TEXT: dict[str, tuple[str, str]] = {
    "handin.data": ("Data", "数据"),
    "handin.data.counts": (
        "{dataset}: {classes:class|classes}; {train:picture|pictures} for training, {validation} for validation, {test} for the test.",
        "{dataset}：{classes} 个类别；训练 {train} 张，验证 {validation} 张，测试 {test} 张。",
    ),
    "handin.data.preset": ("The parts came with the data set.", "各部分由数据集自带。"),
    "handin.data.split": (
        "The parts were drawn at random, each class in proportion.",
        "各部分按类别比例随机划分。",
    ),
    "handin.data.together": (
        "Pictures that belong together ({by}) were kept on one side.",
        "同属一组的图片（{by}）始终在同一部分。",
    ),
    "handin.part.train": ("Training", "训练"),
    "handin.part.validation": ("Validation", "验证"),
    "handin.part.test": ("Test", "测试"),
    "handin.findings": ("What was found in it", "检查发现"),
    "handin.heat": ("where the model looked", "模型看了哪里"),
    "handin.mistakes.heat": (
        "Below each, where the model looked: the warmer, the more it spoke for the answer.",
        "每张下方是模型看的位置：颜色越暖，对该答案的贡献越大。",
    ),
    "handin.stop": (". ", "。"),
    "handin.range": ("{low:%} to {high:%}", "{low:%} 至 {high:%}"),
    "handin.calibration.both": (
        "Expected calibration error {before:%} before and {after:%} after dividing the logits by the temperature {temperature}, "
        "which was fitted to {count:validation picture|validation pictures}; both measured on the test pictures.",
        "期望校准误差：校准前 {before:%}，用温度 {temperature}（由 {count} 张验证图片拟合）校准后 {after:%}；均在测试图片上测得。",
    ),
    "handin.calibration.chance": (
        "Exactly right probabilities would show {chance:%} on {count:test picture|test pictures}, by chance alone.",
        "在 {count} 张测试图片上，即使概率完全准确，仅因偶然也会显示 {chance:%}。",
    ),
    "handin.section.calibration": ("Calibration", "校准"),
    "handin.section.forecast": ("What more pictures should bring", "增加图片预期的收益"),
    "handin.section.suspects": ("Labels to check", "待核对的标签"),
    "handin.forecast.more": ("More pictures", "增加的图片"),
    "handin.forecast.score": ("Expected accuracy", "预期准确率"),
    "handin.forecast.band": ("90% band", "90% 区间"),
    "handin.suspects.count": (
        "Of {total:picture|pictures} reviewed, {count} may have a wrong label. This is a hint for a person to check, not a verdict.",
        "在检查的 {total} 张图片中，约有 {count} 张的标签可能有误。这只是供人核对的提示，并非结论。",
    ),
    "handin.suspects.none": (
        "Of {total:picture|pictures} reviewed, none is likely to have a wrong label. This is a hint for a person, not a verdict.",
        "在检查的 {total} 张图片中，没有发现可能标错的标签。这只是供人参考的提示，并非结论。",
    ),
    "handin.suspects.picture": ("Picture", "图片"),
    "handin.suspects.label": ("Labelled", "标签"),
    "handin.suspects.rather": ("Rather", "更像是"),
    "handin.limits": ("What this model is not known to do", "该模型未经验证的方面"),
    "handin.limits.classes": (
        "It knows {count:class|classes} and names one of them for any picture, also for one that shows something else.",
        "它只认识 {count} 个类别；任何图片都会被归入其中之一，即使内容是别的东西。",
    ),
    "handin.limits.classes.rejects": (
        "It knows {count:class|classes}. A picture of something else is called “none of these” where it looks unlike all training pictures; one that looks like them is still given a class.",
        "它只认识 {count} 个类别。内容是别的东西的图片，若与所有训练图片都不像，会被判为“都不是”；若看起来相像，仍会被归入其中一类。",
    ),
    "handin.limits.untested": (
        "It has not been scored on pictures that it was not chosen by.",
        "它没有在独立的图片上评过分。",
    ),
    "handin.limits.interval": (
        "Its accuracy rests on {count:test picture|test pictures}: the true value may lie anywhere from {low:%} to {high:%}, a range of {width:.1f} points.",
        "其准确率依据 {count} 张测试图片：真实值可能在 {low:%} 至 {high:%} 之间，跨度 {width:.1f} 个百分点。",
    ),
    "handin.limits.few": (
        "{count:class has|classes have} fewer than {fewer} test pictures, so that little can be said of each: {names:, }.",
        "{count} 个类别的测试图片不足 {fewer} 张，单独的成绩不足为凭：{names:、}。",
    ),
    "handin.limits.skipped": (
        "{count:test picture|test pictures} could not be read and were not scored.",
        "{count} 张测试图片无法读取，未参与评分。",
    ),
    "handin.limits.elsewhere": (
        "Nothing is known of pictures from other cameras, places, times or kinds of light than those in the data.",
        "对于数据之外的相机、地点、时间或光线条件，其表现未知。",
    ),
    "handin.limits.groups": (
        "Pictures of one object or one series may lie on both sides of the split; then the score is too good for new objects.",
        "同一物体或同一系列的图片可能同时出现在训练和测试中；若如此，对新物体的成绩会偏高。",
    ),
    "handin.software": ("Software and weights", "软件与权重"),
    "handin.weights": ("Started from: {weights}.", "起始权重：{weights}。"),
    "handin.weights.starter": (
        "the built-in ResNet-18, trained on Tiny ImageNet",
        "内置的 ResNet-18（在 Tiny ImageNet 上训练）",
    ),
    "handin.weights.scratch": ("random weights", "随机权重"),
    "handin.terms.starter": (
        "Tiny ImageNet comes from ImageNet, whose terms allow research and education; check them before commercial use.",
        "Tiny ImageNet 源自 ImageNet，其条款允许研究与教学；商业使用前请自行确认。",
    ),
    "handin.terms.scratch": (
        "No other weights, so no terms beside those of the pictures.",
        "未使用其他权重，除图片本身外没有其他条款。",
    ),
    "handin.terms.unknown": (
        "Their terms are not known to the studio; check them where they come from.",
        "其使用条款不详，请向来源确认。",
    ),
    "handin.section.next_steps": ("Next steps", "下一步"),
    "handin.section.shortcut": ("Does it look at the right thing?", "它看的是正确的地方吗？"),
    "handin.section.robustness": ("Small changes of the pictures", "图片的小变化"),
    "plots.before": ("before the temperature", "温度校准前"),
    "plots.robustness": ("Accuracy after small changes", "小变化之后的准确率"),
    "plots.forecast": ("What more pictures should bring", "增加图片预期的收益"),
    "plots.accuracy_share": ("Accuracy (%)", "准确率（%）"),
    "plots.groups": ("Accuracy by group", "各组的准确率"),
    "plots.map": ("The pictures as the network sees them", "网络眼中的图片"),
    "plots.map.wrong": ("named wrongly", "识别错误"),
    "plots.forecast.of_class": ("training pictures of the class", "该类别的训练图片数"),
    "plots.forecast.f1": ("F1 (%)", "F1（%）"),
    "plots.forecast.heads": ("heads on parts of the pictures", "用部分图片训练的分类头"),
    "plots.forecast.ahead": ("expected, with its 90% band", "预期值及 90% 区间"),
    "plots.forecast.pictures": ("training pictures", "训练图片数"),
    "card.setting": ("Setting", "设置项"),
    "card.value": ("Value", "取值"),
    "card.use": ("How to use it", "使用方法"),
    "card.intro": (
        "An image classifier: {network}, fine-tuned on {dataset} with ResNet Studio {version}. It tells {count:class|classes} "
        "apart: {names:, }.",
        "图像分类模型：{network}，用 ResNet Studio {version} 在 {dataset} 上微调。可区分 {count} 个类别：{names:、}。",
    ),
    "take.card": ("Model card", "模型卡"),
    "take.card.help": (
        "Markdown with YAML in front, as the Hugging Face Hub reads it",
        "带 YAML 头部的 Markdown，符合 Hugging Face Hub 的格式",
    ),
    "handin.section.outside_test": ("On other pictures", "在其他图片上的成绩"),
    "handin.section.groups": ("Accuracy by group", "各组的准确率"),
    "handin.section.operating_points": ("Thresholds that find a class", "找全某个类别的阈值"),
    "handin.points": (
        "From which probability on a class has to be answered to find 95% of it, chosen on the validation pictures and scored on the test pictures.",
        "要找出某个类别的 95%，应从多大概率起判为该类；阈值由验证图片选出，成绩在测试图片上测得。",
    ),
    "handin.section.inside": ("Inside the network", "网络内部"),
    "handin.inside": (
        "The strongest channels of the first and the last stage for the test picture that was named wrongly most confidently, or else for the first one.",
        "对最自信的那张误判测试图片（若无误判则为第一张），第一个阶段与最后一个阶段中最强的通道。",
    ),
    "handin.section.unknown": ("None of these", "都不是"),
    "handin.unknown": (
        "A picture unlike the training pictures is said to be none of the classes. The bound lets {accept:%} of pictures like "
        "the training pictures through; of {test:test picture|test pictures}, {accepted:%} were accepted.",
        "与训练图片不像的图片会被判为“都不是”。界限设为让 {accept:%} 的同类图片通过；{test} 张测试图片中接受了 {accepted:%}。",
    ),
    "handin.unknown.accuracy": (
        "Of those, {accuracy:%} were named correctly.",
        "其中 {accuracy:%} 识别正确。",
    ),
}
