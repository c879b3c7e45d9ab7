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
    "shell.zoom.enlarge": ("Enlarge", "放大"),
    "shell.zoom.close": ("Close", "关闭"),
    "shell.zoom.previous": ("Previous picture", "上一张"),
    "shell.zoom.next": ("Next picture", "下一张"),
    "shell.drop.data": ("Drop a folder or a zip to use its pictures", "松开即可使用文件夹或 zip 中的图片"),
    "shell.drop.test": (
        "Drop a folder or a zip to test the model on its pictures",
        "松开即可用文件夹或 zip 中的图片测试模型",
    ),
    "shell.drop.predict": ("Drop pictures to ask the model about them", "松开即可让模型识别这些图片"),
    "shell.error": ("That did not work", "没有成功"),
    "shell.unexpected": (
        "Something unexpected went wrong in the studio; try again. If it happens again, the server's log says why.",
        "程序内部出现意外错误，请重试。如再次出现，可在服务器日志中查看原因。",
    ),
    "shell.wrong_host": (
        "This studio does not answer to the name {host}; if that name is right, start it with --allowed-host {host}.",
        "本程序不响应 {host} 这个地址；如果该地址无误，请在启动时加上 --allowed-host {host}。",
    ),
    "shell.wrong_origin": (
        "This request came from another site and was refused; open the studio's own page. Behind a proxy, start the "
        "studio with --trusted-proxy and the proxy's address.",
        "该请求来自其他网站，已被拒绝；请直接打开本程序的页面。如果中间有反向代理，请在启动时用 --trusted-proxy 指定代理的地址。",
    ),
    "shell.uploads_busy": (
        "Very many pictures are being sent at this moment; wait a little and try again.",
        "当前正在上传的图片过多；请稍候再试。",
    ),
    "shell.upload_silent": (
        "Nothing more came of what was being sent; check the network and try again.",
        "上传中断，没有再收到数据；请检查网络后重试。",
    ),
    "shell.event_too_large": (
        "More was sent at once than the page ever does; choose fewer pictures, or a zip of them.",
        "一次发送的内容过多；请减少图片数量，或改用 zip 压缩包。",
    ),
    "shell.closed": ("There is nothing at this address.", "这个地址没有内容。"),
    "shell.not_a_file": (
        "A file was sent where none is expected; reload the page and try again.",
        "在不接受文件的地方收到了文件；请刷新页面后重试。",
    ),
    "shell.not_text": (
        "A text was sent that contains a character which does not exist; reload the page and try again.",
        "收到的文本中包含无效字符；请刷新页面后重试。",
    ),
    "shell.phone": ("On a phone", "在手机上打开"),
    "shell.phone.open": (
        "On a phone or another computer in the same network: {address}",
        "同一网络中的手机或其他电脑请打开：{address}",
    ),
    "shell.phone.warning": (
        "Its browser will warn once that the connection is not private, because this computer made the certificate "
        "itself. Choose “Advanced”, then “Continue”; on an iPhone “Show Details”, then “visit this website”.",
        "首次打开时，浏览器会提示连接不是私密连接，因为证书由本机自行生成。请选择“高级”，再选择“继续前往”；"
        "在 iPhone 上请点按“显示详细信息”，再点按“访问此网站”。",
    ),
    "shell.phone.off": (
        "Phones and other computers can use their camera here once ResNet Studio is started with “ui --https”.",
        "用 “ui --https” 启动 ResNet Studio 后，手机和其他电脑就能在这里使用摄像头。",
    ),
    "shell.serving": (
        "ResNet Studio is at {address} (Ctrl-C ends it; runs are saved and can be resumed).",
        "ResNet Studio 已启动：{address}（按 Ctrl-C 退出；训练进度会保存，可继续训练）。",
    ),
    "error.shell.incomplete": (
        "Something that this needs was not sent along; reload the page and try again.",
        "请求中缺少所需的内容；请刷新页面后重试。",
    ),
    "error.shell.too_long": (
        "More was sent than this takes, at most {most} KB; reload the page and try again.",
        "发送的内容超出了 {most} KB 的上限；请刷新页面后重试。",
    ),
    "error.shell.port_busy": (
        "Port {port} is used by another program; choose another one with --port, or leave it out to take a free one.",
        "端口 {port} 已被其他程序占用；请用 --port 指定其他端口，或不指定以自动选择空闲端口。",
    ),
    "error.shell.allowed_host": (
        "{name} is no host name; give --allowed-host a name such as studio.example.org, without a port or a path.",
        "{name} 不是有效的主机名；--allowed-host 应为类似 studio.example.org 的名称，不带端口和路径。",
    ),
    "error.shell.trusted_proxy": (
        "{address} is no IP address; give --trusted-proxy the proxy's address or network, such as 127.0.0.1 or 10.0.0.0/8.",
        "{address} 不是有效的 IP 地址；--trusted-proxy 应为代理的地址或网段，例如 127.0.0.1 或 10.0.0.0/8。",
    ),
    "error.shell.operators": (
        "{address} is no IP address; give --metrics an address or network that may read /metrics, such as 127.0.0.1 or 10.0.0.0/8.",
        "{address} 不是有效的 IP 地址；--metrics 应为可读取 /metrics 的地址或网段，例如 127.0.0.1 或 10.0.0.0/8。",
    ),
    "shell.not_operator": (
        "Only this machine may read this; let others with --metrics and their address, such as that of Prometheus.",
        "只有本机可以读取；如需允许其他地址（例如 Prometheus 所在的地址），请在启动时用 --metrics 指定。",
    ),
    "error.shell.root_path": (
        "{path} is no path; give --root-path what stands between the host and the page, such as /lab/studio.",
        "{path} 不是有效的路径；--root-path 应为域名之后、页面之前的部分，例如 /lab/studio。",
    ),
    "error.shell.no_port": (
        "Every port from {first} to {last} is used by another program; choose one with --port.",
        "从 {first} 到 {last} 的端口都已被占用；请用 --port 指定一个端口。",
    ),
}
