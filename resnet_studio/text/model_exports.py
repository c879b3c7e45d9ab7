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
    "error.export.push_format": (
        "Only a Hugging Face folder can be pushed; add --format huggingface.",
        "只有 Hugging Face 文件夹可以上传；请加上 --format huggingface。",
    ),
    "error.export.no_token": (
        "There is no Hugging Face token; run `hf auth login`, or set HF_TOKEN.",
        "没有 Hugging Face 令牌；请运行 `hf auth login`，或设置 HF_TOKEN。",
    ),
    "error.export.repository": (
        "{name!r} is no name for a repository on the Hub; use YOU/NAME, in letters, digits, '-', '_' and '.'.",
        "{name!r} 不能作为 Hub 仓库的名称；请使用 用户名/名称 的形式，只含字母、数字、“-”“_”和“.”。",
    ),
    "error.export.push": (
        "The folder is written, but could not be pushed to {name!r}: {reason}",
        "文件夹已写好，但无法上传到 {name!r}：{reason}",
    ),
    "error.export.not_in_timm": (
        "timm knows networks with all their channels, the standard stem and one linear layer as head, on the features of layer4; export "
        "this model as safetensors, pt2 or onnx instead.",
        "timm 只支持通道完整、标准输入层加单层线性分类头（只用 layer4 特征）的网络；请改用 safetensors、pt2 或 onnx 格式导出。",
    ),
    "error.export.no_calibration": (
        "An 8-bit file needs some of the run's training pictures to choose its ranges by, and they are gone; export "
        "it as onnx instead.",
        "生成 8 位文件需要用部分训练图片来确定数值范围，但这些图片已不存在；请改用 onnx 格式导出。",
    ),
    "error.export.html_deep": (
        "This model learned from pictures of more than 8 bits, which browsers cannot read exactly; export it as onnx instead.",
        "该模型由高于 8 位的图片训练而成，浏览器无法精确读取此类图片；请改用 onnx 格式导出。",
    ),
    "error.export.runtime.folder": (
        "The folder {path!r} has not both files of ONNX Runtime Web {version} ({files:, }); put the two there, as they "
        "come with npm's package onnxruntime-web of just this version.",
        "文件夹 {path!r} 中没有 ONNX Runtime Web {version} 的两个文件（{files:、}）；请从 npm 的 onnxruntime-web 软件包（必须是此版本）中取出并放入其中。",
    ),
    "error.export.runtime.download": (
        "ONNX Runtime Web {version}, which goes into the HTML file, could not be downloaded ({problem}). Connect to the "
        "internet, or put its files {files:, } into a folder and run export RUN --format html --runtime FOLDER once.",
        "无法下载要放入 HTML 文件的 ONNX Runtime Web {version}（{problem}）。请连接互联网；或将其文件 {files:、} "
        "放入一个文件夹，并运行一次 export RUN --format html --runtime 文件夹。",
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
    "results.panel.export": ("For other programs and devices", "用于其他程序和设备"),
    "results.panel.export.help": (
        "One HTML file, ONNX, 8 bits, Core ML, LiteRT, Hugging Face; each file is run and compared before you download it",
        "单个 HTML 文件、ONNX、8 位、Core ML、LiteRT、Hugging Face；每个文件在下载前都会实际运行并比对",
    ),
    "results.take.help": (
        "Each file carries the classes and how pictures are prepared. It is run in a program of its own on test and "
        "validation pictures, and offered only where it answers as this page does.",
        "每个文件都包含类别和图片预处理方式。系统会在独立程序中用测试和验证图片运行它，只有结果与本页一致才提供下载。",
    ),
    "results.take.serve": (
        "As a service for other programs, on the command line:",
        "在命令行中作为服务供其他程序调用：",
    ),
    "results.take.watch": (
        "Sort new pictures of a folder as they come, such as those of a camera trap:",
        "监视文件夹并将新图片自动归类，例如野外相机的照片：",
    ),
    "results.take.html": ("One HTML file", "单个 HTML 文件"),
    "results.take.html.help": (
        "opens by a double click, on phones too, and needs no internet: pictures, camera, “none of these”",
        "双击即可打开，手机也可以，无需联网：支持图片、摄像头和“都不是”",
    ),
    "results.take.runtime": (
        "ONNX Runtime Web (Microsoft, MIT License), which runs the model in a browser, is not part of the studio: "
        "{megabytes} MB come from the internet, once.",
        "在浏览器中运行模型需要 ONNX Runtime Web（微软，MIT 许可证），它不随本工具提供：需从互联网下载 {megabytes} MB，只需一次。",
    ),
    "results.take.download_and_make": ("Download {megabytes} MB and make", "下载 {megabytes} MB 并生成"),
    "results.take.onnx": ("ONNX", "ONNX"),
    "results.take.onnx.help": ("for ONNX Runtime, browsers, C# and C++", "用于 ONNX Runtime、浏览器、C# 和 C++"),
    "results.take.onnx-int8": ("ONNX, 8 bits", "ONNX（8 位）"),
    "results.take.onnx-int8.help": ("a quarter of the size and faster on a CPU", "体积约为四分之一，在 CPU 上更快"),
    "results.take.pt2": ("PyTorch program", "PyTorch 程序"),
    "results.take.pt2.help": ("network and weights in one .pt2 file", "网络与权重合在一个 .pt2 文件中"),
    "results.take.safetensors-half": ("Half precision", "半精度"),
    "results.take.safetensors-half.help": ("safetensors at half the size", "大小减半的 safetensors"),
    "results.take.huggingface": ("Hugging Face folder", "Hugging Face 文件夹"),
    "results.take.huggingface.help": ("ready for the Hub, loads with timm", "可上传到 Hub，用 timm 加载"),
    "results.take.coreml": ("Core ML", "Core ML"),
    "results.take.coreml.help": ("for iPhone, iPad and Mac", "用于 iPhone、iPad 和 Mac"),
    "results.take.litert": ("LiteRT (TensorFlow Lite)", "LiteRT（TensorFlow Lite）"),
    "results.take.litert.help": ("for Android and small boards", "用于 Android 和小型开发板"),
    "results.take.use": ("How to use it", "使用方法"),
    "results.take.use.install": ("Install what runs it:", "安装运行环境："),
    "results.take.use.place": (
        "Put {file} and this program into one folder:",
        "将 {file} 和下面的程序放入同一个文件夹：",
    ),
    "results.take.use.unpack": (
        "Unpack {file}.zip, and put this program beside its folder:",
        "解压 {file}.zip，并将下面的程序放在解压出的文件夹旁边：",
    ),
    "results.take.use.run": ("Run it there, with as many pictures as you like:", "在该文件夹中运行，图片数量不限："),
    "results.take.use.picture": ("picture.jpg", "图片.jpg"),
    "results.take.use.html.1": (
        "Double-click the file; it opens in the browser, without internet.",
        "双击文件，即在浏览器中打开，无需联网。",
    ),
    "results.take.use.html.2": (
        "Drop, choose or paste pictures, or start the camera.",
        "拖入、选择或粘贴图片，或打开摄像头。",
    ),
    "results.take.use.html.3": (
        "For a phone or for others, send them the file: everything stays on their device.",
        "要在手机上用或分享给他人，直接发送该文件：所有数据都留在对方设备上。",
    ),
    "results.take.make": ("Make and check", "生成并检验"),
    "results.take.download": ("Download", "下载"),
    "results.take.certificate": ("Certificate", "证书"),
    "results.take.queued": ("waiting for another file", "等待其他文件完成"),
    "results.take.working": ("being made and checked; you can leave this page", "正在生成并检验；可以离开本页"),
    "results.take.missing": ("Needs: pip install {packages}", "需要先安装：pip install {packages}"),
    "results.take.failed": (
        "This file could not be made. Try again; the command line's export says more.",
        "无法生成该文件。请重试；使用命令行的 export 可看到详细原因。",
    ),
    "results.take.size": ("{megabytes} MB", "{megabytes} MB"),
    "results.take.unchecked": (
        "made, and not run: this machine cannot",
        "已生成，但本机无法运行，未经检验",
    ),
    "results.take.agrees": (
        "agrees on {share:%} of {count:picture|pictures}",
        "在 {count} 张图片上一致率 {share:%}",
    ),
    "results.take.accuracy": ("accuracy {share:%} (here {app:%})", "准确率 {share:%}（本页 {app:%}）"),
    "results.take.speed": ("{time} ms a picture (here {app} ms)", "每张 {time} 毫秒（本页 {app} 毫秒）"),
}
