"""Texts of: classes that are made on the page, with a camera or from files."""

TEXT: dict[str, tuple[str, str]] = {
    "make.title": ("Make classes here", "在这里创建类别"),
    "make.open": ("Make classes here", "在这里创建类别"),
    "make.more": ("Add classes and pictures", "添加类别和图片"),
    "make.help": (
        "Name a class, then hold the button and move the thing about. 30 to 50 pictures of each class are a good start.",
        "给类别命名，然后按住按钮，并转动、移动物体。每个类别先录 30 到 50 张图片即可。",
    ),
    "make.close": ("Close", "关闭"),
    "make.undo": ("Undo", "撤销"),
    "make.redo": ("Redo", "重做"),
    "make.sound": ("Sound", "声音"),
    "make.add_class": ("Add a class", "添加类别"),
    "make.class": ("Class {number}", "类别 {number}"),
    "make.set_name": ("My classes", "我的类别"),
    "make.there": (
        "There is a class “{name}” already; choose a name that differs more.",
        "已有类别“{name}”；请换一个差别更大的名称。",
    ),
    "make.class_name": ("Name of the class", "类别名称"),
    "make.pictures_one": ("{count} picture", "{count} 张图片"),
    "make.pictures": ("{count} pictures", "{count} 张图片"),
    "make.use": ("Use this class", "使用此类别"),
    "make.off": (
        "Switched off: its pictures are kept, but not trained on. Switch it on to add to it or rename it.",
        "已停用：图片仍保留，但不参与训练。重新启用后才能添加图片或重命名。",
    ),
    "make.remove_class": ("Delete the class", "删除类别"),
    "make.camera": ("Camera", "摄像头"),
    "make.camera_off": ("Camera off", "关闭摄像头"),
    "make.hold": ("Hold to record", "按住录制"),
    "make.recording": ("Recording… let go to stop", "正在录制……松开即停止"),
    "make.turn": ("Other camera", "切换摄像头"),
    "make.files": ("Add files", "添加文件"),
    "make.photo": ("Take a photo", "拍照"),
    "make.empty": ("No pictures yet: record, add files, drop or paste some.", "还没有图片：可录制、添加文件、拖入或粘贴。"),
    "make.strip": ("Pictures of {name}", "“{name}”的图片"),
    "make.picture": ("Picture {number} of {name}", "“{name}”的第 {number} 张图片"),
    "make.selected": ("{count} selected", "已选 {count} 张"),
    "make.enlarge": ("Enlarge", "放大"),
    "make.delete": ("Delete", "删除"),
    "make.move": ("Move to…", "移动到……"),
    "make.all": ("Select all", "全选"),
    "make.none": ("Select none", "取消选择"),
    "make.train": ("Train on these classes", "用这些类别训练"),
    "make.not_ready": (
        "To train, two classes need at least 2 pictures each.",
        "至少要有两个类别，且每个类别不少于 2 张图片，才能训练。",
    ),
    "make.saving": ("Saving…", "正在保存……"),
    "make.saved": ("Everything is saved.", "已全部保存。"),
    "make.not_mine": (
        "Another browser brought this set in: you can look at it here. To change pictures, begin a set of your own.",
        "此数据集由另一个浏览器导入：你可以在这里查看；如需修改，请新建自己的数据集。",
    ),
    "make.fresh": ("Begin a new set", "新建数据集"),
    "make.refused": ("{count} files could not be used. {problem}", "有 {count} 个文件无法使用。{problem}"),
    "make.lost": (
        "The server did not answer. Pictures that had arrived are kept; try again.",
        "服务器没有响应。已送达的图片会保留，请重试。",
    ),
    "make.camera_denied": (
        "The browser may not use the camera. Allow it in the address bar, then try again.",
        "浏览器未获准使用摄像头。请在地址栏中允许使用，然后重试。",
    ),
    "make.camera_none": (
        "No camera was found, or another program uses it. You can add files instead.",
        "未找到摄像头，或摄像头正被其他程序占用。你也可以添加文件。",
    ),
    "make.camera_ended": (
        "The camera was unplugged, or another program took it. What was recorded is saved.",
        "摄像头已断开或被其他程序占用。已录制的图片均已保存。",
    ),
    "make.camera_insecure": (
        "The camera works only over https or on the computer that runs ResNet Studio: start it with “ui --https”. You "
        "can add files, or take a photo on a phone.",
        "摄像头只能通过 https 或在运行 ResNet Studio 的电脑上使用：请用 “ui --https” 启动。你也可以添加文件，或用手机拍照。",
    ),
    "error.make.take": ("This recording was begun elsewhere; record it again.", "这段录制是在别处开始的，请重新录制。"),
    "error.make.too_many": (
        "A recording holds at most {most} pictures. Let go, and record the next ones after it.",
        "一次录制最多 {most} 张图片。请先松开，再录制下一段。",
    ),
    "error.make.too_large": (
        "This file is too large: a picture may have at most {most} MB. Make it smaller, then add it again.",
        "文件过大：每张图片不能超过 {most} MB。请缩小后重新添加。",
    ),
    "error.make.busy": (
        "Too many pictures are arriving at once. Wait a moment, then try again.",
        "同时上传的图片过多。请稍候再试。",
    ),
    "error.make.no_cookie": (
        "The browser did not say which one it is. Allow cookies for this page and load it again.",
        "无法识别浏览器。请允许此页面使用 Cookie，然后重新载入。",
    ),
    "error.make.not_yours": (
        "Only the browser that brought this set in can change it. Bring the pictures in here too, or begin a set of "
        "your own.",
        "只有导入此数据集的浏览器才能修改它。请在此浏览器中也导入这些图片，或新建自己的数据集。",
    ),
}  # fmt: skip
