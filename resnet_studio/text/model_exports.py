"""Models for other programs: what can go wrong."""

TEXT: dict[str, tuple[str, str]] = {
    "error.export.no_format": (
        "There is no format {name!r}; choose from {known}.",
        "没有 {name!r} 这种格式；可选：{known}。",
    ),
    "error.export.not_installed": (
        "The format {name} needs packages that are not installed; run: pip install {packages}",
        "导出 {name} 需要尚未安装的软件包；请运行：pip install {packages}",
    ),
    "error.export.not_in_timm": (
        "timm knows networks with the standard stem and one linear layer as head alone; export this model as "
        "safetensors, pt2 or onnx instead.",
        "timm 只支持标准输入层加单层线性分类头的网络；请改用 safetensors、pt2 或 onnx 格式导出。",
    ),
    "error.export.no_calibration": (
        "An 8-bit file needs some of the run's training pictures to choose its ranges by, and they are gone; export "
        "it as onnx instead.",
        "生成 8 位文件需要用部分训练图片来确定数值范围，但这些图片已不存在；请改用 onnx 格式导出。",
    ),
    "error.export.folder_in_use": (
        "The folder {path!r} holds other files; name one that does not exist yet.",
        "文件夹 {path!r} 中已有其他文件；请指定一个尚不存在的文件夹。",
    ),
    "error.export.disagrees": (
        "The {format} file was not kept: it agrees with the studio on {agreement:%} of {pictures:picture|pictures} only. "
        "Choose another format, and please report this.",
        "未保留该 {format} 文件：在 {pictures} 张图片上，它与本工具的结果一致率仅为 {agreement:%}。请改用其他格式，并向我们反馈。",
    ),
    "error.export.loses": (
        "The {format} file was not kept: rounding costs too much accuracy, {accuracy:%} against {app:%}. Export the model "
        "as onnx instead.",
        "未保留该 {format} 文件：量化造成的准确率损失过大（{accuracy:%}，原为 {app:%}）。请改用 onnx 格式导出。",
    ),
    "error.export.unreadable": (
        "The {format} file was not kept: it answered none of the pictures. Choose another format, and please report this.",
        "未保留该 {format} 文件：它对所有图片都没有给出结果。请改用其他格式，并向我们反馈。",
    ),
    "error.export.does_not_run": (
        "The file {file!r} was not kept: it cannot be run here ({problem}). Choose another format, or --no-check.",
        "未保留文件 {file!r}：它在本机无法运行（{problem}）。请改用其他格式，或使用 --no-check。",
    ),
    "error.export.no_certificate": (
        "There is no sound certificate beside {file!r}; export the model again.",
        "{file!r} 旁没有有效的证书；请重新导出模型。",
    ),
    "error.export.changed": (
        "The file {file!r} is not the one that its certificate was made for; export the model again.",
        "文件 {file!r} 与其证书不符，可能已被改动；请重新导出模型。",
    ),
}
