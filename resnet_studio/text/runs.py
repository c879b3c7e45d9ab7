"""Who started a run, and what it is called."""

TEXT: dict[str, tuple[str, str]] = {
    "whose.here": ("started in this browser", "由本浏览器启动"),
    "whose.elsewhere": ("started in another browser", "由其他浏览器启动"),
    "whose.program": ("started outside the page", "在网页之外启动"),
    "whose.stop.title": ("Stop a run that is not yours?", "停止别人的训练？"),
    "whose.stop.text": (
        "This run was not started in this browser: somebody else may be waiting for it. Its best model so far is kept.",
        "这个训练不是由本浏览器启动的，可能有人正在等它。到目前为止的最佳模型会保留。",
    ),
    "whose.stop.yes": ("Stop it", "停止训练"),
    "whose.stop.no": ("Let it run", "让它继续"),
    "whose.pause.title": ("Pause a run that is not yours?", "暂停别人的训练？"),
    "whose.pause.text": (
        "This run was not started in this browser: somebody else may be waiting for it. It is saved and can be resumed.",
        "这个训练不是由本浏览器启动的，可能有人正在等它。训练会被保存，之后可以继续。",
    ),
    "whose.pause.yes": ("Pause it", "暂停训练"),
    "whose.pause.no": ("Let it run", "让它继续"),
    "runs.weights.run": ("Model of “{name}”", "“{name}”的模型"),
    "error.run.no_name": (
        "A run needs a name of at least one character.",
        "训练记录的名称不能为空。",
    ),
    "error.run.long_name": (
        "This name is too long; use at most {most:character|characters}.",
        "名称太长；最多 {most} 个字符。",
    ),
    "error.run.long_note": (
        "This note is too long; use at most {most:character|characters}.",
        "备注太长；最多 {most} 个字符。",
    ),
    "error.run.not_yours": (
        "This run was not started in this browser; confirm that you want to end it.",
        "这个训练不是由本浏览器启动的；请确认要结束它。",
    ),
}
