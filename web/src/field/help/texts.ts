/** key: [中文, English] */
export const texts = {
  "fhelp.title": ["怎么用", "How to"],
  "fhelp.lead": ["没有网络也能看。", "Readable without a network."],
  "fhelp.seek": ["找一件事", "Find something"],
  "fhelp.none": ["没有找到。", "Nothing found."],
  "fhelp.notices": ["工作通知", "Notices"],
  "fhelp.noticesNone": ["没有通知。", "No notices."],
  "fhelp.materials": ["宣传材料", "Outreach material"],
  "fhelp.materialsLead": ["入户、宣传时给群众看或念。", "To show or read to residents."],
  "fhelp.materialsNone": ["没有宣传材料。", "No material."],
  "fhelp.understood": ["知悉", "Understood"],
  "fhelp.done": ["已知悉", "You said so"],
  "fhelp.sending": ["已点知悉，待发送", "Said, not sent yet"],
  "fhelp.until": ["有效至 {day}", "until {day}"],
  "fhelp.out": ["知悉：{title}", "Understood: {title}"],
  "outreachTopic.law": ["法治宣传", "Legal awareness"],
  "outreachTopic.safety": ["平安宣传", "Community safety"],
} as const satisfies Record<string, readonly [string, string]>;
