"""What a run says of itself on the way."""

TEXT: dict[str, tuple[str, str]] = {
    "note.diverged": (
        "The loss became NaN or infinite at step {step}; the last good model is kept. Try a lower learning rate.",
        "训练在第 {step} 步发散（损失变为 NaN 或无穷大）；已保留最后一个正常的模型。请试试更小的学习率。",
    ),
    "note.features.both": (
        "The head sees the features of layer3 and layer4: by {folds}-fold cross-validation on {pictures:training picture|training pictures}, {both} were right with both and {layer4} with layer4 alone.",
        "分类头使用 layer3 和 layer4 的特征：在 {pictures} 张训练图片上做 {folds} 折交叉验证，两者一起答对 {both} 张，只用 layer4 答对 {layer4} 张。",
    ),
    "note.features.layer4": (
        "The head sees the features of layer4 alone: by {folds}-fold cross-validation on {pictures:training picture|training pictures}, {layer4} were right with them, and no more ({both}) with those of layer3 beside them.",
        "分类头只使用 layer4 的特征：在 {pictures} 张训练图片上做 {folds} 折交叉验证，只用 layer4 答对 {layer4} 张，加上 layer3 并没有更多（{both} 张）。",
    ),
    "note.cycle.goes_on": (
        "Of the first {epochs:epoch|epochs}, the last {half} still gained {gain:validation picture|validation pictures} of {pictures}: the training goes on, up to {planned} epochs.",
        "前 {epochs} 轮中，最后 {half} 轮在 {pictures} 张验证图片里仍多答对 {gain} 张：训练继续，最多 {planned} 轮。",
    ),
    "note.cycle.nothing_more": (
        "Stopped after {epochs} of {planned:planned epoch|planned epochs}: nothing more came. The last {half:epoch|epochs} gained {gain:validation picture|validation pictures} of {pictures}; one may be chance. Set “Epochs before it is decided to go on” to 0 to train all of them.",
        "计划 {planned} 轮，训练 {epochs} 轮后停止：不再有提升。最后 {half} 轮在 {pictures} 张验证图片里只多答对 {gain} 张，一张之差可能只是偶然。把“先训练的轮数”设为 0，即可训练全部轮次。",
    ),
    "note.halfway": (
        "The model is the mean of the weights before and after fine-tuning, so that no epoch has to be chosen: it has {right} of {pictures:validation picture|validation pictures} right, epoch {epoch}, the best, {of_epoch}; a difference of up to five may be chance. Set “Mean with the start” to no to keep the best epoch.",
        "模型采用微调前后权重的平均，因此无需挑选某一轮：{pictures} 张验证图片中答对 {right} 张，最佳的第 {epoch} 轮答对 {of_epoch} 张，相差五张以内可能只是偶然。如要保留最佳一轮，请将“与起点取平均”设为“否”。",
    ),
    "note.halfway.probe": (
        "The model is the mean of the weights before and after fine-tuning, so that no epoch has to be chosen: it has {right} of {pictures:validation picture|validation pictures} right, the linear probe, which was the best, {of_epoch}; a difference of up to five may be chance. Set “Mean with the start” to no to keep the best.",
        "模型采用微调前后权重的平均，因此无需挑选某一轮：{pictures} 张验证图片中答对 {right} 张，成绩最佳的线性探针答对 {of_epoch} 张，相差五张以内可能只是偶然。如要保留最佳者，请将“与起点取平均”设为“否”。",
    ),
    "note.halfway.kept": (
        "The model is that of epoch {epoch}, the best, and not the mean of the weights before and after fine-tuning: it has {of_epoch} of {pictures:validation picture|validation pictures} right, the mean {right}.",
        "模型采用最佳的第 {epoch} 轮，而没有采用微调前后权重的平均：{pictures} 张验证图片中，前者答对 {of_epoch} 张，后者答对 {right} 张。",
    ),
    "note.halfway.kept.probe": (
        "The model is the linear probe, which was the best, and not the mean of the weights before and after fine-tuning: it has {of_epoch} of {pictures:validation picture|validation pictures} right, the mean {right}.",
        "模型采用成绩最佳的线性探针，而没有采用微调前后权重的平均：{pictures} 张验证图片中，前者答对 {of_epoch} 张，后者答对 {right} 张。",
    ),
    "note.halfway.none": (
        "“Mean with the start” had no effect: it needs stages that are fine-tuned from pretrained weights, without adversarial training.",
        "“与起点取平均”没有起作用：只有从预训练权重开始微调网络的若干阶段、且不用对抗训练时才有效。",
    ),
    "note.pseudo_labelled": (
        "{count} of {total} training pictures have a label that a model gave, and no person has checked.",
        "{total} 张训练图片中有 {count} 张的标签由模型给出，未经人工核对。",
    ),
    "note.out_of_memory": (
        "Memory ran out; training continues in micro-batches of {size:picture|pictures} with accumulated gradients.",
        "内存不足；训练改为每次处理 {size} 张图片并累积梯度，继续进行。",
    ),
    "note.test_pictures_gone": (
        "None of the {count:test picture|test pictures} can be read any more; the model is finished and was not tested.",
        "{count} 张测试图片均已无法读取；模型已训练完成，但未经测试。",
    ),
    "note.outside_gone": (
        "None of the {count:picture|pictures} of “{name}” that the model was to be tested on can be read any more.",
        "原定用于测试的“{name}”中的 {count} 张图片均已无法读取。",
    ),
    "note.outside_near": (
        "Not tested on “{name}”: {count:picture|pictures} there, and so all that could be scored, are near-duplicates of pictures in your set.",
        "未用“{name}”测试：那里能用于测试的 {count} 张图片都与训练用的数据集里的图片近似重复。",
    ),
    "note.test_pictures_left_out": (
        "{count} of {total:test picture|test pictures} cannot be read any more; the model was tested on the others.",
        "{total} 张测试图片中有 {count} 张已无法读取；模型已用其余图片测试。",
    ),
    "note.final_fit_stopped": (
        "Stopped while it was trained on the validation pictures too: the model is the one from before. Resume the run to complete that.",
        "在把验证图片也用于训练的过程中停止：保留的是此前的模型。恢复这次训练即可继续完成。",
    ),
    "note.final_fit_skipped": (
        "It was not trained on the validation pictures too, since the training did not come to its own end: how many epochs are right is not settled.",
        "训练没有正常结束，尚不能确定合适的轮数，因此没有把验证图片也用于训练。",
    ),
    "note.not_compiled": (
        "The network could not be compiled and trains as it is, a little slower ({reason}).",
        "网络编译未成功，将按原样继续训练，速度略慢（{reason}）。",
    ),
    "note.pictures.as_they_were": (
        "{count:picture has|pictures have} changed or gone since this training began ({names:, }{more}); it goes on with them as they were then.",
        "自训练开始以来，有 {count} 张图片被更改或已不存在（{names:、}{more}）；训练仍使用它们当时的内容。",
    ),
    "note.pictures.left_out": (
        "{count:picture has|pictures have} changed or gone since this training began ({names:, }{more}); it goes on without them.",
        "自训练开始以来，有 {count} 张图片被更改或已不存在（{names:、}{more}）；训练将不再使用它们。",
    ),
    "note.plan.random_convolutions": (
        "The convolutions start at random and are not trained, so expect little: train all parameters, or choose pretrained starting weights.",
        "卷积层是随机权重，又不参与训练，效果会很差；请训练全部参数，或选用预训练的初始权重。",
    ),
    "note.plan.head_alone_tuned": (
        "The head alone is trained at this freeze level, so that nothing comes of tuning BatchNorm, biases or adapters: unfreeze a stage for them.",
        "在这个冻结级别下只训练分类头，因此只调 BatchNorm、偏置或适配器不起作用；请解冻某个阶段。",
    ),
    "note.plan.random_frozen": (
        "The frozen stages keep the random weights they start with, so expect little: freeze nothing, or choose pretrained starting weights.",
        "冻结的阶段会一直保持随机权重，效果会很差；请不要冻结任何阶段，或选用预训练的初始权重。",
    ),
    "note.plan.never_unfrozen": (
        "With {epochs:epoch|epochs}, these stages are never trained: {stages:, }. Unfreezing one every {every:epoch|epochs} takes at least {needed:epoch|epochs} to reach all.",
        "训练 {epochs} 轮来不及解冻以下阶段，它们不会被训练：{stages:、}。每 {every} 轮解冻一个，全部解冻至少需要 {needed} 轮。",
    ),
    "note.plan.few_to_choose_by": (
        "There are so few validation pictures that the best epoch is a matter of chance: once trained, the network is trained again on them too, for as many epochs. Set “Train on validation pictures too” to no to leave that out.",
        "验证图片太少，哪一轮最好全凭运气：训练结束后，将把它们也用于训练，重新训练同样多的轮次。如不需要，请将“确定后把验证图片也用于训练”设为“否”。",
    ),
    "note.plan.balanced": (
        "The largest class has {ratio:.0f} times the pictures of the smallest, so rare classes count more: each class weighs the same in the loss and in the choice of the best epoch. Set class weighting to none to leave that out.",
        "图片最多的类别是最少的 {ratio:.0f} 倍，因此少见的类别权重更高：计算损失和挑选最佳轮次时，各类别同等重要。如不需要，请将类别加权设为“不加权”。",
    ),
    "note.plan.adjusted": (
        "The largest class has {ratio:.0f} times the pictures of the smallest, so rare classes are asked a larger lead in training: they are found more often, common ones a little less often. The probabilities are as if all classes were equally frequent. Set class weighting to none to leave that out.",
        "图片最多的类别是最少的 {ratio:.0f} 倍，因此训练时要求少见类别有更大的领先：它们会更多地被找出，常见类别则略少。给出的概率相当于各类别同样常见。如不需要，请将类别加权设为“不加权”。",
    ),
    "note.plan.wide": (
        "Only the middle square of each picture is looked at, {share:.0%} of a typical one. If what matters can lie at the ends, set “Fit to the square” to Pad.",
        "每张图片只看中间的正方形，约占典型图片的 {share:.0%}。如果重要内容可能靠近两端，请把“长宽比处理”设为“加边”。",
    ),
    "note.plan.mirrored": (
        "By their names, these classes are mirror images of each other, so training pictures are not mirrored: {pairs:, }.",
        "从名称看，以下类别互为左右镜像，因此训练图片不会左右翻转：{pairs:、}。",
    ),
    "note.mirrored": (
        "Mirrored, pictures of these classes look like each other’s, so training pictures are not mirrored in this run: {pairs:, }.",
        "以下类别的图片左右翻转后彼此相像，因此本次训练不做左右翻转：{pairs:、}。",
    ),
    "note.plan.full_views": (
        "Pictures have {size} px from the start, not {asked}: what the frozen stages make of them is stored once and cannot grow, and stages trained at another size than they are used at do worse.",
        "图片从一开始就是 {size} 像素，而不是 {asked} 像素：冻结阶段的输出只计算一次，尺寸无法再增大，而训练尺寸与使用尺寸不同会降低准确率。",
    ),
    "error.diverged": (
        "The loss became NaN or infinite before any epoch gave a usable model; train again with a lower learning rate.",
        "还没有得到可用的模型，损失就变成了 NaN 或无穷大；请用更小的学习率重新训练。",
    ),
    "error.out_of_memory": (
        "Even {size:picture does|pictures do} not fit into memory at once. Choose smaller pictures, a shallower network or a higher freeze level, or train on the CPU.",
        "即使每次只处理 {size} 张图片，内存也不够。请减小图片尺寸、换更浅的网络、多冻结几层，或改用 CPU 训练。",
    ),
    "error.unexpected": (
        "Something went wrong inside the studio ({kind}); the run can be resumed, and its log has the details.",
        "程序内部出错（{kind}）；可以继续该训练，详情见其日志。",
    ),
    "error.training.class_unreadable": (
        "No training picture of {name!r} can be decoded; replace the damaged files of that class.",
        "类别“{name}”的训练图片都无法解码；请替换该类别中损坏的文件。",
    ),
    "error.training.class_changed": (
        "All training pictures of {name!r} have changed or gone since this training began: put the original files back, or start a new training.",
        "自训练开始以来，类别“{name}”的训练图片全部被更改或已不存在：请放回原来的文件，或重新开始训练。",
    ),
    "error.training.validation_changed": (
        "All validation pictures have changed or gone since this training began: put the original files back, or start a new training.",
        "自训练开始以来，验证图片全部被更改或已不存在：请放回原来的文件，或重新开始训练。",
    ),
    "error.training.part_unreadable": (
        "None of the pictures to evaluate on can be decoded; replace the damaged files.",
        "用于评估的图片都无法解码；请替换损坏的文件。",
    ),
    "error.plan.batch_of_one": (
        "At this picture size the last maps of the network are a single pixel, and BatchNorm cannot learn from one picture at a time: set the batch size to 2 or more, or the picture size to {side} px or more.",
        "在这个图片尺寸下，网络最后的特征图只有 1 个像素，BatchNorm 无法从单张图片学习：请把批大小设为 2 或更大，或把图片尺寸设为 {side} 像素或更大。",
    ),
    "error.plan.stem.small": (
        "These starting weights fit the standard stem, not the small one; set the stem to auto, or start from scratch.",
        "这些初始权重适用于标准起始层，不适用于“小图”起始层；请将起始层设为自动，或从零开始训练。",
    ),
    "error.plan.stem.standard": (
        "These starting weights fit the small stem, not the standard one; set the stem to auto, or start from scratch.",
        "这些初始权重适用于“小图”起始层，不适用于标准起始层；请将起始层设为自动，或从零开始训练。",
    ),
    "error.device.unknown": (
        "There is no device called {device!r}; use auto, cpu, cuda or mps.",
        "没有名为 {device!r} 的设备；请使用 auto、cpu、cuda 或 mps。",
    ),
    "error.device.missing": (
        "This machine has no {device!r}; use auto, or cpu.",
        "本机没有 {device!r}；请使用 auto 或 cpu。",
    ),
    "note.groups.near": (
        "{groups:group|groups} of near-duplicates ({pictures:picture|pictures}) were found; each stays in one part of the split.",
        "发现 {groups} 组近似重复的图片（{pictures} 张）；每组都划分到同一个集合。",
    ),
    "note.groups.whole_class": (
        "All pictures of {count:class|classes} ({classes:, }) are alike or in one group; they had to be split all the same, so scores for {count:this class|these classes} say little.",
        "有 {count} 个类别（{classes:、}）的图片彼此近似或属于同一组，仍不得不拆分；这些类别的成绩参考价值有限。",
    ),
}
