"""The Predict tab: model, picture in, verdict out; many pictures."""

TEXT: dict[str, tuple[str, str]] = {
    "predict.model": ("Model", "模型"),
    "predict.model.run": ("{name} · {score} · {when}", "{name} · {score} · {when}"),
    "predict.model.import": ("{name} · imported", "{name} · 导入"),
    "predict.model.training": ("still training", "训练中"),
    "predict.model.about": (
        "{network} · {classes:class|classes}",
        "{network} · {classes} 个类别",
    ),
    "predict.more": ("Several models, thresholds", "多个模型、阈值"),
    "predict.more.others": ("Answer together with", "与这些模型共同回答"),
    "predict.more.others.help": (
        "The answer is the mean of their calibrated probabilities. Only models that know the same classes are offered.",
        "答案为各模型校准后概率的平均值。仅列出类别相同的模型。",
    ),
    "predict.more.untested": (
        "What they cost and gain together is known only of models that were trained and tested here.",
        "只有在这里训练并测试过的模型，才能得知合在一起的代价与收益。",
    ),
    "predict.more.thresholds": ("Answer a class from this probability on", "概率达到多少才判为该类别"),
    "predict.more.thresholds.help": (
        "Empty: the likeliest class is answered. Low finds more of a class, high only sure ones; Results shows what each costs.",
        "留空：回答概率最高的类别。数值低可找出更多该类图片，数值高则只取有把握的；“结果”页显示各阈值的代价。",
    ),
    "predict.more.left": (
        "{count:further class|further classes}: on the command line, with --threshold.",
        "另有 {count} 个类别：请在命令行使用 --threshold。",
    ),
    "predict.together": (
        "The mean of {count:model|models}. Where they looked is the mean of their heat maps.",
        "这是 {count} 个模型的平均结果。“看哪里”显示的是各模型热力图的平均。",
    ),
    "predict.threshold": (
        "Its threshold of {threshold:%} decided; “{likeliest}” is likelier.",
        "由 {threshold:%} 的阈值判定；概率最高的是“{likeliest}”。",
    ),
    "predict.many.thresholds": ("from {threshold:%} on: {name}", "达到 {threshold:%} 即判为：{name}"),
    "predict.model.answers_only": (
        "An ONNX file only answers: heat maps, fine-tuning and exports need the model’s weights.",
        "ONNX 文件只能用于识别；热力图、微调和导出需要模型权重。",
    ),
    "predict.import": ("Import a model", "导入模型"),
    "predict.imported": ("{name} was imported.", "已导入 {name}。"),
    "predict.none.title": ("No model yet", "还没有模型"),
    "predict.none.text": (
        "Train one first, or import one: a .safetensors or .onnx file that ResNet Studio has made, or a ResNet of torchvision "
        "or timm or another .onnx image classifier, together with a text file of its classes, a line each.",
        "请先训练一个模型，或导入一个：ResNet Studio 生成的 .safetensors 或 .onnx 文件，或 torchvision、timm 的 ResNet、其他 .onnx "
        "图片分类模型及其类别名称文本（每行一个）。",
    ),
    "predict.tab.one": ("A picture", "单张图片"),
    "predict.tab.live": ("Live", "实时"),
    "predict.live.start": ("Start the camera", "打开摄像头"),
    "predict.live.stop": ("Stop the camera", "关闭摄像头"),
    "predict.live.freeze": ("Freeze", "定格"),
    "predict.live.go_on": ("Go on", "继续"),
    "predict.live.turn": ("Other camera", "切换摄像头"),
    "predict.live.hint": (
        "The model answers what the camera sees, several times a second.",
        "模型会连续识别摄像头看到的画面，每秒数次。",
    ),
    "predict.live.sure": ("{name}", "{name}"),
    "predict.live.rate": ("{rate} answers a second", "每秒 {rate} 次识别"),
    "predict.live.starting": ("Looking…", "正在识别……"),
    "predict.live.denied": (
        "The browser may not use the camera. Allow it in the address bar, then try again.",
        "浏览器未获准使用摄像头。请在地址栏中允许使用，然后重试。",
    ),
    "predict.live.none": (
        "No camera was found, or another program uses it.",
        "未找到摄像头，或摄像头正被其他程序占用。",
    ),
    "predict.live.insecure": (
        "The camera works only over https or on the computer that runs ResNet Studio: start it with “ui --https”.",
        "摄像头只能通过 https 或在运行 ResNet Studio 的电脑上使用：请用 “ui --https” 启动。",
    ),
    "predict.live.lost": (
        "The server does not answer. The camera goes on asking it.",
        "服务器没有响应，摄像头会继续重试。",
    ),
    "predict.live.ended": (
        "The camera was unplugged, or another program took it. Start it again when it is back.",
        "摄像头已断开或被其他程序占用。恢复后请重新打开。",
    ),
    "predict.tab.draw": ("Draw", "手绘"),
    "predict.tab.many": ("Many pictures", "批量图片"),
    "predict.picture": ("Picture", "图片"),
    "predict.tries.title": ("Test pictures to try", "用测试图片试试"),
    "predict.tries.text": (
        "The model has not learned from these; each is named by its folder.",
        "模型没有学过这些图片；下方是图片所在文件夹的名称。",
    ),
    "predict.tries.others": ("Show others", "换一批"),
    "predict.tries.one": ("Try this picture of class {name}", "试试这张“{name}”类图片"),
    "predict.tries.draw": ("Draw one yourself", "自己画一个"),
    "error.predict.try_gone": (
        "The test pictures of this model are no longer there; choose a picture of your own.",
        "该模型的测试图片已不存在；请选择自己的图片。",
    ),
    "predict.webcam.insecure": (
        "The camera works only over https or on the computer that runs ResNet Studio. Upload or paste a picture "
        "instead, or start the studio with --https.",
        "摄像头只能通过 https 或在运行 ResNet Studio 的电脑上使用。请上传或粘贴图片，或使用 --https 启动。",
    ),
    "predict.draw.hint": ("Draw here", "在这里画"),
    "predict.draw.label": (
        "Drawing area: draw with mouse, pen or finger",
        "画板：用鼠标、触控笔或手指绘制",
    ),
    "predict.draw.undo": ("Undo", "撤销"),
    "predict.draw.clear": ("Clear", "清除"),
    "predict.draw.paper": ("Invert", "反色"),
    "predict.draw.width": ("Brush", "笔刷"),
    "predict.draw.centred": (
        "The drawing is centred before the model sees it.",
        "绘制的内容会先居中，再交给模型。",
    ),
    "predict.files": ("Pictures, or a zip of them", "图片，或包含图片的 zip"),
    "predict.waiting.title": ("What is it?", "这是什么？"),
    "predict.waiting.text": (
        "Drop, paste (Ctrl+V) or photograph something; the answer appears here.",
        "拖入、粘贴（Ctrl+V）或拍一张图片，答案会显示在这里。",
    ),
    "predict.waiting.draw": (
        "Draw something; the answer follows the pen.",
        "画点什么，答案会随笔更新。",
    ),
    "predict.waiting.many": (
        "Choose pictures, or a zip of them; each gets its answer in a table here.",
        "选择多张图片或一个 zip，这里会用表格列出每张的答案。",
    ),
    "predict.waiting.knows": ("This model can tell apart:", "这个模型能区分："),
    "predict.knows": (
        "It knows only these {count:class|classes} and always names one of them, even for a picture of something else.",
        "它只认识这 {count} 个类别；即使图片是别的东西，也会从中选一个。",
    ),
    "predict.verdict.sure.note": ("sure", "确定"),
    "predict.verdict.likely": ("Probably {name}", "很可能是 {name}"),
    "predict.verdict.likely.note": ("likely", "很可能"),
    "predict.verdict.unsure": ("Perhaps {name}", "也许是 {name}"),
    "predict.verdict.unsure.note": ("unsure", "不确定"),
    "predict.verdict.unknown": ("None of these", "都不是"),
    "predict.verdict.unknown.note": ("none of these", "都不是"),
    "predict.verdict.unknown.text": (
        "Unlike all the pictures it was trained on. The nearest class would be {name}.",
        "与训练过的图片都不像。最接近的类别是 {name}。",
    ),
    "predict.knows.unlike": (
        "It knows only these {count:class|classes}. A picture unlike all it was trained on is called “none of these”.",
        "它只认识这 {count} 个类别。与训练图片都不像的图片会被判为“都不是”。",
    ),
    "predict.verdict.unrated": ("Looks like {name}", "看起来是 {name}"),
    "predict.verdict.unrated.note": ("not rated", "未评级"),
    "predict.unrated": (
        "The test had too few answers like this one to say how far it can be trusted.",
        "测试中类似的答案太少，无法说明这个答案有多可靠。",
    ),
    "predict.misleading": (
        "Around here the percentages differ from how often such answers were right in the test: compare them with each "
        "other rather than take them as odds.",
        "在这个范围内，百分比与测试中的实际正确率有出入：适合相互比较，不宜当作真实概率。",
    ),
    "predict.verdict.unsure.second": ("It could also be {name}.", "也可能是 {name}。"),
    "predict.record": (
        "Of {count:test answer|test answers} with a similar percentage, {right} were right.",
        "测试中百分比相近的 {count} 个答案里，有 {right} 个是对的。",
    ),
    "predict.uncalibrated": (
        "The percentages come straight from the network and are not calibrated: compare them with each other rather "
        "than take them as odds.",
        "百分比直接来自网络，未经校准：适合相互比较，不宜当作真实概率。",
    ),
    "predict.others": ("{count:other class|other classes}", "其余 {count} 个类别"),
    "predict.bars": ("Probability of each class", "各类别的概率"),
    "predict.unlabelled": (
        "Name the {count:picture|pictures} without labels of “{name}”",
        "识别“{name}”中 {count} 张没有标签的图片",
    ),
    "predict.loading": ("Loading the model", "正在加载模型"),
    "predict.table.counts": ("How often each class was named", "各类别出现的次数"),
    "predict.table.unsure.flag": ("unsure", "不确定"),
    "predict.table.nearest": ("nearest: {name}", "最接近：{name}"),
    "predict.table.picture": ("Picture", "图片"),
    "predict.table.enlarge": ("Enlarge {name}", "放大 {name}"),
    "predict.table.answer": ("Answer", "答案"),
    "predict.table.share": ("Probability", "概率"),
    "predict.table.second": ("Runner-up", "次选"),
    "predict.table.caption": ("Answers for all pictures", "全部图片的答案"),
    "predict.table.failed": ("{count:file|files} could not be read", "{count} 个文件无法读取"),
    "predict.table.unsure": ("{count:answer is|answers are} unsure", "{count} 个答案不确定"),
    "error.predict.drawing": (
        "The drawing could not be read; clear it and draw again.",
        "无法读取绘制的内容；请清除后重新绘制。",
    ),
    "error.predict.gone": (
        "This model is no longer there; choose another one.",
        "该模型已不存在；请选择其他模型。",
    ),
    "error.unknown.running": (
        "Run {run!r} has not finished; choose what counts as none of these when it has.",
        "训练 {run!r} 尚未完成；请在完成后再设置“都不是”的判断。",
    ),
    "error.unknown.not_yours": (
        "Only the browser that started this run, or somebody at this machine, can change that; the model is as it was.",
        "只有启动这次训练的浏览器或本机用户才能更改此项；模型未变。",
    ),
    "error.unknown.unusable": (
        "{file!r} cannot tell pictures of no class from those it knows, so “none of these” stays off; train from other starting weights.",
        "{file!r} 无法把不属于任何类别的图片与已知图片区分开，因此“都不是”保持关闭；请换用其他初始权重重新训练。",
    ),
    "error.unknown.none": (
        "{file!r} cannot tell pictures unlike all it was trained on: it was trained before the studio learned that, or on too few; train again.",
        "{file!r} 无法识别与训练图片都不像的图片：它由较早版本训练，或训练图片太少；请重新训练。",
    ),
    "error.predict.no_model": (
        "There is no model to ask yet; train one first, or import one.",
        "还没有可用的模型；请先训练或导入一个。",
    ),
    "error.predict.no_pictures": (
        "None of these files is a picture; choose JPEG, PNG, WebP, AVIF, TIFF, JPEG 2000, BMP, GIF or Netpbm files, or a zip of them.",
        "这些文件都不是图片；请选择 JPEG、PNG、WebP、AVIF、TIFF、JPEG 2000、BMP、GIF 或 Netpbm 文件，或包含它们的 zip。",
    ),
}
