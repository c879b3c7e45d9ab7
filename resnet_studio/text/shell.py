"""Texts of the frame around the tabs, and of starting and ending the server."""

TEXT: dict[str, tuple[str, str]] = {
    "shell.tab.data": ("Data", "数据"),
    "shell.tab.train": ("Train", "训练"),
    "shell.tab.results": ("Results", "结果"),
    "shell.tab.predict": ("Predict", "预测"),
    "shell.tab.runs": ("Runs", "训练记录"),
    "shell.language": ("Language", "语言"),
    "shell.theme": ("Light or dark", "浅色或深色"),
    "shell.machine": ("Computes on", "计算设备"),
    "shell.cpu": ("CPU, {cores:core|cores}", "CPU，{cores} 核"),
    "shell.skip": ("Skip to the content", "跳到正文"),
    "shell.error": ("That did not work", "没有成功"),
    "shell.unexpected": (
        "Something unexpected went wrong in the studio; try again. If it happens again, the server's log says why.",
        "程序内部出现意外错误，请重试。如再次出现，可在服务器日志中查看原因。",
    ),
    "shell.wrong_host": (
        "This studio answers only at 127.0.0.1 and localhost; start it with --host to reach it by another name.",
        "本程序只响应 127.0.0.1 和 localhost；如需用其他地址访问，请在启动时使用 --host。",
    ),
    "shell.wrong_origin": (
        "This request came from another site and was refused; open the studio's own page.",
        "该请求来自其他网站，已被拒绝；请直接打开本程序的页面。",
    ),
    "shell.serving": (
        "ResNet Studio is at {address} (Ctrl-C ends it; runs are saved and can be resumed).",
        "ResNet Studio 已启动：{address}（按 Ctrl-C 退出；训练进度会保存，可继续训练）。",
    ),
    "error.shell.port_busy": (
        "Port {port} is used by another program; choose another one with --port, or leave it out to take a free one.",
        "端口 {port} 已被其他程序占用；请用 --port 指定其他端口，或不指定以自动选择空闲端口。",
    ),
    "error.shell.no_port": (
        "Every port from {first} to {last} is used by another program; choose one with --port.",
        "从 {first} 到 {last} 的端口都已被占用；请用 --port 指定一个端口。",
    ),
}
