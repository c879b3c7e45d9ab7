"""Learning from other models and with fewer parameters: distillation, pruning, adapters, pretraining."""

TEXT: dict[str, tuple[str, str]] = {
    "config.group.distillation": ("Learning from other models", "向其他模型学习"),
    "config.teacher": ("Teacher", "教师模型"),
    "config.teacher.help": (
        "A run, or several with commas between them, whose answers are learnt beside the labels (distillation); their classes must be the same",
        "除标签外还学习该训练记录（可用逗号分隔多个）的模型的回答（知识蒸馏）；类别必须相同",
    ),
    "config.teacher.none": ("None", "无"),
    "config.teacher_weight": ("Weight of the teacher", "教师的权重"),
    "config.teacher_weight.help": (
        "The share of the loss that asks for the teacher's answer; the rest asks for the label",
        "损失中学习教师回答所占的比例；其余部分学习标签",
    ),
    "config.temperature": ("Temperature of the teacher", "教师的温度"),
    "config.temperature.help": (
        "The higher, the more counts which wrong classes the teacher finds likely",
        "越高，教师认为哪些错误类别较有可能就越重要",
    ),
    "config.unlabelled": ("Pictures without labels", "无标签图片"),
    "config.unlabelled.help": (
        "More pictures of the same kinds, which the teacher alone labels: own (those that came with the data set), dataset:ID, or a folder",
        "由教师标注的更多同类图片：own（数据集自带的无标签图片）、dataset:ID 或一个文件夹",
    ),
    "config.unlabelled.none": ("None", "无"),
    "config.unlabelled.own": ("Those of this data set", "本数据集自带的"),
    "error.config.unlabelled": (
        "The setting {field} needs a teacher: it alone says what is on pictures without labels. Choose a teacher, or {field} none.",
        "设置项{field}需要教师模型：无标签图片上是什么只有教师知道。请选择教师，或把{field}设为 none。",
    ),
    "error.teacher.classes": (
        "{teacher!r} cannot teach this: these classes are known only to it or only to the data set: {classes:, }. Choose a run with the same classes.",
        "{teacher!r} 不能做教师：以下类别只有它或只有数据集才有：{classes:、}。请选择类别相同的训练记录。",
    ),
    "error.unlabelled.none": (
        "{name!r} came without unlabelled pictures; name a folder or another data set instead.",
        "{name!r} 不含无标签图片；请改为指定一个文件夹或另一个数据集。",
    ),
    "error.unlabelled.folder": (
        "There is no folder {folder!r} with pictures without labels; check its path.",
        "找不到存放无标签图片的文件夹 {folder!r}；请检查路径。",
    ),
    "error.unlabelled.empty": (
        "There are no usable pictures without labels in {folder!r}; choose another folder or data set.",
        "{folder!r} 中没有可用的无标签图片；请选择其他文件夹或数据集。",
    ),
    "note.taught": (
        "{count:picture without a label is|pictures without a label are} learnt from the teacher, beside {labelled} with labels.",
        "除 {labelled} 张有标签的图片外，还从教师那里学习 {count} 张无标签图片。",
    ),
    "config.keep_channels": ("Channels kept", "保留的通道"),
    "config.keep_channels.help": (
        "Below 1, the least important channels inside the blocks of the trained stages are taken out of the starting weights (pruning): a smaller and faster network, which training then heals",
        "小于 1 时，从初始权重中去掉参与训练的各阶段残差块内最不重要的通道（剪枝）：网络更小更快，再由训练恢复精度",
    ),
    "config.prune_by": ("Importance of a channel", "通道的重要程度"),
    "config.prune_by.help": (
        "By its scale in BatchNorm, over all stages together, or by the sum of its absolute weights, the same share in each layer",
        "按 BatchNorm 的缩放系数（所有阶段一起比较），或按权重绝对值之和（每层保留相同比例）",
    ),
    "config.prune_by.batchnorm": ("BatchNorm scale", "BatchNorm 缩放系数"),
    "config.prune_by.l1": ("Sum of weights (L1)", "权重绝对值之和（L1）"),
    "error.prune.groups": (
        "Channels of {network} cannot be taken out one by one, as its convolutions have groups; choose a plain, wide or squeeze-and-excitation ResNet.",
        "{network} 使用分组卷积，无法逐个去掉通道；请选择普通、加宽或带 SE 模块的 ResNet。",
    ),
    "error.prune.nothing": (
        "With the head alone in training no channel would be taken out; unfreeze a stage, or keep all channels.",
        "只训练分类头时不会去掉任何通道；请解冻某个阶段，或保留全部通道。",
    ),
    "robustness.attacked.trained": (
        "Trained against attacks that move each pixel by up to {levels:.1f} of 255 levels: under such an attack, {one:%} of {count} pictures are right after one step (FGSM) and {several:%} after five (PGD; 95% interval {low:%} to {high:%}), {clean:%} without.",
        "本模型针对每个像素最多改变 {levels:.1f}（共 255 级）的攻击训练过：在这种攻击下，{count} 张图片中一步（FGSM）后正确 {one:%}，五步（PGD）后正确 {several:%}（95% 区间 {low:%} 至 {high:%}），无攻击时 {clean:%}。",
    ),
    "robustness.attacked.untrained": (
        "An attack that knows the network and moves each pixel by up to {levels:.1f} of 255 levels, which nobody sees, leaves {one:%} of {count} pictures right after one step (FGSM) and {several:%} after five (PGD; 95% interval {low:%} to {high:%}), instead of {clean:%}.",
        "了解网络的攻击把每个像素最多改变 {levels:.1f}（共 255 级，肉眼看不出）：{count} 张图片中一步（FGSM）后正确 {one:%}，五步（PGD）后正确 {several:%}（95% 区间 {low:%} 至 {high:%}），无攻击时 {clean:%}。",
    ),
    "robustness.attacked.help": (
        "Adversarial training, among all settings, is what helps.",
        "“全部设置”里的对抗训练可以改善。",
    ),
    "error.prune.features": (
        "Channels cannot be taken out of a network whose head sees layer3 too; train one with features layer4 first.",
        "分类头同时使用 layer3 特征的网络不能去掉通道；请先用 features layer4 训练。",
    ),
    "error.prune.share": (
        "Keep a share of the channels below 1, not {keep}; 0.7 keeps seven of ten.",
        "保留通道的比例应小于 1，而不是 {keep}；0.7 表示保留十分之七。",
    ),
    "error.pretrain.file": (
        "{file!r} has to end in .safetensors, as that is what is written.",
        "{file!r} 必须以 .safetensors 结尾，因为写入的就是这种文件。",
    ),
    "error.pretrain.few": (
        "Only {count:picture|pictures} could be read, and {fewest} are the least to learn anything from.",
        "只能读取 {count} 张图片，至少需要 {fewest} 张才能学到东西。",
    ),
    "error.pretrain.batch": (
        "What a network learns without labels depends on the other pictures of a batch; set the batch size to 2 or more.",
        "不使用标签的学习依赖同一批次中的其他图片；请把批大小设为 2 或更大。",
    ),
    "error.pretrain.stopped": (
        "It was stopped before the first epoch was over, so that nothing was written; start it again.",
        "第一轮结束之前就停止了，因此没有写入任何文件；请重新开始。",
    ),
    "pretrain.done": (
        "Weights from {pictures:picture|pictures} without labels, {epochs:epoch|epochs}: {file}. Train from them with --weights {file}.",
        "已用 {pictures} 张无标签图片训练 {epochs} 轮，得到权重：{file}。训练时用 --weights {file} 作为初始权重。",
    ),
    "pretrain.collapsed": (
        "The network answers all pictures alike, so that these weights are of no use ({pictures:picture|pictures}, {epochs:epoch|epochs}: {file}). Try more pictures, larger batches or fewer epochs.",
        "网络对所有图片的输出几乎相同，这些权重没有用处（{pictures} 张图片，{epochs} 轮：{file}）。请增加图片、加大批次或减少轮数。",
    ),
    "prune.name": ("{name}, {keep:%} of its channels", "{name}，保留 {keep:%} 的通道"),
    "prune.said": (
        "{parameters:%} of the parameters and {work:%} of the work are left; a picture takes {after:.1f} ms instead of {before:.1f} in batches.",
        "保留了 {parameters:%} 的参数和 {work:%} 的计算量；成批时每张图片用时由 {before:.1f} 毫秒变为 {after:.1f} 毫秒。",
    ),
    "prune.accuracy": (
        "Test accuracy {before:%} before, {after:%} after.",
        "测试准确率：之前 {before:%}，之后 {after:%}。",
    ),
    "note.pruned": (
        "{gone:channel was|channels were} taken out of the blocks: {before:.1f} million parameters became {after:.1f} million.",
        "从残差块中去掉了 {gone} 个通道：参数由 {before:.1f} 百万减少到 {after:.1f} 百万。",
    ),
    "export.fewer_channels": ("fewer channels inside of the residual blocks", "残差块内的通道较少"),
    "train.teacher.study": ("The {count} runs of {name} together", "{name} 的 {count} 次训练一起"),
    "train.unlabelled.own": ("The {count} unlabelled ones of this data set", "本数据集的 {count} 张无标签图片"),
    "train.unlabelled.set": ("All of {name} ({count})", "{name} 的全部图片（{count} 张）"),
    "error.page_train.unlabelled": (
        "Choose pictures without labels from the list; a folder is named on the command line.",
        "请从列表中选择无标签图片；文件夹只能在命令行中指定。",
    ),
    "note.seen_before.test": (
        "{count} of the {total:test picture|test pictures} went into the training of {names:, }, which this one starts from or is taught by: the test accuracy here is probably too high. Train with the seed and the split of that run, or test on other pictures.",
        "{total} 张测试图片中有 {count} 张曾用于训练 {names:、}，而本次训练以它为初始权重或教师，因此这里的测试准确率可能偏高。请使用与它相同的随机种子和划分，或用其他图片测试。",
    ),
    "note.seen_before.validation": (
        "{count} of the {total:validation picture|validation pictures} went into the training of {names:, }, which this one starts from or is taught by: the validation accuracy here is probably too high, and tells the best epoch less well.",
        "{total} 张验证图片中有 {count} 张曾用于训练 {names:、}，而本次训练以它为初始权重或教师，因此这里的验证准确率可能偏高，挑选最佳轮次也不够可靠。",
    ),
    "config.pretrain_epochs": ("Learn from unlabelled pictures first: epochs", "先从无标签图片中学习：轮数"),
    "config.pretrain_epochs.help": (
        "0: no. Else the starting weights learn from training pictures and those without a label before training, labels unseen (SimSiam): usually 100 epochs, each about twice as long as one that trains all stages. No gain has been shown here yet",
        "0：不学习。否则在训练前，初始权重先从训练图片和无标签图片中学习，不看标签（SimSiam）：通常 100 轮，每轮用时约为训练全部阶段一轮的两倍。目前尚未证明能提高准确率",
    ),
    "note.pretrained": (
        "Before training, the network learnt for {epochs:epoch|epochs} from {pictures:picture|pictures} without using labels; {unlabelled} of them have none.",
        "训练之前，网络在不使用标签的情况下从 {pictures} 张图片中学习了 {epochs} 轮，其中 {unlabelled} 张没有标签。",
    ),
    "note.pretrained.collapsed": (
        "Before training, the network learnt for {epochs:epoch|epochs} from {pictures:picture|pictures} without using labels, {unlabelled} of which have none, and now answers all pictures nearly alike: these starting weights are of little use. Try more pictures or fewer epochs, or train without it.",
        "训练之前，网络在不使用标签的情况下从 {pictures} 张图片（其中 {unlabelled} 张没有标签）中学习了 {epochs} 轮，但现在对所有图片的输出几乎相同：这样的初始权重用处不大。请增加图片、减少轮数，或不使用这一步。",
    ),
    "train.pretrain.info": (
        "Without labels (SimSiam); 0 is no, 100 is usual and slow: each takes about two epochs of all stages. No gain shown yet",
        "不使用标签（SimSiam）；0 为不用，通常 100 轮，较慢：每轮约等于训练全部阶段两轮。目前尚未证明有提升",
    ),
    "live.preparing.simsiam": (
        "The network learns without labels: {done} of {total:epoch|epochs} done",
        "网络正在不使用标签地学习：已完成 {done} / {total} 轮",
    ),
    "live.preparing.simsiam.start": ("The network learns without labels", "网络正在不使用标签地学习"),
    "live.preparing.teachers": (
        "The teacher looks at pictures without labels: {done} of {total}",
        "教师正在查看无标签图片：{done} / {total}",
    ),
    "live.preparing.teachers.start": ("The teacher looks at pictures without labels", "教师正在查看无标签图片"),
}
