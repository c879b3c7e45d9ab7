"""Words about where a network looked: heat maps on the page and from the command line."""

TEXT: dict[str, tuple[str, str]] = {
    "error.explain.no_layer": (
        "There is no stage {name}. Choose one of {known:, }.",
        "没有名为 {name} 的阶段。可选：{known:、}。",
    ),
    "error.explain.no_class": (
        "The model has no class {name}. It knows {known:, }.",
        "模型没有类别 {name}。它认识：{known:、}。",
    ),
    "error.explain.too_many": (
        "{count:picture|pictures} are too many for one file. Give at most {most}.",
        "{count} 张图片放进一个文件太多了。最多 {most} 张。",
    ),
    "explain.sheet.map": ("What speaks for {name}", "支持“{name}”的地方"),
    "heat.switch": ("Show where it looked", "显示它看了哪里"),
    "heat.strength": ("How strongly the heat map covers the picture", "热力图盖住图片的程度"),
    "heat.which": ("For which class", "针对哪个类别"),
    "heat.which.said": ("its answer", "它的回答"),
    "heat.which.true": ("the true class", "真实类别"),
    "heat.legend.cold": ("little", "少"),
    "heat.legend.hot": ("much", "多"),
    "heat.legend": (
        "Bright places speak most for the class. It shows where the network found its evidence, not why that counts, "
        "and it is coarse: it cannot outline an object. No bright place: nothing speaks for it. Grey: not shown to the network.",
        "越亮的地方越支持这个类别。它显示网络在哪里找到依据，而不解释这些依据为什么有效；它也比较粗略，不能勾出物体的轮廓。"
        "没有亮处：没有支持它的依据。灰色：没有给网络看的部分。",
    ),
    "heat.of": ("What speaks for {name}", "支持“{name}”的地方"),
    "heat.choose": ("Show what speaks for {name}", "显示支持“{name}”的地方"),
    "heat.live": ("Where it looks", "它在看哪里"),
    "heat.live.help": (
        "Bright places speak most for the answer; the map is coarse and follows the camera.",
        "越亮的地方越支持这个回答；热力图比较粗略，跟随摄像头画面变化。",
    ),
    "results.panel.robustness": ("How it bears small changes", "能承受多少小变化"),
    "results.panel.robustness.help": (
        "light, blur, noise, compression, turns: accuracy under each, and the worst one with pictures",
        "光线、模糊、噪点、压缩、旋转：各种变化下的准确率，以及影响最大的变化和例图",
    ),
    "robustness.caption": ("Accuracy after each change", "每种变化之后的准确率"),
    "robustness.change": ("Change", "变化"),
    "robustness.mild": ("mild", "轻微"),
    "robustness.strong": ("strong", "强烈"),
    "robustness.mild.how": ("already mild", "轻微的"),
    "robustness.strong.how": ("strong", "强烈的"),
    "robustness.clean": ("as they are", "原图"),
    "robustness.darker": ("Darker", "变暗"),
    "robustness.brighter": ("Brighter", "变亮"),
    "robustness.contrast": ("Less contrast", "对比度降低"),
    "robustness.colour": ("Warmer light", "光线偏暖"),
    "robustness.blur": ("Blur", "模糊"),
    "robustness.noise": ("Noise", "噪点"),
    "robustness.jpeg": ("JPEG compression", "JPEG 压缩"),
    "robustness.turn": ("Turned", "旋转"),
    "robustness.nearer": ("Nearer", "拉近"),
    "robustness.darker.how": ("darkening", "变暗"),
    "robustness.brighter.how": ("brightening", "变亮"),
    "robustness.contrast.how": ("loss of contrast", "对比度降低"),
    "robustness.colour.how": ("warm light", "暖光"),
    "robustness.blur.how": ("blur", "模糊"),
    "robustness.noise.how": ("noise", "噪点"),
    "robustness.jpeg.how": ("JPEG compression", "JPEG 压缩"),
    "robustness.turn.how": ("turning", "旋转"),
    "robustness.nearer.how": ("zooming in", "拉近"),
    "robustness.worst": (
        "Most harmful is {strength} {change}: of {count:test picture|test pictures}, {before:%} are right as they are "
        "and {after:%} after it.",
        "影响最大的是{strength}{change}：{count} 张测试图片中，原图答对 {before:%}，变化后答对 {after:%}。",
    ),
    "robustness.fragile": (
        "Even mild {change} leaves {after:%}. If new pictures will look like that, add some of them, or train with "
        "stronger augmentation.",
        "即使是轻微的{change}也只剩 {after:%}。如果以后的图片会是这样，请补充这类图片，或用更强的数据增强训练。",
    ),
    "robustness.none": (
        "None of these changes surely costs accuracy: of {count:test picture|test pictures}, {accuracy:%} are right as "
        "they are, and about as many after each change.",
        "没有哪种变化确定会降低准确率：{count} 张测试图片中，原图答对 {accuracy:%}，各种变化后也差不多。",
    ),
    "robustness.note": (
        "Bars: 95% intervals for {count:picture|pictures}, drawn evenly from all classes. Bold: what costs most. The changes "
        "are made to what the network sees.",
        "横条：{count} 张图片（各类别均匀抽取）的 95% 置信区间。粗体：影响最大的变化。变化施加在网络看到的画面上。",
    ),
    "robustness.examples": ("Right before, wrong after: {change}", "原本正确、变化后出错：{change}"),
    "robustness.before": ("Before", "变化前"),
    "robustness.after": ("After", "变化后"),
    "robustness.right": ("right", "正确"),
}
