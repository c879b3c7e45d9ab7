"""The sentences that read the curves: while a training runs, and after it ended."""

TEXT: dict[str, tuple[str, str]] = {
    "reading.early": (
        "Too early to say: the curves mean little before {epochs} epochs.",
        "现在下结论还早：{epochs} 轮之后曲线才有意义。",
    ),
    "reading.early.ended": (
        "Too few epochs to read a trend; train a little longer to see one.",
        "轮数太少，看不出趋势；多训练几轮再看。",
    ),
    "reading.diverging": (
        "The training loss has been running away since epoch {epoch}. Stop, and try a learning rate ten times smaller.",
        "从第 {epoch} 轮起训练损失失控上升。建议停止，把学习率降到十分之一再试。",
    ),
    "reading.diverging.ended": (
        "The training loss ran away from epoch {epoch} on. Try again with a learning rate ten times smaller.",
        "从第 {epoch} 轮起训练损失失控上升。请把学习率降到十分之一再试。",
    ),
    "reading.start": (
        "No epoch so far does better on new pictures than the model that training started from; that one is kept until one does.",
        "到目前为止，还没有一轮在新图片上超过训练开始时的模型；在被超过之前，保留的是那个模型。",
    ),
    "reading.start.ended": (
        "No epoch did better on new pictures than the model that training started from. Freeze more, lower the learning rate or add pictures.",
        "没有一轮在新图片上超过训练开始时的模型。可以多冻结几层、降低学习率或增加图片。",
    ),
    "reading.start_perfect": (
        "The model that training started from already names {accuracy:%} of the validation pictures: they cannot show any progress. It is kept unless an epoch does even better.",
        "训练开始时的模型在验证图片上已达到 {accuracy:%}：验证图片已无法反映进步。除非有一轮更好，否则保留该模型。",
    ),
    "reading.start_perfect.ended": (
        "The model that training started from already named {accuracy:%} of the validation pictures, and no epoch did better. Only more or harder pictures could show a difference now.",
        "训练开始时的模型在验证图片上已达到 {accuracy:%}，没有一轮超过它。只有更多或更难的图片才能再看出差别。",
    ),
    "reading.start_stopped": (
        "No epoch has beaten the model that training started from yet; it is too early to say why.",
        "还没有一轮超过训练开始时的模型；现在下结论还早。",
    ),
    "reading.start_stopped.ended": (
        "Training ended before it had a fair chance to beat the model that it started from, so that one is kept. Let it run longer to see what training gains.",
        "训练结束得太早，还来不及超过开始时的模型，因此保留的是那个模型。多训练几轮，才能看出训练带来的提升。",
    ),
    "reading.apart": (
        "Something is wrong: {train:%} of the training pictures are right, yet on new pictures no epoch reaches what the model had before training ({best:%} at best, {probe:%} before). Stop here. See whether training and validation pictures are of the same kind, and whether “Picture size at the start” is below “Picture size”; otherwise freeze more or lower the learning rate.",
        "情况不对：训练图片已答对 {train:%}，但在新图片上没有一轮达到训练之前的水平（最好 {best:%}，训练前 {probe:%}）。建议停止训练，检查训练图片与验证图片是否属于同一类型，以及“起始图片尺寸”是否小于“图片尺寸”；若都没有问题，可以多冻结几层或降低学习率。",
    ),
    "reading.apart.ended": (
        "Something went wrong: {train:%} of the training pictures were right in the end, yet on new pictures no epoch reached what the model had before training ({best:%} at best, {probe:%} before). See whether training and validation pictures are of the same kind, and whether “Picture size at the start” is below “Picture size”; otherwise freeze more or lower the learning rate.",
        "训练结果不对：最后训练图片答对了 {train:%}，但在新图片上没有一轮达到训练之前的水平（最好 {best:%}，训练前 {probe:%}）。请检查训练图片与验证图片是否属于同一类型，以及“起始图片尺寸”是否小于“图片尺寸”；若都没有问题，可以多冻结几层或降低学习率。",
    ),
    "reading.guessing": (
        "No better than guessing ({chance:%}) so far. Check that pictures and classes match; if they do, train more of the network or raise the learning rate.",
        "目前和随机猜测（{chance:%}）差不多。请检查图片与类别是否对应；若无误，可让更多层参与训练或提高学习率。",
    ),
    "reading.guessing.ended": (
        "It never did better than guessing ({chance:%}). Check that pictures and classes match; if they do, train more of the network or raise the learning rate.",
        "准确率始终和随机猜测（{chance:%}）差不多。请检查图片与类别是否对应；若无误，可让更多层参与训练或提高学习率。",
    ),
    "reading.overfitting": (
        "Overfitting since epoch {since}: it gets better on training pictures and worse on new ones. The best so far (epoch {epoch}, {accuracy:%}) is kept; you can stop here. Next time freeze more, augment more or add pictures.",
        "从第 {since} 轮起出现过拟合：训练图片上越来越好，新图片上却变差。目前最好的模型（第 {epoch} 轮，{accuracy:%}）已保留，现在就可以停止。下次可以多冻结几层、加强数据增强或增加图片。",
    ),
    "reading.overfitting.ended": (
        "It overfitted from epoch {since} on; the best epoch was {epoch}, with {accuracy:%}. To get further, freeze more, augment more or add pictures.",
        "从第 {since} 轮起出现过拟合；最好的是第 {epoch} 轮（{accuracy:%}）。想更进一步，可以多冻结几层、加强数据增强或增加图片。",
    ),
    "reading.plateau": (
        "Settled: nothing gained on new pictures in the last {epochs} epochs. Best {accuracy:%} at epoch {epoch}; you can stop here. More pictures or a deeper network would help more than more epochs.",
        "已趋于平稳：最近 {epochs} 轮在新图片上没有进步。最好成绩是第 {epoch} 轮的 {accuracy:%}，现在就可以停止。比起增加轮数，增加图片或换更深的网络更有效。",
    ),
    "reading.plateau.ended": (
        "It settled at {accuracy:%} (epoch {epoch}): the last {epochs} epochs gained nothing on new pictures. More pictures or a deeper network would help more than more epochs.",
        "稳定在 {accuracy:%}（第 {epoch} 轮）：最后 {epochs} 轮在新图片上没有进步。比起增加轮数，增加图片或换更深的网络更有效。",
    ),
    "reading.underfitting": (
        "Settled too low: even the training pictures are not learned, best {accuracy:%} at epoch {epoch}. Train more of the network, augment less or raise the learning rate.",
        "过早停滞：连训练图片也没学好，最好成绩是第 {epoch} 轮的 {accuracy:%}。可以让更多层参与训练、减弱数据增强或提高学习率。",
    ),
    "reading.underfitting.ended": (
        "It settled too low: even the training pictures were not learned, best {accuracy:%} at epoch {epoch}. Train more of the network, augment less or raise the learning rate.",
        "过早停滞：连训练图片也没学好，最好成绩是第 {epoch} 轮的 {accuracy:%}。可以让更多层参与训练、减弱数据增强或提高学习率。",
    ),
    "reading.learning": (
        "Learning: it still gets better on new pictures. Best so far {accuracy:%} at epoch {epoch}.",
        "正在进步：在新图片上仍越来越好。目前最好成绩是第 {epoch} 轮的 {accuracy:%}。",
    ),
    "reading.learning.ended": (
        "It was still getting better at the end, {accuracy:%} at epoch {epoch}: more epochs may gain more.",
        "直到最后仍在进步，第 {epoch} 轮达到 {accuracy:%}：增加轮数可能会更好。",
    ),
    "reading.perfect": (
        "All validation pictures were right at epoch {epoch}: they cannot show any further progress.",
        "第 {epoch} 轮验证图片全部答对：它们已无法反映进一步的提升。",
    ),
    "reading.perfect.ended": (
        "At epoch {epoch} all validation pictures were right. Only more or harder pictures could show a difference now.",
        "第 {epoch} 轮时验证图片全部答对。只有更多或更难的图片才能再看出差别。",
    ),
    "reading.steady": (
        "Nothing gained on new pictures for a few epochs; best {accuracy:%} at epoch {epoch}. Give it a few more.",
        "最近几轮在新图片上没有进步；最好成绩是第 {epoch} 轮的 {accuracy:%}。可以再等几轮看看。",
    ),
    "reading.steady.ended": (
        "It levelled off, with little change towards the end; best {accuracy:%} at epoch {epoch}.",
        "已接近平稳，最后几轮变化不大；最好成绩是第 {epoch} 轮的 {accuracy:%}。",
    ),
    "reading.losses": (
        "Why is the training loss above the validation loss? {reasons}. That is normal: compare each line with itself over time, not one with the other.",
        "为什么训练损失高于验证损失？{reasons}。这是正常现象：请看每条曲线自身的变化，不要互相比较。",
    ),
    "reading.losses.join": ("; ", "；"),
    "reading.losses.augmentation": (
        "training pictures are shown cropped and changed, which makes them harder",
        "训练图片经过裁剪和变换，更难识别",
    ),
    "reading.losses.mix": ("training pictures are mixed with each other", "训练图片会互相混合"),
    "reading.losses.smoothing": (
        "with label smoothing even a perfect answer costs something in training",
        "使用标签平滑时，训练中即使答对也有一定损失",
    ),
    "reading.losses.dropout": (
        "part of the features is dropped while training",
        "训练时会随机丢弃一部分特征",
    ),
    "reading.losses.adversarial": (
        "training pictures are disturbed on purpose",
        "训练图片会被加入对抗扰动",
    ),
    "reading.losses.time": (
        "the training loss is the mean over an epoch, the validation loss is taken at its end, when the network is better",
        "训练损失是整轮的平均值，而验证损失在每轮结束、网络更好时计算",
    ),
    "reading.losses.got_it": ("Got it, don’t show this again", "知道了，不再显示"),
}
