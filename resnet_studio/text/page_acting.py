"""What to do next, as Results and reports say it: more pictures, groups, thresholds, the map."""

TEXT: dict[str, tuple[str, str]] = {
    "results.panel.forecast": ("How many more pictures?", "还需要多少图片？"),
    "results.panel.forecast.help": (
        "What more training pictures should bring, over all classes and for the weakest",
        "增加训练图片预计能提高多少：总体，以及成绩最差的类别",
    ),
    "forecast.all.gain": (
        "About {extra:more picture|more pictures}, shared among the classes as now, should bring {gain} points of accuracy on average. In a test like this one, nine of ten trainings then score between {low:%} and {high:%}.",
        "按现有类别比例再增加约 {extra} 张图片，准确率平均预计提高 {gain} 个百分点。届时在这样的测试中，十次训练有九次得分在 {low:%} 至 {high:%} 之间。",
    ),
    "forecast.all.little": (
        "More pictures of the same kind bring little: {extra:more picture|more pictures} should change the accuracy by {gain} points on average. In a test like this one, nine of ten trainings then score between {low:%} and {high:%}.",
        "同类图片再多也帮助不大：再增加 {extra} 张，准确率平均预计变化 {gain} 个百分点。届时在这样的测试中，十次训练有九次得分在 {low:%} 至 {high:%} 之间。",
    ),
    "forecast.all.unclear": (
        "These pictures cannot tell well what more would bring: {extra:more picture|more pictures} may raise the accuracy by {gain} points on average, but in a test like this one nine of ten trainings then score anywhere from {low:%} to {high:%}.",
        "现有图片还不足以判断增加图片的效果：再增加 {extra} 张，准确率平均可能提高 {gain} 个百分点；但在这样的测试中，十次训练有九次得分落在 {low:%} 至 {high:%} 的任何位置。",
    ),
    "forecast.class.gain": (
        "“{name}”: about {extra:more picture|more pictures} should raise its F1 by {gain} points on average. In a test like this one, nine of ten trainings then reach between {low:%} and {high:%}.",
        "“{name}”：再增加约 {extra} 张图片，其 F1 平均预计提高 {gain} 个百分点。届时在这样的测试中，十次训练有九次在 {low:%} 至 {high:%} 之间。",
    ),
    "forecast.class.little": (
        "“{name}”: more pictures bring little; {extra:more picture|more pictures} should change its F1 by {gain} points on average. In a test like this one, nine of ten trainings then reach between {low:%} and {high:%}.",
        "“{name}”：再多图片帮助不大；再增加 {extra} 张，其 F1 平均预计变化 {gain} 个百分点。届时在这样的测试中，十次训练有九次在 {low:%} 至 {high:%} 之间。",
    ),
    "forecast.class.unclear": (
        "“{name}”: these pictures cannot tell well; {extra:more picture|more pictures} may raise its F1 by {gain} points on average, but in a test like this one nine of ten trainings then reach anything from {low:%} to {high:%}.",
        "“{name}”：现有图片还不足以判断；再增加 {extra} 张，其 F1 平均可能提高 {gain} 个百分点；但在这样的测试中，十次训练有九次落在 {low:%} 至 {high:%} 的任何位置。",
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
    "forecast.key.ahead": ("expected on average", "平均预期"),
    "forecast.key.single": ("nine of ten trainings, in a test like this one", "在这样的测试中，十次训练中的九次"),
    "forecast.method": (
        "Linear heads on features of the starting network, fitted to 10, 25, 50 and 100% of the training pictures and scored on {scored:validation and test picture|validation and test pictures}. The scores of your fine-tuned network differ; what carries over is about how much more pictures bring.",
        "在起始网络的特征上，用 10%、25%、50% 和 100% 的训练图片训练线性分类头，并用 {scored} 张验证与测试图片评分。微调后的网络成绩会有所不同；可参考的是增加图片大约能带来多少提升。",
    ),
    "results.panel.groups": ("Groups", "分组成绩"),
    "results.panel.groups.help": (
        "Accuracy by what came with the pictures: place, camera, person, folder",
        "按图片附带的信息（地点、相机、人、文件夹）查看准确率",
    ),
    "groups.kind.inside": ("Folder inside the class", "类别内的文件夹"),
    "groups.kind.above": ("Folder above the classes", "类别上层的文件夹"),
    "groups.kind.together": ("Kept together", "放在一起的组"),
    "groups.real": (
        "{title}: “{worst}” is named correctly in {low:%} of {low_count:picture|pictures}, “{best}” in {high:%} of {high_count}: more than chance would explain (p = {p}).",
        "{title}：“{worst}”的 {low_count} 张图片认对 {low:%}，“{best}”的 {high_count} 张认对 {high:%}，差别超出偶然（p = {p}）。",
    ),
    "groups.classes": (
        "{title}: {low:%} for “{worst}” ({low_count:picture|pictures}), {high:%} for “{best}” ({high_count}); they hold other classes, and within a class the difference may be chance.",
        "{title}：“{worst}”为 {low:%}（{low_count} 张），“{best}”为 {high:%}（{high_count} 张）；两者的类别构成不同，同一类别内的差别可能只是偶然。",
    ),
    "groups.chance": (
        "{title}: between {low:%} for “{worst}” ({low_count:picture|pictures}) and {high:%} for “{best}” ({high_count}); this may be chance (p = {p}).",
        "{title}：从“{worst}”的 {low:%}（{low_count} 张）到“{best}”的 {high:%}（{high_count} 张）；可能只是偶然（p = {p}）。",
    ),
    "groups.same": (
        "{title}: {share:%} in each of the {count:group|groups}.",
        "{title}：{count} 组的准确率都是 {share:%}。",
    ),
    "groups.none": (
        "Nothing came with these pictures to group them by. Further columns of a table beside the pictures, folders inside or above the classes, and pictures kept together are looked at, with at least 5 test pictures a value.",
        "这些图片没有附带可用来分组的信息。可用的有：图片旁表格的其他列、类别内外的文件夹，以及放在一起的图片；每个取值至少要有 5 张测试图片。",
    ),
    "groups.others": (
        "{count:test picture|test pictures} of smaller groups, or of none, are not shown.",
        "另有 {count} 张测试图片属于更小的组或没有分组，未显示。",
    ),
    "groups.head.value": ("Value", "取值"),
    "groups.head.count": ("Pictures", "图片数"),
    "groups.head.accuracy": ("Accuracy", "准确率"),
    "groups.head.interval": ("95% interval", "95% 区间"),
    "results.panel.operating_points": ("When to answer a class", "何时判为某个类别"),
    "results.panel.operating_points.help": (
        "A threshold of its own for the class that matters, and what mistakes cost",
        "为重要的类别单独设定阈值，并考虑出错的代价",
    ),
    "points.class": ("Class that matters", "重要的类别"),
    "points.threshold": ("Answer it from this probability on", "概率达到多少就判为它"),
    "points.missing": ("Missing one costs", "漏掉一张的代价"),
    "points.alarm": ("A false alarm costs", "误报一张的代价"),
    "points.cheapest": ("Cheapest threshold", "代价最低的阈值"),
    "points.find": ("Find 95% of them", "找出其中 95%"),
    "points.use": ("Use it in Predict", "用于“预测”页"),
    "points.usual": ("Half", "一半"),
    "points.recall": ("recall", "召回率"),
    "points.precision": ("precision", "精确率"),
    "points.on.test": ("test pictures", "测试图片"),
    "points.on.validation": ("validation pictures", "验证图片"),
    "points.reading": (
        "At [threshold], [found] of [pictures] test pictures of “[name]” are found; false alarms: [false]; recall [recall], precision [precision]. Mistakes cost [cost] a picture.",
        "阈值为 [threshold] 时，[pictures] 张“[name]”测试图片中找出 [found] 张，误报 [false] 张：召回率 [recall]，精确率 [precision]。平均每张图片的出错代价为 [cost]。",
    ),
    "points.note": (
        "The buttons choose on the validation pictures; what is shown is scored on the test pictures. On the command line: predict RUN --threshold CLASS=0.3",
        "按钮依据验证图片选择阈值；显示的是测试图片上的结果。命令行：predict RUN --threshold CLASS=0.3",
    ),
    "points.few": (
        "Fewer than 5 validation or test pictures of this class: these figures say little.",
        "该类别的验证或测试图片不足 5 张：数字参考价值有限。",
    ),
    "points.axis.of": ("threshold ({part})", "阈值（{part}）"),
    "error.threshold.no_class": (
        "There is no class {name!r}; a threshold is written as CLASS=0.3, with one of: {known:, }.",
        "没有类别 {name!r}；阈值写作 CLASS=0.3，类别为：{known:、}。",
    ),
    "error.threshold.number": (
        "The threshold {number!r} for {name!r} is no number from 0 to 1.",
        "{name!r} 的阈值 {number!r} 不是 0 到 1 之间的数。",
    ),
    "error.threshold.costs": (
        "The costs {numbers!r} for {name!r} are not two numbers such as 5:1, of missing one and of a false alarm.",
        "{name!r} 的代价 {numbers!r} 不是形如 5:1 的两个数（漏掉一张 : 误报一张）。",
    ),
    "error.threshold.no_logits": (
        "Run {run} kept no answers for its validation pictures; train again to choose thresholds.",
        "训练记录 {run} 没有保存验证图片的输出；请重新训练后再选择阈值。",
    ),
    "results.next": ("Next steps", "下一步"),
    "next.never_predicted": (
        "“{name}” is never predicted: look at its pictures, add more of them, or merge it with the class it is taken for.",
        "“{name}”从未被预测到：检查该类别的图片、补充更多，或与易混类别合并。",
    ),
    "next.more_of_class": (
        "Label about {extra:more picture|more pictures} of “{name}”: this should raise its F1 by {gain} points on average.",
        "再标注约 {extra} 张“{name}”：其 F1 平均预计提高 {gain} 个百分点。",
    ),
    "next.more_pictures": (
        "Label about {extra:more picture|more pictures} of all classes: this should bring {gain} points of accuracy on average.",
        "各类别共再标注约 {extra} 张图片：准确率平均预计提高 {gain} 个百分点。",
    ),
    "next.weak_class": (
        "“{name}” is found in {correct} of {count:test picture|test pictures} only, surely below the others: see how many more pictures of it would help.",
        "“{name}”的 {count} 张测试图片只认出 {correct} 张，明显低于其他类别：看看再补充多少张会有帮助。",
    ),
    "next.suspects": (
        "About {count:label|labels} may be wrong: settle them in the review before anything else is tuned.",
        "约有 {count} 个标签可能有误：先在标签复核中处理，再做其他调整。",
    ),
    "next.shortcut": (
        "The network answers by a shortcut ({place}): remove or vary it in the training pictures, or it fails on new ones.",
        "网络在走捷径（{place}）：请在训练图片中去除或打乱它，否则遇到新图片会出错。",
    ),
    "next.fragile": (
        "Small changes of the picture ({change}) cost {drop} points: train with stronger augmentation.",
        "图片的小变化（{change}）会损失 {drop} 个百分点：请用更强的数据增强训练。",
    ),
    "next.group": (
        "{column}: only {share:%} of “{name}” are right ({count:picture|pictures}), {other:%} overall: add training pictures like these.",
        "{column}：“{name}”只认对 {share:%}（{count} 张），总体为 {other:%}：请补充这类训练图片。",
    ),
    "next.together": (
        "{groups:series of pictures lies|series of pictures lie} on several sides of the split, so the score is too good: keep them together and train again.",
        "有 {groups} 个图片系列分布在划分的不同部分，成绩偏高：请把它们放在一起后重新训练。",
    ),
    "next.small_test": (
        "{count:test picture leaves|test pictures leave} the accuracy between {low:%} and {high:%}. Test all {all} instead: five trainings, each tested on another fifth (cross-validation). Or add about {extra} pictures.",
        "{count} 张测试图片只能说明准确率在 {low:%} 至 {high:%} 之间。可以改为测试全部 {all} 张：训练 5 次，每次用另外五分之一测试（交叉验证）；或再增加约 {extra} 张图片。",
    ),
    "next.few_tested": (
        "{count:test picture leaves|test pictures leave} the accuracy between {low:%} and {high:%}: about {extra} more test pictures would settle it.",
        "{count} 张测试图片只能说明准确率在 {low:%} 至 {high:%} 之间：再增加约 {extra} 张测试图片才能确定。",
    ),
    "next.more_epochs": (
        "The validation accuracy still rose by {rise} points at the end of {epochs:epoch|epochs}: train {more}.",
        "训练 {epochs} 轮结束时验证准确率仍上升了 {rise} 个百分点：请训练 {more} 轮。",
    ),
    "next.final_fit": (
        "{count:picture was|pictures were} held back for validation: train on them too, for about as long again; a part of a point on average, not every time.",
        "有 {count} 张图片留作验证：可以把它们也用于训练，用时大约翻倍；平均提升不到一个百分点，并非每次都有。",
    ),
    "next.overfitted": (
        "It knows the training pictures by heart ({train:%} against {validation:%} on validation pictures): freeze more of the network.",
        "网络记住了训练图片（训练 {train:%}，验证 {validation:%}）：请冻结更多层。",
    ),
    "next.smaller": (
        "These test pictures cannot tell {small} from {large}: take {small}, which is smaller and faster.",
        "这些测试图片分不出 {small} 与 {large} 的高下：选用更小更快的 {small}。",
    ),
    "next.go.data": ("Open the pictures", "查看图片"),
    "next.go.review": ("Review the labels", "复核标签"),
    "next.go.train": ("Set this up", "按此设置"),
    "next.go.folds": ("Test every picture", "测试每一张图片"),
    "next.go.runs": ("Compare the runs", "对比训练记录"),
    "next.go.panel": ("Show me", "查看"),
    "next.command": ("On the command line: {command}", "命令行：{command}"),
    "results.panel.map": ("Map of the pictures", "图片地图"),
    "results.panel.map.help": (
        "The pictures as the network sees them; draw around some to open them in Data",
        "网络眼中的图片；圈选一部分即可在“数据”页打开",
    ),
    "map.tsne": ("t-SNE: neighbours", "t-SNE：邻近关系"),
    "map.pca": ("PCA: {share:%} of the variance", "PCA：保留 {share:%} 的方差"),
    "map.draft": (
        "t-SNE, which shows neighbours better, is being computed and takes its place.",
        "正在计算 t-SNE（能更好地显示邻近关系），完成后会替换此图。",
    ),
    "map.kind": ("Map", "方式"),
    "map.class": ("Class", "类别"),
    "map.every": ("All classes", "全部类别"),
    "map.show": ("Pictures", "图片"),
    "map.all": ("all", "全部"),
    "map.mistakes": ("mistakes only", "仅认错的"),
    "map.select": ("Select what is shown", "选中当前显示的图片"),
    "map.clear": ("Clear", "清除"),
    "map.open": ("Open the selected in Data", "在“数据”页打开选中的图片"),
    "map.chosen": ("[count] selected", "已选 [count] 张"),
    "map.label": (
        "Map of {count:picture|pictures}, coloured by class; mistakes have a ring",
        "{count} 张图片的地图，按类别着色；认错的带圆环",
    ),
    "map.note": (
        "{count} of {total:picture|pictures}. A ring marks a picture that is named wrongly, a square one whose label the review doubts. On a t-SNE map only neighbourhoods mean something, distances and sizes of clusters do not.",
        "显示 {total} 张图片中的 {count} 张。圆环表示认错的图片，方框表示标签复核中存疑的图片。t-SNE 地图上只有邻近关系有意义，簇的大小和间距没有意义。",
    ),
}
