/** How-to cards of the field app: short and true, shipped with it, readable without a network. */

type Both = readonly [zh: string, en: string];
export interface Card { id: string; icon: "camera" | "cases" | "clock" | "tasks" | "sync" | "offline" | "shield" | "box" | "scale" | "navigate" | "check" | "pin" | "lock" | "megaphone" | "people" | "undo"; title: Both; steps: readonly Both[] }

export const cards: readonly Card[] = [
  { id: "report", icon: "camera", title: ["上报一件事", "Report a matter"], steps: [
    ["点中间的“上报”，先拍照。", "Tap Report in the middle and take the photo first."],
    ["位置自动取得；不准时在地图上挪到实际地点。", "The place is taken by itself; move it on the map where it is wrong."],
    ["类别按您写的字和最近用过的推荐，点一下即可。", "A class is suggested from your words and what you used lately: one tap."],
    ["不用填姓名、时间、区域，系统都知道。", "No name, time or area to fill in: they are known."],
    ["提交后得到受理号；没有信号时先存在手机里。", "You get a number; without signal it waits on the phone."],
  ] },
  { id: "offline", icon: "offline", title: ["没有信号怎么办", "Without signal"], steps: [
    ["照常办事。写的内容和照片都存在手机里。", "Work on. What you write and your photos are kept on the phone."],
    ["发件箱里看得到每一条：待发送、正在发送、已送达、需要处理。", "The outbox shows each: waiting, sending, done, or needing you."],
    ["有信号后自动发送，每张照片只传一次。", "It goes out by itself with the signal; each photo once."],
    ["按您实际办理的时间算，没有信号不会算迟。", "The time when you did it counts: no signal is never late."],
    ["7 天内要联网一次，超过 7 天的工作系统不再接收。", "Be online once in 7 days: older work is not taken any more."],
  ] },
  { id: "conflict", icon: "sync", title: ["别人已经先处理了", "Somebody was quicker"], steps: [
    ["发件箱里标“需要处理”，点开看两边各是什么。", "The outbox says “needs you”: open it to see both sides."],
    ["可以按现在的情况再提交，或放弃。", "Send it again on what is now, or drop it."],
    ["您写的内容不会丢，直到您自己放弃。", "What you wrote stays until you drop it."],
  ] },
  { id: "cases", icon: "cases", title: ["办理案件", "Work on a case"], steps: [
    ["“案件”里有待接收、办理中、已完成、退回四类。", "Cases lists what to accept, to do, done and returned."],
    ["先接收，时限从派遣时算起，页面上看得到还剩多久。", "Accept first; the page shows how long is left."],
    ["处置前后各拍一张照片，写清做了什么，再反馈。", "One photo before, one after, say what was done, then feed back."],
    ["需要别的单位帮忙，用“请求协办”，不要退回。", "Where you need help, ask for it rather than returning the case."],
  ] },
  { id: "return", icon: "undo", title: ["不该我办，退回", "Return a case"], steps: [
    ["确认不属于本单位职责再退回，写明应由谁办。", "Only where it is not yours; say whose it is."],
    ["退回要经批准；批准前时限照算。", "Returning is decided on; until then the clock runs."],
  ] },
  { id: "navigate", icon: "navigate", title: ["导航到现场", "Find the place"], steps: [
    ["案件页点“导航”，用手机上的地图软件打开。", "Tap Navigate on the case: the phone’s map opens."],
    ["平台不记录您怎么走的。", "The platform does not record which way you go."],
  ] },
  { id: "duty", icon: "clock", title: ["上岗和下岗", "On and off duty"], steps: [
    ["首页点“上岗”，这就是签到，不用再签。", "Tap On duty on the first page: that is the sign-in."],
    ["只有在岗时才可能上报位置；下岗后一律不收。", "Positions are taken on duty only, and never after."],
    ["忘记下岗没有关系，班次结束后自动下岗，不算过错。", "Forgot to go off? It ends with the shift and is held against nobody."],
    ["换班、请假在“勤务”里申请；不用写请假原因。", "Ask for swaps and days off under Duty; no reason is asked for."],
  ] },
  { id: "position", icon: "pin", title: ["我的位置", "My position"], steps: [
    ["可以不开定位，案件照样能办。", "You may leave it off and still work on cases."],
    ["“我的”里能看到自己的轨迹、谁看过、哪天删除。", "Under Me you see your own way, who looked, and when it goes."],
  ] },
  { id: "tasks", icon: "tasks", title: ["日常任务", "Daily tasks"], steps: [
    ["做了就算：上报、检查、走访本身就会完成任务，不用再填一遍。", "Doing it counts: the work itself completes the task, no second form."],
    ["过了时间还能补办，写一句原因。", "Late tasks can still be done, with a word why."],
    ["请假和停巡的日子，任务不计。", "On days off and when the area is closed no task counts."],
  ] },
  { id: "inspect", icon: "check", title: ["检查重点场所", "Inspect a place"], steps: [
    ["选场所，按清单逐项点“合格”或“不合格”。", "Choose the place and answer the list: yes or no."],
    ["不合格的拍照，一键转为案件。", "Take a photo of what fails; one tap makes a case."],
    ["整改后系统会提醒复查，合格才算完。", "After repair you are asked to look again; a yes ends it."],
  ] },
  { id: "visit", icon: "people", title: ["入户走访和关爱走访", "Visits"], steps: [
    ["只记地址、目的和结果，不记家里有谁、什么情况。", "Only the address, the purpose and the result: nothing about people."],
    ["关爱走访只去本人同意的人家；说不要了，点“撤回同意”立即删除。", "Care visits only to who asked; “withdraw” deletes it at once."],
  ] },
  { id: "resources", icon: "box", title: ["检查应急资源", "Check resources"], steps: [
    ["“我的—应急资源”里看待检查的，核对数量、状况、有效期。", "Under Me, Resources: check amount, condition and expiry."],
    ["短缺时勾“转为案件”，一步到位。", "Tick “make a case” where something is lacking."],
    ["“附近”按距离列出物资、队伍和避难场所，联系的是岗位。", "Near me lists what is close; the contact is a post."],
  ] },
  { id: "notices", icon: "megaphone", title: ["通知和宣传材料", "Notices and material"], steps: [
    ["打开看就行，不计时、不记录。", "Just read them: nothing is timed or recorded."],
    ["标了“知悉”的才需要点一下。", "Only those with “understood” ask for a tap."],
    ["宣传材料可以直接念给群众听；打开过一次就能离线看。", "Material can be read to residents; once opened it works offline."],
  ] },
  { id: "evaluation", icon: "scale", title: ["我的评价和申诉", "My evaluation"], steps: [
    ["“我的—我的完成与评价”里，每一步怎么算的都写着。", "Under Me every step is in words."],
    ["没有排行榜，也没有人能把您和别人排在一起。", "There is no ranking, and no list beside others."],
    ["不对就申诉：选任务、写理由，两个不同的人审核。", "Object: choose tasks, say why; two different people review."],
  ] },
  { id: "mine", icon: "shield", title: ["系统存了我的什么", "What is held about me"], steps: [
    ["“我的—系统存了我的什么”逐项列出：为什么存、存多久、谁能看、谁看过。", "Under Me: what, why, how long, who sees it and who looked."],
    ["可以整份下载。", "You can download all of it."],
  ] },
  { id: "phone", icon: "lock", title: ["手机丢了", "Lost phone"], steps: [
    ["请安全管理员停用账号，或用另一台设备登录后改密码。", "Have the security administrator switch the account off, or change the password elsewhere."],
    ["手机里不存居民的联系方式。", "The phone keeps no contact data of residents."],
  ] },
];
