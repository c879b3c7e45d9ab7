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
    "error.rates.stopped": ("The search for a learning rate was stopped.", "学习率的寻找已停止。"),
}
