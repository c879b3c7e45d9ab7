"""What to do next, as Results and reports say it: more pictures, groups, thresholds, the map."""

TEXT: dict[str, tuple[str, str]] = {
    "results.panel.forecast": ("How many more pictures?", "还需要多少图片？"),
    "results.panel.forecast.help": (
        "What more training pictures should bring, over all classes and for the weakest",
        "增加训练图片预计能提高多少：总体，以及成绩最差的类别",
    ),
    "forecast.all.gain": (
        "About {extra:more picture|more pictures}, shared among the classes as now, should bring {gain} points of accuracy (90% band: {low} to {high}).",
        "按现有类别比例再增加约 {extra} 张图片，准确率预计提高 {gain} 个百分点（90% 区间：{low} 至 {high}）。",
    ),
    "forecast.all.little": (
        "More pictures of the same kind bring little: {extra:more picture|more pictures} should change the accuracy by {low} to {high} points.",
        "同类图片再多也帮助不大：再增加 {extra} 张，准确率预计变化 {low} 至 {high} 个百分点。",
    ),
    "forecast.all.unclear": (
        "These pictures cannot tell well what more would bring: {extra:more picture|more pictures} may raise the accuracy by {gain} points, or by anything from {low} to {high}.",
        "现有图片还不足以判断增加图片的效果：再增加 {extra} 张，准确率可能提高 {gain} 个百分点，也可能是 {low} 至 {high} 之间的任何值。",
    ),
    "forecast.class.gain": (
        "“{name}”: about {extra:more picture|more pictures} should raise its F1 by {gain} points (90% band: {low} to {high}).",
        "“{name}”：再增加约 {extra} 张图片，其 F1 预计提高 {gain} 个百分点（90% 区间：{low} 至 {high}）。",
    ),
    "forecast.class.little": (
        "“{name}”: more pictures bring little; {extra:more picture|more pictures} should change its F1 by {low} to {high} points.",
        "“{name}”：再多图片帮助不大；再增加 {extra} 张，其 F1 预计变化 {low} 至 {high} 个百分点。",
    ),
    "forecast.class.unclear": (
        "“{name}”: these pictures cannot tell well; {extra:more picture|more pictures} may raise its F1 by {gain} points, or by anything from {low} to {high}.",
        "“{name}”：现有图片还不足以判断；再增加 {extra} 张，其 F1 可能提高 {gain} 个百分点，也可能是 {low} 至 {high} 之间的任何值。",
    ),
    "forecast.too_few.train": (
        "{trained:training picture|training pictures} are too few to draw smaller sets from: there is no forecast below 40.",
        "只有 {trained} 张训练图片，无法再抽取更小的子集：少于 40 张时不作预测。",
    ),
    "forecast.too_few.scored": (
        "{scored:validation and test picture|validation and test pictures} are too few to see a difference: there is no forecast below 20.",
        "验证与测试图片共 {scored} 张，不足以看出差别：少于 20 张时不作预测。",
    ),
    "forecast.all": ("All classes", "全部类别"),
    "forecast.measure.accuracy": ("accuracy", "准确率"),
    "forecast.measure.f1": ("F1", "F1"),
    "forecast.axis.all": ("training pictures", "训练图片数"),
    "forecast.axis.class": ("training pictures of this class", "该类别的训练图片数"),
    "forecast.key.seen": ("measured on parts of the pictures", "用部分图片实测"),
    "forecast.key.ahead": ("forecast, 90% band", "预测，90% 区间"),
    "forecast.method": (
        "Linear heads on features of the starting network, fitted to 10, 25, 50 and 100% of the training pictures and scored on {scored:validation and test picture|validation and test pictures}. The scores of your fine-tuned network differ; what carries over is about how much more pictures bring.",
        "在起始网络的特征上，用 10%、25%、50% 和 100% 的训练图片训练线性分类头，并用 {scored} 张验证与测试图片评分。微调后的网络成绩会有所不同；可参考的是增加图片大约能带来多少提升。",
    ),
}
