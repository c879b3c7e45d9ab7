"""The Predict tab, many pictures: jobs, their table, downloads and sorted copies; and the command `predictions`."""

TEXT: dict[str, tuple[str, str]] = {
    "predict.many.files": ("{count:file|files}", "{count} 个文件"),
    "predict.many.by": ("answered by {model}", "由 {model} 识别"),
    "predict.many.looking": ("Looking the pictures up", "正在查找图片"),
    "predict.many.working": ("{done} of {total:picture|pictures}", "已完成 {done}/{total} 张"),
    "predict.many.rate": ("{rate} a second", "每秒 {rate} 张"),
    "predict.many.left": ("{time} left", "剩余 {time}"),
    "predict.many.progress": ("Pictures that have an answer", "已有答案的图片"),
    "predict.many.done": ("{count:picture|pictures} named", "已识别 {count} 张图片"),
    "predict.many.stop": ("Stop", "停止"),
    "predict.many.resume": ("Go on", "继续"),
    "predict.many.delete": ("Delete", "删除"),
    "predict.many.keep": ("Keep", "保留"),
    "predict.many.delete_sure": (
        "Delete these answers? They lie in the bin for 30 days; your own pictures stay as they are.",
        "删除这些答案？结果会在回收站保留 30 天，你自己的图片不受影响。",
    ),
    "predict.many.stopped": (
        "Stopped; the answers so far are kept, and “Go on” names the rest.",
        "已停止；已有的答案会保留，点“继续”可识别其余图片。",
    ),
    "predict.many.status.working": ("at work", "进行中"),
    "predict.many.status.waiting": ("waiting", "等待中"),
    "predict.many.status.stopped": ("stopped", "已停止"),
    "predict.many.status.failed": ("failed", "失败"),
    "predict.many.lost": (
        "The server does not answer. The work there goes on; this page looks again.",
        "服务器没有响应。服务器上的任务会继续，本页会重新查看。",
    ),
    "predict.many.order": ("Order", "排序"),
    "predict.many.order.given": ("as they came", "原有顺序"),
    "predict.many.order.doubt": ("most doubtful first", "最不确定的在前"),
    "predict.many.order.name": ("by name", "按名称"),
    "predict.many.order.class": ("by class", "按类别"),
    "predict.many.only_unsure": ("only unsure ({count})", "只看不确定的（{count}）"),
    "predict.many.only_failed": ("only unreadable ({count})", "只看无法读取的（{count}）"),
    "predict.many.none_fit": ("No picture fits these filters.", "没有符合筛选条件的图片。"),
    "predict.many.pages": ("Pages of the table", "表格分页"),
    "predict.many.first": ("First page", "第一页"),
    "predict.many.previous": ("Previous page", "上一页"),
    "predict.many.next": ("Next page", "下一页"),
    "predict.many.last": ("Last page", "最后一页"),
    "predict.many.range": ("{first} to {last} of {total}", "第 {first}–{last} 张，共 {total} 张"),
    "predict.many.earlier": ("Answers that are kept", "已保存的识别结果"),
    "predict.many.again": ("Name these with the model chosen now", "用当前模型重新识别"),
    "predict.many.folder": ("A folder on this computer", "本机上的文件夹"),
    "predict.many.folder.label": ("Folder", "文件夹"),
    "predict.many.folder.help": (
        "Its whole path. Folders inside are read too; nothing in it is changed.",
        "请填写完整路径。其中的子文件夹也会读取；不会改动任何文件。",
    ),
    "predict.many.folder.open": ("Name these pictures", "识别这些图片"),
    "predict.csv": ("CSV", "CSV"),
    "predict.json": ("JSON", "JSON"),
    "predict.parquet": ("Parquet", "Parquet"),
    "predict.sorted.title": ("Copies, sorted into class folders", "按类别分文件夹的副本"),
    "predict.sorted.text": (
        "Pictures are copied, never moved; no file is written over. Those of none of the classes go into “none-of-these”.",
        "只复制图片，不移动，也不覆盖任何文件。被判为“都不是”的图片放在 none-of-these 文件夹里。",
    ),
    "predict.sorted.apart": ("unsure ones into a folder of their own", "不确定的放入单独的文件夹"),
    "predict.sorted.zip": ("Download as a zip", "下载 zip"),
    "predict.sorted.folder": ("Folder on this computer", "本机上的文件夹"),
    "predict.sorted.copy": ("Copy there", "复制到该处"),
    "predict.sorted.working": ("Copied {done} of {total} to {folder}", "已复制 {done}/{total} 张到 {folder}"),
    "predict.sorted.done": (
        "{count:picture was|pictures were} copied to {folder}.",
        "已复制 {count} 张图片到 {folder}。",
    ),
    "predict.sorted.there": ("{count:was|were} there already.", "{count} 张原本就在该处。"),
    "predict.sorted.gone": ("{count:picture is|pictures are} no longer there.", "{count} 张图片已不存在。"),
    "predict.many.binned": ("{name} lies in the bin.", "{name} 已移入回收站。"),
    "error.predictions.taken_back": (
        "The model is not shared with you any more; choose another one and ask again.",
        "该模型已不再与你共享；请换一个模型重新识别。",
    ),
    "error.predictions.missing": (
        "These answers are no longer there; choose the pictures again.",
        "这些识别结果已不存在；请重新选择图片。",
    ),
    "error.predictions.damaged": (
        "The request of the prediction job {job} cannot be read; delete it and begin anew.",
        "无法读取识别任务 {job} 的内容；请删除后重新开始。",
    ),
    "error.predictions.busy": (
        "Another program is naming these pictures right now; wait for its end, or stop it.",
        "另一个程序正在识别这些图片；请等待其结束，或先停止它。",
    ),
    "error.predictions.failed": (
        "Something unexpected went wrong; the log of the server says what. The answers so far are kept: try “Go on”.",
        "发生意外错误，详情见服务器日志。已有的答案会保留，可点“继续”重试。",
    ),
    "error.predictions.format": (
        "{name} has an ending that is no table; use a folder, or a file that ends in .{formats:, .}.",
        "{name} 的扩展名不是表格；请使用文件夹，或以 .{formats:、.} 结尾的文件。",
    ),
    "error.predictions.no_folder": (
        "{path} is no folder; give the whole path of one.",
        "{path} 不是文件夹；请填写文件夹的完整路径。",
    ),
    "error.predictions.folder": (
        "Give the whole path of a folder, such as {example}.",
        "请填写文件夹的完整路径，例如 {example}。",
    ),
    "error.predictions.unsure_where": (
        "--unsure-into names a folder inside of the one that --sort-into gives; give both.",
        "--unsure-into 是 --sort-into 所给文件夹中的子文件夹；请同时给出两者。",
    ),
    "error.predictions.no_such": ("There is nothing at {path}.", "{path} 不存在。"),
    "error.predictions.stopped": (
        "Stopped after {done} of {total:picture|pictures}; the answers are kept: run the same command with --resume.",
        "已在 {done}/{total} 张后停止；答案已保存，请加上 --resume 再次运行同一命令。",
    ),
    "ensemble.cost": (
        "{models:model answers|models answer} together: {megabytes:.0f} MB, about {times:.1f} times the work of the first alone.",
        "{models} 个模型共同回答：共 {megabytes:.0f} MB，计算量约为第一个模型的 {times:.1f} 倍。",
    ),
    "ensemble.none_shared": (
        "These runs share no test picture, so what they gain together cannot be told; train them with one split of the "
        "data, or score them on other pictures with “evaluate --with”.",
        "这些训练没有共同的测试图片，无法判断合在一起的收益；请用同一划分训练，或用 “evaluate --with” 在其他图片上评分。",
    ),
    "ensemble.chance": (
        "On the {count:test picture|test pictures} that all of them share, together {accuracy:%}, “{best}” alone "
        "{single:%}: these pictures cannot tell the two apart (difference {low} to {high} points).",
        "在共同的 {count} 张测试图片上，合在一起为 {accuracy:%}，单独使用“{best}”为 {single:%}：这些图片无法区分两者（相差 {low} 到 {high} 个百分点）。",
    ),
    "ensemble.better": (
        "On the {count:test picture|test pictures} that all of them share, together {accuracy:%}, “{best}” alone "
        "{single:%}: together they are better by {low} to {high} points.",
        "在共同的 {count} 张测试图片上，合在一起为 {accuracy:%}，单独使用“{best}”为 {single:%}：合在一起更好，相差 {low} 到 {high} 个百分点。",
    ),
    "ensemble.worse": (
        "On the {count:test picture|test pictures} that all of them share, together {accuracy:%}, “{best}” alone "
        "{single:%}: that one is better alone (difference {low} to {high} points).",
        "在共同的 {count} 张测试图片上，合在一起为 {accuracy:%}，单独使用“{best}”为 {single:%}：单独使用更好（相差 {low} 到 {high} 个百分点）。",
    ),
    "error.ensemble.classes": (
        "{first} and {second} do not know the same classes, so they cannot answer together: {classes:, } is in only one.",
        "{first} 与 {second} 的类别不同，无法共同回答：{classes:、} 只在其中一个里。",
    ),
    "error.ensemble.unseen": (
        "These models have seen every one of these pictures; score them on others.",
        "这些模型见过全部这些图片；请换其他图片评分。",
    ),
    "nearest.title": ("Because it resembles these", "因为它像这些图片"),
    "nearest.title.unknown": ("The nearest of its training pictures", "训练图片中与它最接近的"),
    "nearest.help": (
        "The training pictures whose features are nearest to those of this one.",
        "特征与这张图片最接近的训练图片。",
    ),
    "nearest.agree": (
        "{agree} of {count} are “{name}”.",
        "{count} 张中有 {agree} 张是“{name}”。",
    ),
    "nearest.working": (
        "Looking at the training pictures once: {done} of {total}",
        "正在查看训练图片（只需一次）：{done}/{total}",
    ),
    "nearest.none": (
        "The training pictures of this model are not here any more.",
        "该模型的训练图片已不存在。",
    ),
    "nearest.picture": ("{name}, {label}, similarity {similarity}", "{name}，{label}，相似度 {similarity}"),
    "error.nearest.no_run": (
        "Nearest training pictures are known of a single run, not of {model}.",
        "只有单个训练才能查找相近的训练图片，{model} 不行。",
    ),
    "error.nearest.gone": (
        "The training pictures of {run} cannot be read any more, so nearest ones cannot be found.",
        "{run} 的训练图片已无法读取，因此找不到相近的图片。",
    ),
}
