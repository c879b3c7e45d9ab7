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
    "results.panel.robustness": ("How it copes with small changes", "对细微变化的适应力"),
    "results.panel.robustness.help": (
        "Light, blur, noise, compression, turns: accuracy under each, and the worst one with pictures",
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
    "results.panel.shortcut": ("Does it look at the right thing?", "它看的是对的东西吗？"),
    "results.panel.shortcut.help": (
        "What happens without what it looked at, without corners, border or colour, and where a mark gives a class away",
        "遮住它看的地方、角落、边框或去掉颜色会怎样，以及是否有标记泄露了类别",
    ),
    "shortcut.called.place": (
        "{place} gives “{name}” away: put into pictures of other classes, it turned {followed} of {count} answers into "
        "“{name}”. Look there in the training pictures for a mark, a date, a scale or a frame, and crop it or mix it "
        "over all classes.",
        "{place}泄露了“{name}”：把它换到其他类别的图片里，{count} 个回答中有 {followed} 个变成了“{name}”。请检查训练图片的这个位置是否有标记、"
        "日期、比例尺或边框，裁掉它，或让各类别都有。",
    ),
    "shortcut.called.cast": (
        "The colour of the light gives “{name}” away: pictures of other classes with its colour cast were called "
        "“{name}” in {followed} of {count} cases. Take pictures of all classes in the same light, or train with colour "
        "augmentation.",
        "光线的颜色泄露了“{name}”：其他类别的图片换上它的色调后，{count} 张中有 {followed} 张被认作“{name}”。请在同样的光线下拍摄所有类别，"
        "或用颜色增强训练。",
    ),
    "shortcut.none": (
        "No sign of a shortcut at the rim or in the colours: no corner, edge, border or colour cast gives a class away. "
        "Blurring what it looked at costs {looked}, as much elsewhere {other}.",
        "边缘和颜色里没有发现“捷径”：没有角落、边、边框或色调泄露类别。模糊它看的地方，准确率{looked}；模糊别处同样大小的地方，准确率{other}。",
    ),
    "shortcut.costs": ("{count:point|points}", "下降 {count} 个百分点"),
    "shortcut.costs.nothing": ("nothing", "没有下降"),
    "shortcut.caption": ("Accuracy without each part of the pictures", "去掉图片的各个部分之后的准确率"),
    "shortcut.without": ("Without", "去掉"),
    "shortcut.accuracy": ("Accuracy", "准确率"),
    "shortcut.key.plain": ("no sure loss", "没有确定的损失"),
    "shortcut.key.bad": ("sure loss", "确定有损失"),
    "shortcut.without.looked": ("What it looked at (blurred)", "它看的地方（模糊）"),
    "shortcut.without.random": ("As much elsewhere (blurred)", "别处同样大小（模糊）"),
    "shortcut.without.elsewhere": ("All but what it looked at (blurred)", "除它看的地方之外（模糊）"),
    "shortcut.without.top_left": ("Top left corner", "左上角"),
    "shortcut.without.top_right": ("Top right corner", "右上角"),
    "shortcut.without.bottom_left": ("Bottom left corner", "左下角"),
    "shortcut.without.bottom_right": ("Bottom right corner", "右下角"),
    "shortcut.without.border": ("Border", "边框"),
    "shortcut.without.grey": ("Colour (grey instead)", "颜色（改为灰度）"),
    "shortcut.exchanges": ("Which place convinces of which class", "哪个位置让它相信是哪个类别"),
    "shortcut.exchanges.help": (
        "Each place was exchanged for that of a picture of another class. Of the pictures that were not called that class "
        "before, so many were called so afterwards; the class that most followed.",
        "把每个位置换成另一个类别的图片的同一位置。原本不被认作该类别的图片中，有这么多之后被认作该类别；这里列出跟随最多的类别。",
    ),
    "shortcut.place": ("Place", "位置"),
    "shortcut.class": ("Class", "类别"),
    "shortcut.followed": ("Answers that followed", "跟随的回答"),
    "shortcut.of": ("{followed} of {count} ({share:%})", "{count} 中的 {followed}（{share:%}）"),
    "shortcut.place.top_left": ("The top left corner", "左上角"),
    "shortcut.place.top_right": ("The top right corner", "右上角"),
    "shortcut.place.bottom_left": ("The bottom left corner", "左下角"),
    "shortcut.place.bottom_right": ("The bottom right corner", "右下角"),
    "shortcut.place.top": ("The top edge", "上边"),
    "shortcut.place.bottom": ("The bottom edge", "下边"),
    "shortcut.place.left": ("The left edge", "左边"),
    "shortcut.place.right": ("The right edge", "右边"),
    "shortcut.place.border": ("The border", "边框"),
    "shortcut.place.cast": ("The colour cast", "色调"),
    "shortcut.note": (
        "It finds marks at the rim and in the colours; one that lies upon the things themselves looks like a part of them.",
        "它能发现边缘和颜色里的标记；位于物体本身上的标记看起来就像物体的一部分，无法区分。",
    ),
    "shortcut.bars": (
        "Bars: 95% intervals of the change on the same {count:picture|pictures}.",
        "横条：同样 {count} 张图片上变化的 95% 置信区间。",
    ),
}
