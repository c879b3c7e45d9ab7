"""Texts of the search for a learning rate."""

TEXT: dict[str, tuple[str, str]] = {
    "rates.suggested": (
        "Suggested learning rate: {rate}, a tenth of the rate at which the loss is lowest ({lowest}).",
        "建议的学习率：{rate}，即损失最低处的学习率（{lowest}）的十分之一。",
    ),
    "rates.none": (
        "The loss did not fall at any rate, so there is nothing to suggest: what is trained may know these pictures already. Leave the learning rate empty.",
        "在任何学习率下损失都没有下降，无法给出建议：参与训练的部分可能已经认得这些图片。学习率请留空。",
    ),
    "rates.find": ("Find a learning rate", "搜索学习率"),
    "rates.stop": ("Stop trying rates", "停止尝试学习率"),
    "rates.use": ("Use {rate}", "采用 {rate}"),
    "rates.use.plain": ("Use this rate", "采用该学习率"),
    "rates.title": ("Loss by learning rate", "不同学习率下的损失"),
    "rates.preparing": ("Getting ready, as before a run…", "正在准备（与训练前相同）……"),
    "rates.working": ("Trying learning rates: {done} of {total}", "正在尝试学习率：{done} / {total}"),
    "error.rates.training": (
        "A run is training or waiting; look for a learning rate when it has ended.",
        "有训练正在进行或排队；请在训练结束后再搜索学习率。",
    ),
    "error.rates.searching": (
        "Another search for a learning rate is at work; try again when it has ended.",
        "另一个学习率搜索正在进行；请等它结束后再试。",
    ),
    "error.rates.stopped": ("The search for a learning rate was stopped.", "学习率搜索已停止。"),
}
