"""The page of one exported model in one HTML file, which works without a network."""

TEXT: dict[str, tuple[str, str]] = {
    "onefile.drop": ("Drop a picture here", "把图片拖到这里"),
    "onefile.drop_more": ("or click to choose, or paste one", "也可以点击选择，或直接粘贴"),
    "onefile.choose": ("Choose pictures", "选择图片"),
    "onefile.camera": ("Use the camera", "使用摄像头"),
    "onefile.camera_stop": ("Stop the camera", "关闭摄像头"),
    "onefile.turn": ("Other camera", "切换摄像头"),
    "onefile.look": ("Where did it look?", "它在看哪里？"),
    "onefile.earlier": ("Earlier pictures", "之前的图片"),
    "onefile.theme": ("Light or dark", "浅色或深色"),
    "onefile.loading": ("Loading the model…", "正在加载模型……"),
    "onefile.loading_more": ("This takes a few seconds.", "需要几秒钟。"),
    "onefile.waiting": ("Ready", "准备就绪"),
    "onefile.waiting_more": ("Show it a picture.", "给它看一张图片吧。"),
    "onefile.broken": ("The model cannot run here", "模型无法在此运行"),
    "onefile.broken_more": (
        "Open this file in a current Chrome, Edge, Firefox or Safari. ({problem})",
        "请用新版 Chrome、Edge、Firefox 或 Safari 打开本文件。（{problem}）",
    ),
    "onefile.sure": ("{share} likely", "可能性 {share}"),
    "onefile.unknown": ("None of these", "都不是"),
    "onefile.unknown_more": (
        "It is unlike every picture that the model learned from. Nearest: {name}.",
        "它与模型学过的图片都不相似。最接近：{name}。",
    ),
    "onefile.speed": ("{time} ms a picture on this device", "在本设备上每张 {time} 毫秒"),
    "onefile.unreadable": (
        "This browser cannot read {name}. Use a JPEG, PNG or WebP picture.",
        "此浏览器无法读取 {name}。请使用 JPEG、PNG 或 WebP 图片。",
    ),
    "onefile.camera_never": (
        "This browser lets no page opened from a file use the camera. Try Chrome, Edge or Firefox, or choose a picture.",
        "此浏览器不允许本地文件页面使用摄像头。请改用 Chrome、Edge 或 Firefox，或选择图片。",
    ),
    "onefile.camera_denied": (
        "The camera was not allowed. Allow it in the address bar, or choose a picture.",
        "摄像头未获许可。请在地址栏中允许使用，或选择图片。",
    ),
    "onefile.camera_none": (
        "No camera was found, or another program uses it.",
        "没有找到摄像头，或摄像头正被其他程序占用。",
    ),
    "onefile.about": ("About this model", "关于此模型"),
    "onefile.private": (
        "Pictures stay on this device: this file is not allowed to connect to anything.",
        "图片不会离开本设备：本文件被禁止连接任何网络。",
    ),
    "onefile.facts": (
        "{network}, {count} classes, shown pictures of {side} × {side} px. Made with ResNet Studio {version}.",
        "{network}，{count} 个类别，输入图片 {side} × {side} 像素。由 ResNet Studio {version} 制作。",
    ),
    "onefile.weights": ("Trained from: {name}.", "训练起点：{name}。"),
    "onefile.weights_starter": (
        "Trained from the studio's starter weights, which were made on research pictures.",
        "训练起点：本工具自带的起始权重，由科研用图片训练得到。",
    ),
    "onefile.classes": ("It knows: {names}", "它认识：{names}"),
}
