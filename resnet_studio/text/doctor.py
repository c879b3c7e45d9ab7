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
    "doctor.little_disk": (
        "Only {free} MB of disk are free: remove what is no longer needed, for example with runs --clear-cache.",
        "磁盘仅剩 {free} MB 可用空间：请清理不再需要的内容，例如运行 runs --clear-cache。",
    ),
    "doctor.damaged_runs": (
        "These runs cannot be read: {runs:, }. Restore their folders from a backup, or remove them with runs --delete.",
        "以下训练记录无法读取：{runs:、}。请从备份恢复其文件夹，或用 runs --delete 删除。",
    ),
}
