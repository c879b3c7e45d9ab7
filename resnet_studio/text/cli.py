"""What the command line says. It speaks English; the Chinese stands here for the same table."""

TEXT: dict[str, tuple[str, str]] = {
    "error.evaluate.unknown_class": (
        "The model does not know the class {name!r}; it knows: {known:, }. Rename the folder or choose another model.",
        "模型中没有类别“{name}”；可识别的类别有：{known:、}。请重命名文件夹或选择其他模型。",
    ),
    "error.cli.no_pictures": (
        "None of the files could be predicted; give pictures, or folders of pictures.",
        "没有一个文件可以预测；请提供图片或图片文件夹。",
    ),
    "error.cli.one_picture": ("{file}: {error}", "{file}：{error}"),
    "error.cli.interrupted": (
        "The training was interrupted; resume it with: python -m resnet_studio resume {run}",
        "训练被中断；要继续，请运行：python -m resnet_studio resume {run}",
    ),
    "error.tensorboard.missing": (
        "Writing TensorBoard logs needs the package tensorboard; install it with: pip install tensorboard",
        "写入 TensorBoard 日志需要 tensorboard 包；请运行：pip install tensorboard",
    ),
}
