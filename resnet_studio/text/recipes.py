"""Names of the recipes, and one sentence on each: when to take it, and why."""

TEXT: dict[str, tuple[str, str]] = {
    "recipes.label": ("Recipe", "方案"),
    "recipes.help": ("Fills in all settings; change any later", "一次填好全部设置，之后可再修改"),
    "recipes.own": ("Your own settings", "自定义设置"),
    "recipes.own.why": (
        "These settings match none of the recipes; choose one to start from it.",
        "当前设置不属于任何方案；可选择一个方案作为起点。",
    ),
    "recipes.quick-probe": ("Quick probe", "快速试探"),
    "recipes.quick-probe.why": (
        "Trains the head alone for a few epochs, to see within a minute or two whether the classes can be told apart.",
        "只训练分类头、只训练几轮，一两分钟内就能看出各类别是否分得开。",
    ),
    "recipes.balanced": ("Balanced", "均衡"),
    "recipes.balanced.why": (
        "The defaults: how much is trained, and for how long, follows from your pictures and this machine.",
        "默认设置：训练多少层、训练多久，由你的图片和本机决定。",
    ),
    "recipes.best-accuracy": ("Best accuracy", "最高准确率"),
    "recipes.best-accuracy.why": (
        "Trains the whole network for longer and on larger pictures; pays off with hundreds of pictures a class, and takes time or a GPU.",
        "用更大的图片、更多轮次训练整个网络；每类有数百张图片时最划算，需要较长时间或一块 GPU。",
    ),
    "recipes.tiny-data": ("Very few pictures", "图片极少"),
    "recipes.tiny-data.why": (
        "For fewer than 20 pictures a class: most of the network stays frozen, and everything works against learning the pictures by heart.",
        "适合每类不足 20 张图片：冻结大部分网络，并用多种手段防止死记硬背。",
    ),
    "recipes.textbook": ("Textbook fine-tuning", "教科书式微调"),
    "recipes.textbook.why": (
        "ResNet-50 the way tutorials teach it, SGD with a rate that drops in steps: a known baseline to compare with; the ImageNet weights are downloaded if they are missing.",
        "按教程的经典做法微调 ResNet-50（SGD、阶梯式学习率），适合作为对比基线；本机没有 ImageNet 权重时会先下载。",
    ),
    "recipes.hidden-head": ("Feature extractor, hidden layer of 1,024", "特征提取 + 1024 单元隐藏层"),
    "recipes.hidden-head.why": (
        "The network stays as it is and a head with a hidden layer learns from its features: fast, and stronger than a linear head where classes overlap.",
        "网络保持不变，在它提取的特征上训练一个带隐藏层的分类头：速度快，类别相近时比线性分类头更强。",
    ),
    "recipes.cifar10-fast": ("CIFAR-10, ResNet-18 from scratch", "CIFAR-10：从零训练 ResNet-18"),
    "recipes.cifar10-fast.why": (
        "The quick way to a good network for tens of thousands of 32 px pictures: large batches and one cycle of a high learning rate, in 20 epochs.",
        "面向数万张 32 像素图片的快速做法：大批次配合 One cycle 高学习率，20 轮即可得到不错的网络。",
    ),
    "recipes.cifar10-textbook": ("CIFAR-10, textbook", "CIFAR-10：教科书做法"),
    "recipes.cifar10-textbook.why": (
        "Close to the paper that introduced ResNets: plain SGD for 100 epochs, its rate cut to a tenth after epoch 40 and again after epoch 80; slow, and easy to compare.",
        "贴近提出 ResNet 的原论文：用普通 SGD 训练 100 轮，第 40 轮和第 80 轮后学习率各降为十分之一；较慢，但便于与文献对比。",
    ),
    "error.recipe.unknown": (
        "There is no recipe {name!r}; choose one of: {allowed:, }.",
        "没有名为“{name}”的方案；可选：{allowed:、}。",
    ),
}
