"""What the examination of a machine and its workspace finds wrong."""

TEXT: dict[str, tuple[str, str]] = {
    "doctor.not_writable": (
        "The workspace cannot be written to: give yourself the right to, or choose another one with --workspace.",
        "工作区不可写：请修改权限，或用 --workspace 选择其他工作区。",
    ),
    "doctor.device_fails": (
        "{device} cannot train in {precision}: {reason} Update its driver, or train with --device cpu.",
        "{device} 无法以 {precision} 精度训练：{reason}。请更新驱动程序，或使用 --device cpu 训练。",
    ),
    "doctor.device_wrong": (
        "{device} computes wrong numbers in {precision} (two steps are off by {difference:%}): update its driver and PyTorch, or train with --device cpu.",
        "{device} 以 {precision} 精度计算的结果不正确（训练两步的偏差为 {difference:%}）：请更新驱动程序和 PyTorch，或使用 --device cpu 训练。",
    ),
    "doctor.title": ("Check this installation", "检查本机环境"),
    "doctor.help": (
        "Versions, devices (two trained steps on each, compared with double precision), disk, locks, weights, fonts, certificate, ports and damaged runs. It takes some seconds; nothing is sent anywhere.",
        "检查版本、设备（各训练两步并与双精度结果比较）、磁盘、文件锁、权重、字体、证书、端口和损坏的训练记录。需要几秒钟，不会发送任何内容。",
    ),
    "doctor.begin": ("Check now", "开始检查"),
    "doctor.working": ("Checking …", "正在检查……"),
    "doctor.sound": ("Nothing is wrong.", "一切正常。"),
    "doctor.copy": ("Copy for a bug report", "复制以提交问题报告"),
    "doctor.copied": ("Copied", "已复制"),
    "doctor.report": ("Report without names and folders", "不含名称和文件夹的报告"),
    "error.doctor.failed": (
        "The check did not come to its end; run `python -m resnet_studio doctor` in a terminal.",
        "检查未能完成；请在终端运行 python -m resnet_studio doctor。",
    ),
    "error.doctor.elsewhere": (
        "Only who runs the server can check it.",
        "只有运行服务器的人才能进行检查。",
    ),
    "doctor.no_locks": (
        "Locks do not keep other programs out here, so that two could train one run: put the workspace on a local disk.",
        "此处的文件锁无法阻止其他程序，可能导致两个程序同时训练同一记录：请把工作区放在本地磁盘上。",
    ),
    "doctor.no_chinese_font": (
        "No font shows Chinese names in plots; install one, such as Noto Sans CJK.",
        "没有可在图表中显示中文名称的字体；请安装一种，例如 Noto Sans CJK。",
    ),
    "doctor.certificate_ends": (
        "The certificate of ui --https is valid for {days:day|days} more; start the server again to have it renewed.",
        "ui --https 的证书还有 {days} 天到期；请重新启动服务器以更新证书。",
    ),
    "doctor.little_disk": (
        "Only {free} MB of disk are free: remove what is no longer needed, for example with runs --clear-cache.",
        "磁盘仅剩 {free} MB 可用空间：请清理不再需要的内容，例如运行 runs --clear-cache。",
    ),
    "doctor.damaged_runs": (
        "These runs cannot be read: {runs:, }. Restore their folders from a backup, or remove them with runs --delete.",
        "以下训练记录无法读取：{runs:、}。请从备份恢复其文件夹，或用 runs --delete 删除。",
    ),
}
