"""Texts: how folders and names are read, and what can be chosen."""

TEXT: dict[str, tuple[str, str]] = {
    # what was understood
    "finding.layout.parts": (
        "These folders were taken for ready-made parts: {parts}.",
        "以下文件夹已识别为现成的数据划分：{parts}。",
    ),
    "finding.layout.parts_in_classes": (
        "The folders inside the classes were taken for ready-made parts: {parts}.",
        "各类别里的以下文件夹已识别为现成的数据划分：{parts}。",
    ),
    "finding.layout.folds": (
        "The folders {folders} were taken for shares of one data set; the classes are inside them: {classes}.",
        "文件夹 {folders} 已识别为同一数据集的若干份；类别取自其中的文件夹：{classes}。",
    ),
    "finding.layout.one_fold": (
        "Left out, as the same classes are cut into parts there once more: {folders}. Only one such cut is used.",
        "以下文件夹是对相同类别的另一种划分，已跳过：{folders}。只使用其中一份划分。",
    ),
    "finding.layout.outside": (
        "Not used, as it lies beside the training and test folders: {folders}.",
        "与训练、测试文件夹并列，未使用：{folders}。",
    ),
    "finding.layout.again": (
        "Not used, as the classes {classes} are in it once more: {folders}.",
        "里面又有一份同样的类别（{classes}），未使用：{folders}。",
    ),
    "finding.layout.variants": (
        "The classes are now {folders}, and each holds the same folders: {classes}. Are those the classes?",
        "目前的类别是 {folders}，而它们都包含同样的文件夹：{classes}。这些文件夹才是类别吗？",
    ),
    "finding.layout.nested": (
        "The classes are {folders}, each with all that is in the folders inside of it: {classes}. Are those the classes?",
        "目前的类别是 {folders}，它们里面各个文件夹的图片都算在内：{classes}。里面的这些文件夹才是类别吗？",
    ),
    "finding.layout.train_folder": (
        "The folder {folders} is used as a class, but is called like a training part and holds folders of its own: {classes}.",
        "文件夹 {folders} 目前作为一个类别，但它的名称像训练集，里面还有文件夹：{classes}。",
    ),
    "finding.layout.some_parts": (
        "Some classes ({folders}) hold folders called like parts: {parts}. They are used like any other pictures of the class.",
        "部分类别（{folders}）里有名称像数据划分的文件夹：{parts}。目前把它们当作该类别的普通图片。",
    ),
    "finding.layout.only_masks": (
        "“{folders}” looks like masks drawn for the pictures beside, but is used as a class, as there would be only one class without. Sort the pictures into one folder for each class.",
        "“{folders}”看起来是旁边图片的掩膜，但如果不算它就只剩一个类别，所以仍当作类别。请把图片按类别放进各自的文件夹。",
    ),
    "finding.layout.set_aside": (
        "Taken as pictures without a label, as the name of the folder says, and not as a class: {folders}. You can label them in “Look at all of it”.",
        "以下文件夹已按名称视为未标注的图片，不作为类别：{folders}。可以在“查看全部图片”中为它们标注。",
    ),
    "finding.chosen": ("Read as you chose: {choices}.", "已按你的选择读取：{choices}。"),
    "finding.guessed_names": (
        "The zip does not say in which encoding its names are; they were read as {encoding}: {names}.",
        "这个 zip 没有注明文件名的编码；已按 {encoding} 读取：{names}。",
    ),
    "finding.single": (
        "{count:class has|classes have} only one picture or copies of one and cannot be validated ({classes}): add pictures, or go on without.",
        "有 {count} 个类别只有一张图片（或都是同一张的副本），无法验证（{classes}）：请补充图片，或不使用这些类别。",
    ),
    "finding.one_class": (
        "There is only one class, “{name}”: a model can be scored on it, but none can be trained.",
        "只有一个类别“{name}”：可以用来评估模型，但无法训练。",
    ),
    "finding.alike_classes": (
        "Class names that differ only by case, blanks or the like: {pairs}. If they are meant to be one class, rename the folders or join them.",
        "有些类别名只在大小写、空格等方面不同：{pairs}。如果是同一个类别，请重命名文件夹，或将它们合并。",
    ),
    "finding.several_labels": (
        "{count:class is|classes are} called like several others at once ({classes}), as pictures that show more than one thing are. Here a picture has one class: each of these is learned as one of its own.",
        "有 {count} 个类别的名称由其他多个类别名组成（{classes}），说明这些图片不止显示一样东西。这里每张图片只有一个类别：它们会各自当作单独的类别来学习。",
    ),
    "finding.missing_in_train": (
        "No training pictures of {classes} ({count} of {of} classes): what has none cannot be learned.",
        "{of} 个类别中有 {count} 个没有训练图片（{classes}）：无法学习这些类别。",
    ),
    "finding.missing_in_validation": (
        "No validation pictures of {classes} ({count} of {of} classes): the best epoch is chosen without regard to them.",
        "{of} 个类别中有 {count} 个没有验证图片（{classes}）：挑选最佳轮次时不会考虑它们。",
    ),
    "finding.missing_in_test": (
        "No test pictures of {classes} ({count} of {of} classes): the final score says nothing about them.",
        "{of} 个类别中有 {count} 个没有测试图片（{classes}）：最终成绩不反映这些类别。",
    ),
    "finding.unknown_class.named": (
        "{count:picture was|pictures were} left out: there are no training pictures of {classes}.",
        "跳过了 {count} 张图片：训练图片中没有这些类别：{classes}。",
    ),
    "finding.single_class": (
        "{count:picture was|pictures were} left out: the only one of its class.",
        "跳过了 {count} 张图片：所属类别没有其他图片。",
    ),
    "finding.single_class.named": (
        "{count:picture was|pictures were} left out with classes that have a single picture: {classes}.",
        "跳过了 {count} 张图片，它们所属的类别只有一张图片：{classes}。",
    ),
    "finding.outside": (
        "{count:picture was|pictures were} left out: outside of the folders that are used.",
        "跳过了 {count} 张图片：不在所使用的文件夹中。",
    ),
    "finding.repeated": (
        "{count:picture was|pictures were} left out: outside of the folders that are used, and the same as pictures in them.",
        "跳过了 {count} 张图片：不在所使用的文件夹中，且与其中的图片相同。",
    ),
    "finding.mask": (
        "{count:picture was|pictures were} left out as masks drawn for other pictures.",
        "跳过了 {count} 张图片：它们是其他图片的掩膜（标注图）。",
    ),
    "finding.unlabelled": (
        "{count:picture has|pictures have} no label: not used for training or for the score; once a model is trained, it can name them on the Predict tab.",
        "有 {count} 张图片没有标签，既不用于训练也不计入成绩；训练完成后，可在“预测”页让模型识别它们。",
    ),
    "encoding.utf-8": ("Unicode", "Unicode"),
    "encoding.gbk": ("simplified Chinese", "简体中文"),
    "encoding.big5": ("traditional Chinese", "繁体中文"),
    "encoding.cp932": ("Japanese", "日文"),
    "encoding.cp949": ("Korean", "韩文"),
    "encoding.cp866": ("Cyrillic, DOS", "西里尔文，DOS"),
    "encoding.cp1251": ("Cyrillic, Windows", "西里尔文，Windows"),
    "encoding.cp437": ("Western, DOS", "西文，DOS"),
    "encoding.cp850": ("Western European, DOS", "西欧，DOS"),
    "encoding.cp852": ("Central European, DOS", "中欧，DOS"),
    "encoding.cp1252": ("Western European, Windows", "西欧，Windows"),
    "encoding.cp737": ("Greek", "希腊文"),
    "encoding.cp857": ("Turkish", "土耳其文"),
    "encoding.cp862": ("Hebrew", "希伯来文"),
    "encoding.cp864": ("Arabic", "阿拉伯文"),
    "encoding.cp874": ("Thai", "泰文"),
    "part.train": ("training", "训练"),
    "part.validation": ("validation", "验证"),
    "part.test": ("test", "测试"),
    # what can be chosen
    "offer.classes": ("The top folders are the classes", "最外层文件夹就是类别"),
    "offer.inner": ("The classes are {classes}", "类别是 {classes}"),
    "offer.folder": ("Use only “{folder}”", "只用“{folder}”"),
    "offer.no_parts": ("Split the pictures anew instead", "不用它，重新划分"),
    "offer.parts_inside": ("Use {parts} as parts", "把 {parts} 当作数据划分"),
    "offer.masks": ("Use them as pictures", "把它们也当作图片使用"),
    "offer.with_unlabelled": ("Use {folders} as a class", "把 {folders} 当作类别"),
    "offer.leave_out_single": ("Leave these classes out", "不使用这些类别"),
    "offer.join_alike": ("Join them", "合并这些类别"),
    "offer.label_list": ("The labels are in “{name}”", "标签在“{name}”"),
    "offer.label_column": ("The labels are in “{column}”", "标签在“{column}”列"),
    "offer.encoding": ("{encoding}: {names}", "{encoding}：{names}"),
    "offer.undo": ("Undo", "撤销"),
    "choice.layout.classes": ("the top folders are the classes", "最外层文件夹就是类别"),
    "choice.layout.parts": ("the classes are in training and test folders", "类别在训练、测试文件夹里"),
    "choice.layout.parts-inside": ("training and test folders are in the classes", "类别里分训练、测试文件夹"),
    "choice.layout.inner": ("the classes are inside the top folders", "类别在最外层文件夹里面"),
    "choice.folder": ("only the folder “{value}”", "只用文件夹“{value}”"),
    "choice.masks": ("masks count as pictures", "掩膜也当作图片"),
    "choice.leave_out_single": ("without classes that have a single picture", "不使用只有一张图片的类别"),
    "choice.join_alike": ("classes with nearly the same name are joined", "合并名称几乎相同的类别"),
    "choice.with_unlabelled": (
        "folders called like unlabelled pictures are classes",
        "名称表示未标注的文件夹也当作类别",
    ),
    "choice.label_column": ("the labels are in the column “{value}”", "标签在“{value}”列"),
    "choice.name_encoding": ("names in {value}", "文件名按 {value} 编码"),
    # what is refused
    "error.data.choice": (
        "{value!r} is not allowed for {option}; allowed: {allowed:, }.",
        "{option} 不能是 {value!r}；可选：{allowed:、}。",
    ),
    "error.data.no_folder": (
        "There is no folder {folder!r} with pictures in it; there are: {known:, }.",
        "其中没有装着图片的文件夹 {folder!r}；现有：{known:、}。",
    ),
    "error.data.no_parts": (
        "None of the folders is called like a training part; there are: {found:, }. Rename them to train, val and test.",
        "没有名称像训练集的文件夹；现有：{found:、}。请重命名为 train、val 和 test。",
    ),
    "error.data.not_kept": (
        "The uploaded pictures were not kept for reading them in another way; add them again.",
        "未保留重新读取所需的上传图片；请重新添加。",
    ),
    "error.data.teachable_model": (
        "“{name}” is a model that Teachable Machine has trained, for TensorFlow; it holds no pictures. Choose “Download project as file” there, and open that project.tm here.",
        "“{name}”是 Teachable Machine 训练好的模型（用于 TensorFlow），其中没有图片。请在 Teachable Machine 中选择“以文件形式下载项目”，再在这里打开得到的 project.tm。",
    ),
    "error.data.archives_inside": (
        "“{name}” holds no pictures but {count:archive|archives} ({archives:, }); unpack first, then give the folder that holds the class folders.",
        "“{name}”里没有图片，只有 {count} 个压缩包（{archives:、}）；请先解压，再提供包含各类别文件夹的文件夹。",
    ),
    "error.data.packed": (
        "“{name}” holds no picture files: the pictures are packed inside of {files:, }, which cannot be read here. Save them as picture files, one folder for each class, and give the folder around these.",
        "“{name}”里没有图片文件：图片打包在 {files:、} 里，这里无法读取。请把它们另存为图片文件，每个类别一个文件夹，再提供这些文件夹所在的文件夹。",
    ),
    "error.data.packed_or_model": (
        "“{name}” holds no picture files. What lies in {files:, } may be packed pictures or a trained model. Save pictures as picture files, one folder for each class; open a model with “Import a model” under Predict.",
        "“{name}”里没有图片文件。{files:、} 里可能是打包的图片，也可能是训练好的模型。图片请另存为图片文件，每个类别一个文件夹；模型请在“预测”页用“导入模型”打开。",
    ),
    "error.data.single_alike": (
        "“{found}” has too few pictures to be validated and is called nearly as “{other}”: join them (command line: --join-alike), or rename the folder.",
        "“{found}”的图片太少，无法验证，而且与“{other}”几乎同名：请将两者合并（命令行：--join-alike），或重命名文件夹。",
    ),
    "error.data.single_pictures": (
        "{count} classes have 1 picture or copies of one and cannot be validated: {classes:, }; add at least 1 more picture to each, or leave these classes out (command line: --leave-out-single).",
        "有 {count} 个类别只有 1 张图片（或都是同一张的副本），无法验证：{classes:、}；请为每个类别至少再添加 1 张，或不使用这些类别（命令行：--leave-out-single）。",
    ),
    "error.data.single_pictures_more": (
        "{count} classes have 1 picture or copies of one and cannot be validated: {classes:, } and {more} more; add at least 1 more picture to each, or leave these classes out (command line: --leave-out-single).",
        "有 {count} 个类别只有 1 张图片（或都是同一张的副本），无法验证：{classes:、} 以及另外 {more} 个；请为每个类别至少再添加 1 张，或不使用这些类别（命令行：--leave-out-single）。",
    ),
    "error.zip.encoding": (
        "The names in “{name}” are not in the encoding {encoding}; choose another.",
        "“{name}”中的名称不是 {encoding} 编码；请选择其他编码。",
    ),
    "finding.layout.table": (
        "The classes come from the table {names}, not from folders.",
        "类别取自表格 {names}，而不是文件夹。",
    ),
    "finding.layout.table_part": (
        "The labels of pictures outside of the class folders come from the table {names}; those in class folders are for training.",
        "类别文件夹之外的图片，标签取自表格 {names}；类别文件夹里的图片用于训练。",
    ),
    "finding.layout.table_parts": (
        "Which pictures are for training, validation and test comes from {names}, as folders do not say it.",
        "文件夹没有划分训练、验证和测试部分，划分取自 {names}。",
    ),
    "finding.layout.column_guessed": (
        "No column of the table {table} is called like labels. “{column}” is taken, as it is the only one that can have them. Is that right?",
        "表格 {table} 里没有名称像标签的列。目前按“{column}”列分类，因为只有它可能是标签。对吗？",
    ),
    "finding.layout.columns_guessed": (
        "Which column of the table {table} has the labels? None is called so; for now “{column}” is taken.",
        "表格 {table} 里哪一列是标签？没有名称像标签的列，目前按“{column}”列分类。",
    ),
    "finding.layout.columns": (
        "The table {table} has several columns that are called like labels; the classes come from “{column}”.",
        "表格 {table} 里有几列的名称都像标签，类别取自“{column}”列。",
    ),
    "finding.layout.lists": (
        "There are several lists of labels for the same pictures; the classes come from “{name}”, which has most. Others: {others}.",
        "同一批图片有几份标签列表，目前按类别最多的“{name}”分类。其他列表：{others}。",
    ),
    "finding.layout.tracks": (
        "Pictures of one traffic sign, taken in one drive past it, are kept together in one part of the split, as the tables have the form of GTSRB’s ({names}).",
        "同一次驶过时拍下的同一块交通标志会留在划分的同一部分，因为表格是 GTSRB 的格式（{names}）。",
    ),
    "finding.table_missing": (
        "The table names {count:file that is|files that are} not here, such as {names}. Check that all pictures came along.",
        "表格中有 {count} 个文件不在这里，例如 {names}。请检查图片是否齐全。",
    ),
    "finding.table_conflict": (
        "The table gives {count:picture|pictures} two different labels: they are not used until they have one.",
        "表格给 {count} 张图片标了两种不同的标签：在确定标签之前不会使用。",
    ),
    "finding.layout.file_names": (
        "The classes come from the names of the files, as there are no class folders: {names}.",
        "没有类别文件夹，类别取自文件名：{names}。",
    ),
}
