"""A model as a service, and a folder that is watched."""

TEXT: dict[str, tuple[str, str]] = {
    "error.onnx.damaged": (
        "{file} is no ONNX file that can be read; export the model again.",
        "{file} 不是可读取的 ONNX 文件；请重新导出模型。",
    ),
    "error.onnx.foreign": (
        "{file} was not exported by ResNet Studio, so its classes and preprocessing are not known; export a run with "
        "--format onnx or onnx-int8.",
        "{file} 不是由 ResNet Studio 导出的，无法得知类别和预处理方式；请用 --format onnx 或 onnx-int8 导出训练结果。",
    ),
    "error.onnx.prepared": (
        "{file} takes plain pixels, so it cannot be used here; export it without --prepared.",
        "{file} 的输入是原始像素，不能用在这里；导出时请不要加 --prepared。",
    ),
}
