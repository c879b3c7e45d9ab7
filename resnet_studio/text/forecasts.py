"""Texts of how long a training will take."""

TEXT: dict[str, tuple[str, str]] = {
    "train.time": (
        "About {time} on this machine, {epochs:epoch|epochs} at {size} px.",
        "在本机约需 {time}，{size} 像素，共 {epochs} 轮。",
    ),
    "train.time.minutes": ("{count} min", "{count} 分钟"),
    "train.time.hours": ("{count:hour|hours}", "{count} 小时"),
    "train.time.cycles": (
        "Mostly about {time} on this machine for {first:epoch|epochs} at {size} px; about {longest} where these still gain and it goes on to {epochs}.",
        "在本机通常约需 {time}（训练 {first} 轮，{size} 像素）；若届时仍有提升，则训练到 {epochs} 轮，约需 {longest}。",
    ),
    "train.time.cycles.same": (
        "Mostly about {time} on this machine for {first:epoch|epochs} at {size} px; not much longer where these still gain and it goes on to {epochs}.",
        "在本机通常约需 {time}（训练 {first} 轮，{size} 像素）；若届时仍有提升，则训练到 {epochs} 轮，用时相差不多。",
    ),
    "train.time.not_timed": (
        "No training has been timed here yet: it may well take half or twice as long.",
        "本机还没有训练过，实际用时可能只有一半，也可能多一倍。",
    ),
    "train.time.again": (
        "Training on the validation pictures too takes about {time} more at most.",
        "把验证图片也用于训练，最多再需约 {time}。",
    ),
}
