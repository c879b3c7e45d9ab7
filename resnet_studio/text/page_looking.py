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
}
