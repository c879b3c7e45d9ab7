"""Texts about accounts: signing in, classes, and what is refused."""

TEXT: dict[str, tuple[str, str]] = {
    "people.sign_in.title": ("Sign in", "登录"),
    "people.sign_in.ways": ("How do you sign in?", "登录方式"),
    "people.sign_in.button": ("Sign in", "登录"),
    "people.sign_in.foot": (
        "Forgotten? Your teacher or administrator can reset it.",
        "忘记了？请老师或管理员帮你重置。",
    ),
    "people.hugging_face": ("Sign in with Hugging Face", "用 Hugging Face 账号登录"),
    "people.hugging_face.text": (
        "Your user name there becomes your name here; nothing else is asked for.",
        "将使用你在 Hugging Face 的用户名作为这里的名字，不索取其他信息。",
    ),
    "people.hugging_face.or": ("Or with an account of this studio:", "或使用本站账户："),
    "error.people.hugging_face": (
        "Hugging Face did not say who you are; try to sign in again.",
        "未能从 Hugging Face 获取你的身份，请重新登录。",
    ),
    "error.people.no_hugging_face": (
        "There is no OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET in the environment: give the Space hf_oauth: true, or register an "
        "application at Hugging Face and set them.",
        "环境变量中没有 OAUTH_CLIENT_ID 和 OAUTH_CLIENT_SECRET：请在 Space 中设置 hf_oauth: true，或在 Hugging Face 注册应用并设置这两个变量。",
    ),
    "people.way.join": ("Join a class", "加入班级"),
    "people.way.pictures": ("With pictures", "图案登录"),
    "people.way.password": ("With a password", "密码登录"),
    "people.name": ("Name", "姓名"),
    "people.password": ("Password", "密码"),
    "people.old_password": ("Password until now", "原密码"),
    "people.new_password": ("New password", "新密码"),
    "people.password.hint": ("At least {least} characters.", "至少 {least} 个字符。"),
    "people.first.title": ("Set up this studio", "初次设置"),
    "people.first.text": (
        "You will be its administrator: you give others their accounts. Use the link that the terminal shows.",
        "你将成为管理员，可以为其他人开设账户。请使用终端中显示的链接打开本页。",
    ),
    "people.first.button": ("Create my account", "创建账户"),
    "people.join.code": ("Code of the class", "班级代码"),
    "people.join.name": ("Your name", "你的名字"),
    "people.join.name.hint": (
        "As your teacher knows you. You need it to come back.",
        "请填写老师认识的名字，下次登录时要用到。",
    ),
    "people.join.button": ("Join", "加入"),
    "people.code.new": ("Choose your secret pictures", "选择你的密码图案"),
    "people.code.new.hint": (
        "Tap {count} pictures, in an order that only you know. The same one may come twice.",
        "按只有你知道的顺序点选 {count} 个图案，同一图案可以重复。",
    ),
    "people.code.old": ("Your secret pictures", "你的密码图案"),
    "people.code.old.hint": ("Tap your {count} pictures in their order.", "按顺序点选你的 {count} 个图案。"),
    "people.code.clear": ("Start over", "重新选择"),
    "people.filled": ("chosen", "已选择"),
    "people.empty": ("empty", "未选择"),
    "people.picture.cat": ("cat", "猫"),
    "people.picture.dog": ("dog", "狗"),
    "people.picture.fish": ("fish", "鱼"),
    "people.picture.bird": ("bird", "鸟"),
    "people.picture.tree": ("tree", "树"),
    "people.picture.flower": ("flower", "花"),
    "people.picture.sun": ("sun", "太阳"),
    "people.picture.moon": ("moon", "月亮"),
    "people.picture.star": ("star", "星星"),
    "people.picture.house": ("house", "房子"),
    "people.picture.boat": ("boat", "小船"),
    "people.picture.apple": ("apple", "苹果"),
    "people.account": ("Account", "账户"),
    "people.back": ("Back to the studio", "返回"),
    "people.sign_out": ("Sign out", "退出登录"),
    "people.sign_out.everywhere": ("Sign out everywhere", "在所有设备上退出登录"),
    "people.change.password": ("Change your password", "修改密码"),
    "people.change.pictures": ("Change your secret pictures", "修改密码图案"),
    "people.change.button": ("Change", "修改"),
    "people.must_change.password": (
        "This password was given to you. Choose one of your own to go on.",
        "当前密码是别人为你设置的，请先设置自己的密码。",
    ),
    "people.must_change.pictures": (
        "These pictures were given to you. Choose your own to go on.",
        "当前图案是老师为你设置的，请先选择自己的图案。",
    ),
    "people.by_proxy": (
        "Your organisation signs you in; your password is changed there.",
        "你通过单位的统一登录进入，请在那里修改密码。",
    ),
    "people.role": ("Role", "身份"),
    "people.role.administrator": ("Administrator", "管理员"),
    "people.role.teacher": ("Teacher", "老师"),
    "people.role.pupil": ("Pupil", "学生"),
    "people.class.link": ("Class", "班级"),
    "people.class.title": ("Your class", "班级"),
    "people.class.how": ("Pupils open {address} and enter this code:", "学生打开 {address}，输入以下代码："),
    "people.class.qr": ("QR code that opens the studio with this code", "打开本页面并填好代码的二维码"),
    "people.class.open": ("Let pupils join", "允许学生加入"),
    "people.class.close": ("Close joining", "停止加入"),
    "people.class.renew": ("Another code", "更换代码"),
    "people.class.closed": (
        "Nobody can join at the moment. Pupils who have joined go on signing in.",
        "目前不能加入新学生；已加入的学生仍可登录。",
    ),
    "people.list.title": ("{count:person|people} with an account", "共 {count} 个账户"),
    "people.reset.password": ("New password", "重置密码"),
    "people.reset.pictures": ("New pictures", "重置图案"),
    "people.remove": ("Remove", "移除"),
    "people.remove.ask": (
        "Remove {name}? What {name} made stays, for teachers to see.",
        "移除 {name}？其作品会保留，老师仍可查看。",
    ),
    "people.add.title": ("Give somebody an account", "开设账户"),
    "people.add.button": ("Create", "创建"),
    "people.given.password": (
        "Give this password to {name}; it is shown only now, and has to be changed at the first sign-in.",
        "请将此密码告知 {name}。密码仅显示这一次，首次登录时须修改。",
    ),
    "people.given.pictures": (
        "Give these pictures to {name}, in this order; they are shown only now.",
        "请将这些图案按顺序告知 {name}，仅显示这一次。",
    ),
    "people.shown.close": ("Done", "完成"),
    "people.failed": (
        "The studio did not answer; check the connection and try again.",
        "没有收到响应，请检查网络后重试。",
    ),
    "people.no_script": ("Turn JavaScript on to sign in.", "请启用 JavaScript 后再登录。"),
    "people.open.text": (
        "Nobody signs in here: everybody who can open this page sees all data sets and runs, with their pictures. Whoever "
        "started the studio can add --accounts or --class, so that each person sees their own.",
        "本页面无需登录：能打开本页面的人都可以看到全部数据集和训练记录及其中的图片。如需让每个人只看到自己的内容，"
        "请在启动时加上 --accounts 或 --class。",
    ),
    "people.open.button": ("I see", "知道了"),
    "people.terminal.first": (
        "Open this link once to make the administrator: {address}",
        "请打开以下链接设置管理员（仅可使用一次）：{address}",
    ),
    "people.terminal.class": (
        "Pupils open {address} and enter the code {code}.",
        "学生打开 {address}，输入代码 {code}。",
    ),
    "error.people.staff": ("Only a teacher or an administrator may do that.", "只有老师或管理员可以这样做。"),
    "error.people.administrator": (
        "Only an administrator may do that; teachers manage the accounts of pupils.",
        "只有管理员可以这样做；老师可以管理学生的账户。",
    ),
    "error.people.not_yours": (
        "This is not yours to change; use it as it is, or ask its owner.",
        "这不属于你，不能修改；可以直接使用，或请其所有者修改。",
    ),
    "error.people.shared_set": (
        "This data set was handed out to be used as it is. Bring the pictures in yourself to change them.",
        "这个数据集是分发给大家使用的，不能修改。如需修改，请自行导入这些图片。",
    ),
    "error.people.sign_in_again": ("Sign in first: reload the page.", "请先登录：刷新页面即可。"),
    "error.people.must_change": (
        "Choose your own password first: reload the page.",
        "请先设置自己的密码：刷新页面即可。",
    ),
    "error.people.wrong": (
        "The name and the password or pictures do not belong together; try again, or ask for a reset.",
        "姓名与密码或图案不匹配；请重试，或请人重置。",
    ),
    "error.people.wrong_old": (
        "The old password, or the old pictures, are not right; try again.",
        "原密码或原图案不正确，请重试。",
    ),
    "error.people.braked": (
        "Too many attempts; wait {seconds:second|seconds}, then try again.",
        "尝试次数过多；请等待 {seconds} 秒后重试。",
    ),
    "error.people.join_code": (
        "No class has this code now; look at the code again, or ask your teacher.",
        "现在没有使用此代码的班级；请核对代码，或询问老师。",
    ),
    "error.people.class_full": (
        "The class already has {most:pupil|pupils}; ask your teacher to remove some.",
        "班级已满 {most} 人；请联系老师移除不再使用的账户。",
    ),
    "error.people.first_used": (
        "This link does not work any more; start the studio again and use the link that the terminal shows.",
        "此链接已失效；请重新启动程序，并使用终端中显示的链接。",
    ),
    "error.people.password_length": (
        "Choose a password of {least} to {most} characters.",
        "密码长度应为 {least} 到 {most} 个字符。",
    ),
    "error.people.password_plain": (
        "This password is too easy to guess; choose another one.",
        "密码过于简单，请换一个。",
    ),
    "error.people.same_password": (
        "That is the one you have; choose another one.",
        "与原来的相同，请换一个。",
    ),
    "error.people.pictures": ("Choose {count:picture|pictures}.", "请选择 {count} 个图案。"),
    "error.people.pictures_only": (
        "{name} signs in with pictures, which is too little for a teacher; reset to a password first.",
        "{name} 使用图案登录，不足以保护老师账户；请先重置为密码。",
    ),
    "error.people.by_proxy": (
        "{name} is signed in by the proxy; the password is changed there.",
        "{name} 由代理统一登录，请在那里修改密码。",
    ),
    "error.people.role": (
        "{role} is no role; choose one of {allowed:, }.",
        "{role} 不是有效的身份；请选择：{allowed:、}。",
    ),
    "error.people.name": (
        "Choose a name of 1 to {most} characters, with a letter or a digit in it.",
        "名字应为 1 到 {most} 个字符，且至少包含一个字母或数字。",
    ),
    "error.people.name_taken": (
        "Somebody is called {name} already; choose another name, such as one with your initial behind it.",
        "已经有人叫 {name} 了；请换一个名字，例如在后面加上姓氏首字母。",
    ),
    "error.people.too_many": (
        "This studio already has {most} people; remove some first.",
        "账户已达 {most} 个；请先移除一些。",
    ),
    "error.people.last_administrator": (
        "This is the last administrator; make somebody else one first.",
        "这是最后一位管理员；请先指定另一位管理员。",
    ),
    "error.people.missing": (
        "Nobody here is called {name}; `people list` shows all.",
        "没有名为 {name} 的账户；`people list` 可列出全部。",
    ),
    "error.people.no_name": (
        "Say whom or what `people {action}` is about, as in `people {action} NAME`.",
        "请写明 `people {action}` 的对象，例如 `people {action} NAME`。",
    ),
    "error.people.no_password": (
        "There was no password on standard input; write one line to it.",
        "标准输入中没有密码；请写入一行密码。",
    ),
    "error.people.not_json": (
        "That could not be read; reload the page and try again.",
        "无法读取请求；请刷新页面后重试。",
    ),
    "error.people.nothing_to_share": (
        "There is nothing of that kind; share run:ID, dataset:ID or model:FILE.",
        "没有找到可共享的内容；可以共享 run:ID、dataset:ID 或 model:FILE。",
    ),
    "error.people.auth_header": (
        "{name} cannot be the header that names people; give --auth-header a name such as X-Remote-User.",
        "{name} 不能用作标识用户的请求头；--auth-header 应为类似 X-Remote-User 的名称。",
    ),
    "error.people.no_proxy": (
        "--auth-header is believed from the proxy alone; give its address with --trusted-proxy as well.",
        "--auth-header 只对代理生效；请同时用 --trusted-proxy 指定代理的地址。",
    ),
    "error.people.busy_file": (
        "{file} could not be opened; another program may hold it, or the folder is not writable. Try again.",
        "无法打开 {file}；可能被其他程序占用，或文件夹不可写。请重试。",
    ),
    "error.people.damaged_file": (
        "{file}, which holds the accounts, is damaged; put a copy of it back, or move it away to begin anew.",
        "保存账户的 {file} 已损坏；请恢复备份，或将其移走后重新开始。",
    ),
    "error.people.newer_file": (
        "The accounts were written by a newer version of ResNet Studio; install that version.",
        "账户数据由更新版本的 ResNet Studio 写入；请安装该版本。",
    ),
    "whose.mine": ("yours", "我的"),
    "whose.person": ("by {name}", "{name} 的"),
}
