/** key: [中文, English] */
export const texts = {
  "holdings.title": ["系统存了我的什么", "What the system holds about me"],
  "holdings.lead": ["只有您能看到这一页。", "Only you see this page."],
  "holdings.count": ["{n} 条", "{n}"],
  "holdings.oldest": ["最早 {when}", "oldest {when}"],
  "holdings.goes": ["最近一次删除 {when}", "next deleted {when}"],
  "holdings.why": ["为什么存", "Why"],
  "holdings.how": ["存多久", "How long"],
  "holdings.who": ["谁能看", "Who sees it"],
  "holdings.looks": ["谁看过", "Who looked"],
  "holdings.facts": ["具体内容", "The data"],
  "holdings.save": ["下载全部（JSON）", "Download all (JSON)"],
} as const satisfies Record<string, readonly [string, string]>;
