"""A model as a service, and a folder that is watched."""

TEXT: dict[str, tuple[str, str]] = {
    "error.onnx.damaged": (
        "{file} is no ONNX file that can be read; export the model again.",
        "{file} 不是可读取的 ONNX 文件；请重新导出模型。",
    ),
    "error.onnx.foreign": (
        "{file} was not exported by ResNet Studio, so its classes and preprocessing are not known; take it in with import "
        "FILE --classes NAMES.txt first, and use the file that this gives.",
        "{file} 不是由 ResNet Studio 导出的，无法得知类别和预处理方式；请先用 import 文件 --classes 名称.txt 导入，再使用导入后的文件。",
    ),
    "error.onnx.import_first": (
        "{file} has not been imported yet; import it first: import {file}, with --classes NAMES.txt where the file does not "
        "name its classes.",
        "尚未导入 {file}；请先运行 import {file}；若文件未注明类别，请加上 --classes 名称.txt。",
    ),
    "error.onnx.answers_only": (
        "{file} is an ONNX file, which only answers: heat maps, a look inside, training from it and exports need the "
        "model’s weights; import its .safetensors, .pt or .pth file for these.",
        "{file} 是 ONNX 文件，只能用于识别；热力图、查看网络内部、继续训练和导出都需要模型权重，请导入其 .safetensors、.pt 或 .pth 文件。",
    ),
    "error.onnx.accept": (
        "{file} is an ONNX file, whose limit for “none of these” is fixed; leave --accept out, or use 1 to accept all.",
        "{file} 是 ONNX 文件，“都不是”的界限已固定；请去掉 --accept，或设为 1 以接受所有图片。",
    ),
    "error.onnx.too_large": (
        "{file} has {megabytes} MB; models of up to {most} MB can be imported.",
        "{file} 有 {megabytes} MB；最大只能导入 {most} MB 的模型。",
    ),
    "error.onnx.external": (
        "{file} keeps its weights in other files; export the model as one file (torch.onnx.export with external_data=False).",
        "{file} 的权重存放在其他文件中；请导出为单个文件（torch.onnx.export 中设 external_data=False）。",
    ),
    "error.onnx.operations": (
        "{file} uses operations that are not run here ({names}); export the model with standard ONNX operations, without "
        "loops or branches.",
        "{file} 使用了此处不运行的运算（{names}）；请只用标准 ONNX 运算导出模型，不含循环和分支。",
    ),
    "error.onnx.huge": (
        "{file} asks for far more memory than a picture classifier needs, and was refused; export the model again.",
        "{file} 所需内存远超图片分类模型的正常用量，已拒绝；请重新导出模型。",
    ),
    "error.onnx.inputs": (
        "{file} has {count:input|inputs}; an image classifier takes pictures alone, so export it with one input.",
        "{file} 有 {count} 个输入；图片分类模型只应输入图片，请导出为单个输入。",
    ),
    "error.onnx.input": (
        "{file} takes {shape}; export it for square colour pictures, N x 3 x side x side or N x side x side x 3, of float or "
        "uint8.",
        "{file} 的输入为 {shape}；请导出为方形彩色图片输入：N x 3 x 边长 x 边长 或 N x 边长 x 边长 x 3，类型为 float 或 uint8。",
    ),
    "error.onnx.side": (
        "{file} takes pictures of {side} px, so {given} px are not possible; leave the size out.",
        "{file} 的输入图片边长为 {side} 像素，不能用 {given} 像素；请不要指定尺寸。",
    ),
    "error.onnx.outputs": (
        "{file} does not give one score for each class; export it with one output, N x classes.",
        "{file} 没有为每个类别给出一个分数；请导出为单个输出：N x 类别数。",
    ),
    "error.onnx.fails": (
        "{file} cannot answer a picture of {side} px; give the size that it was made for (import FILE --size PX), or export "
        "the model again.",
        "{file} 无法识别 {side} 像素的图片；请指定其原有尺寸（import 文件 --size 像素），或重新导出模型。",
    ),
    "error.onnx.stopped": (
        "{file} crashed, took more than {seconds:second|seconds} or too much memory, and was stopped; nothing else was "
        "affected. Export the model again, or use a smaller one.",
        "{file} 崩溃、耗时超过 {seconds} 秒或占用内存过多，已停止运行，其他内容未受影响。请重新导出模型，或换用较小的模型。",
    ),
    "error.onnx.prepared": (
        "{file} takes plain pixels, so it cannot be used here; export it without --prepared.",
        "{file} 的输入是原始像素，不能用在这里；导出时请不要加 --prepared。",
    ),
    "error.tokens.damaged": (
        "The list of tokens at {path!r} cannot be read; restore it, or remove it and make new tokens.",
        "无法读取 {path!r} 中的令牌列表；请恢复该文件，或删除后重新创建令牌。",
    ),
    "error.tokens.name": (
        "{name!r} cannot be the name of a token: 1 to 64 letters, digits, blanks, dots, hyphens or @, such as: tokens add "
        "shop.",
        "{name!r} 不能用作令牌名称：须为 1 至 64 个字母、数字、空格、点、连字符或 @，例如：tokens add shop。",
    ),
    "error.tokens.taken": (
        "There is a token {name!r} already; choose another name, or remove that one first.",
        "已有名为 {name!r} 的令牌；请换一个名称，或先删除它。",
    ),
    "error.tokens.none": (
        "There is no token {name!r}; known are: {known:, }.",
        "没有名为 {name!r} 的令牌；现有：{known:、}。",
    ),
    "error.serve.name": (
        "{text!r} does not name a model: write NAME=MODEL or NAME@VERSION=MODEL with letters, digits, dots, hyphens.",
        "{text!r} 不是有效的写法：请写成 名称=模型 或 名称@版本=模型，名称只用字母、数字、点和连字符。",
    ),
    "error.serve.nothing": (
        "Name at least one model to serve: a run, 'last', or an exported ONNX file.",
        "请至少指定一个模型：训练记录、last，或导出的 ONNX 文件。",
    ),
    "error.serve.twice": (
        "Two models would be called {key}; give each a version: NAME@VERSION=MODEL.",
        "有两个模型都叫 {key}；请分别指定版本：名称@版本=模型。",
    ),
    "error.serve.list": (
        "The list of models at {path!r} cannot be read; it is a text file with a model a line.",
        "无法读取模型列表 {path!r}；它应是每行一个模型的文本文件。",
    ),
    "error.serve.shadow": (
        "There is no model {name!r} for a shadow to follow; there are: {known:, }.",
        "没有名为 {name!r} 的模型可供影子模型跟随；现有：{known:、}。",
    ),
    "error.serve.shadow_classes": (
        "The shadow {shadow!r} has other classes than {name}, so that their answers cannot be compared.",
        "影子模型 {shadow!r} 与 {name} 的类别不同，无法比较结果。",
    ),
    "error.serve.engine": (
        "There is no engine {engine!r}: choose from {known:, }.",
        "没有名为 {engine!r} 的引擎：可选 {known:、}。",
    ),
    "error.serve.engine_of_file": (
        "{file} cannot be run by {engine}; name a run instead, from which the file is made.",
        "{file} 不能用 {engine} 运行；请改为指定训练记录，由它生成所需文件。",
    ),
    "error.serve.port": ("{port} is no port; choose one from 1 to 65535.", "{port} 不是有效端口；请选 1 至 65535。"),
    "error.serve.limits": (
        "Limits must be positive numbers below a million; only the rate may be 0, for none.",
        "各项限制须为小于一百万的正数；只有 --rate 可以为 0，表示不限。",
    ),
    "error.serve.needs_token": (
        "Whoever reaches {host} could send pictures: make a token with `tokens add NAME`, or say --open.",
        "任何能连到 {host} 的人都可以发送图片：请先用 `tokens add 名称` 创建令牌，或加上 --open。",
    ),
    "error.serve.token": (
        "This token is not known here; send one that was made with `tokens add`, as: Authorization: Bearer TOKEN.",
        "令牌无效；请使用 `tokens add` 创建的令牌，格式为 Authorization: Bearer 令牌。",
    ),
    "error.serve.no_token": (
        "A token is needed here; send it as: Authorization: Bearer TOKEN.",
        "需要令牌；请以 Authorization: Bearer 令牌 的形式发送。",
    ),
    "error.serve.no_model": (
        "There is no model {name!r}; /v1/models lists those that there are.",
        "没有名为 {name!r} 的模型；/v1/models 会列出现有模型。",
    ),
    "error.serve.no_heat": (
        "{name} is served from an exported file, which draws no heat maps; serve its run instead.",
        "{name} 由导出的文件提供服务，无法绘制热力图；请改用训练记录提供服务。",
    ),
    "error.serve.media_type": (
        "Send pictures as files of a form (multipart/form-data) or as base64 in JSON (application/json).",
        "请以表单文件（multipart/form-data）或 JSON 中的 base64（application/json）发送图片。",
    ),
    "error.serve.no_picture": (
        "There is no picture in this request; send at least one.",
        "请求中没有图片；请至少发送一张。",
    ),
    "error.serve.too_many": (
        "{count:picture is|pictures are} too many for one request; send {most} at most.",
        "一次请求不能有 {count} 张图片；最多 {most} 张。",
    ),
    "error.serve.request_size": (
        "A request may have {most:g} MB at most; send fewer pictures at a time.",
        "一次请求最多 {most:g} MB；请分批发送。",
    ),
    "error.serve.picture_size": (
        "{name} is larger than the {most:g} MB that a picture may have; make it smaller.",
        "{name} 超过单张图片 {most:g} MB 的上限；请缩小后再试。",
    ),
    "error.serve.form": (
        "This form cannot be read; send multipart/form-data as browsers and curl -F do.",
        "无法解析表单；请像浏览器或 curl -F 那样发送 multipart/form-data。",
    ),
    "error.serve.json": (
        'This body cannot be read; send {{"pictures": ["BASE64", ...]}}.',
        '无法解析请求内容；请发送 {{"pictures": ["BASE64", ...]}}。',
    ),
    "error.serve.base64": (
        "{name} is no base64; encode the whole file, without line breaks.",
        "{name} 不是 base64；请对整个文件编码，不要换行。",
    ),
    "error.serve.busy": (
        "Too many pictures are waiting here; try again in a moment.",
        "等待处理的图片太多；请稍后再试。",
    ),
    "error.serve.rate": (
        "More than {rate:g} requests a second come from you; wait a moment, or send several pictures in one request.",
        "你每秒的请求超过 {rate:g} 次；请稍候，或在一次请求中发送多张图片。",
    ),
    "error.serve.no_route": ("There is nothing here; see /v1/openapi.json.", "此处没有内容；请见 /v1/openapi.json。"),
    "error.serve.method": (
        "This address takes other requests than {method}; see /v1/openapi.json.",
        "该地址不接受 {method} 请求；请见 /v1/openapi.json。",
    ),
    "error.serve.no_parameter": (
        "There is no parameter {name!r} here; known are: {known:, }.",
        "此处没有参数 {name!r}；可用的有：{known:、}。",
    ),
    "error.serve.parameter": (
        "The parameter {name!r} makes no sense: {problem}.",
        "参数 {name!r} 无效：{problem}。",
    ),
    "serve.level.sure": ("Sure: similar answers were right in the test.", "确定：测试中类似的回答都是对的。"),
    "serve.level.likely": (
        "Likely: similar answers were mostly right in the test.",
        "很可能：测试中类似的回答大多是对的。",
    ),
    "serve.level.unsure": ("Unsure: better have somebody look.", "不确定：最好由人来判断。"),
    "serve.level.unrated": (
        "Not rated: too few similar answers in the test to say how often they are right.",
        "无评级：测试中类似的回答太少，无法说明对的比例。",
    ),
    "serve.level.unknown": ("None of these classes.", "不属于任何类别。"),
    "serve.drift.classes.stable": (
        "Of the last {answers:answer|answers}, each class is about as frequent as in validation.",
        "最近 {answers} 次回答中，各类别的比例与验证时相近。",
    ),
    "serve.drift.classes.drifted": (
        "The last {answers:answer|answers} are distributed otherwise than in validation: {label} was {before:%} and is "
        "{now:%}. Look at recent pictures: has what is photographed changed, or the camera?",
        "最近 {answers} 次回答的类别分布与验证时不同：{label} 由 {before:%} 变为 {now:%}。请查看近期图片：拍摄的对象或相机是否变了？",
    ),
    "serve.drift.classes.too_few": (
        "Too few answers yet to compare classes with validation: {answers}.",
        "回答还太少，无法与验证时的类别比例比较：{answers} 次。",
    ),
    "serve.drift.classes.no_record": (
        "Answers to fewer than {least} validation pictures are known, so drift of the classes cannot be told.",
        "验证图片的已知回答不足 {least} 个，无法判断类别比例是否漂移。",
    ),
    "serve.drift.unknown.stable": (
        "Of the last {answers:answer|answers}, {now:%} were none of the classes; in validation {before:%}.",
        "最近 {answers} 次回答中有 {now:%} 不属于任何类别；验证时为 {before:%}。",
    ),
    "serve.drift.unknown.drifted": (
        "Of the last {answers:answer|answers}, {now:%} were none of the classes, in validation {before:%}: many pictures "
        "are unlike those that the model was trained on. Collect some of them and train again.",
        "最近 {answers} 次回答中有 {now:%} 不属于任何类别，验证时为 {before:%}：许多图片与训练图片不像。请收集其中一些，重新训练。",
    ),
    "serve.drift.unknown.too_few": (
        "Too few answers yet to compare the share of none with validation: {answers}.",
        "回答还太少，无法与验证时“不属于任何类别”的比例比较：{answers} 次。",
    ),
    "serve.drift.unknown.no_record": (
        "Answers to fewer than {least} validation pictures are known, so drift of “none of these” cannot be told.",
        "验证图片的已知回答不足 {least} 个，无法判断“不属于任何类别”的比例是否漂移。",
    ),
    "error.watch.alone": (
        "--watch stands alone: leave out PICTURES, --unlabelled, --nearest and --resume.",
        "--watch 须单独使用：请去掉图片参数、--unlabelled、--nearest 和 --resume。",
    ),
    "error.watch.pictures": (
        "Name pictures or folders of them, or a folder to watch: --watch FOLDER.",
        "请给出图片或图片文件夹，或用 --watch 文件夹 指定要监视的文件夹。",
    ),
    "error.watch.without": (
        "--sort, --move and --once belong to --watch FOLDER; for pictures that are there, use --sort-into FOLDER.",
        "--sort、--move 和 --once 须与 --watch 文件夹 一起使用；整理现有图片请用 --sort-into 文件夹。",
    ),
    "error.watch.nothing": (
        "Say what to do with new pictures: --sort for class folders, --out FILE.csv for a table, or both.",
        "请说明如何处理新图片：--sort 放入类别文件夹，--out 文件.csv 写入表格，或两者都要。",
    ),
    "error.watch.move": (
        "--move needs somewhere to move pictures to: add --sort, or --sort-into FOLDER.",
        "--move 需要目标位置：请加上 --sort 或 --sort-into 文件夹。",
    ),
    "error.watch.settle": (
        "--settle takes seconds, from 0 to a day.",
        "--settle 的单位是秒，范围为 0 秒到一天。",
    ),
    "error.watch.folder": (
        "There is no folder {path!r} to watch; make it, or check the name.",
        "没有可监视的文件夹 {path!r}；请创建它，或检查名称。",
    ),
    "error.watch.csv": (
        "The table of a watched folder is a CSV file, and {path!r} is none; give it the ending .csv.",
        "监视文件夹的表格是 CSV 文件，而 {path!r} 不是；请使用 .csv 后缀。",
    ),
    "error.watch.into": (
        "Sorted pictures cannot go to {path!r}: it is a file, or the watched folder itself; name another folder.",
        "整理后的图片不能放到 {path!r}：它是文件，或就是被监视的文件夹；请换一个文件夹。",
    ),
    "error.watch.busy": (
        "Another program watches {path!r} already; end that one first.",
        "已有另一个程序在监视 {path!r}；请先结束它。",
    ),
    "error.watch.table": (
        "{path!r} is not the table of this watched folder; rename it, or name another one with --out.",
        "{path!r} 不是这个监视文件夹的表格；请给它改名，或用 --out 指定另一个文件。",
    ),
}
