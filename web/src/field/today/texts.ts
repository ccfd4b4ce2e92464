/** key: [中文, English] */
export const texts = {
  "today.title": ["首页", "Today"],
  "today.hello": ["{name}，您好", "Hello, {name}"],
  "today.synced": ["{span}前同步", "in step {span} ago"],
  "today.syncedNow": ["刚刚同步", "in step"],
  "today.never": ["还没有和服务器同步", "not yet in step with the server"],
  "today.notices": ["提醒（{n}）", "Notices ({n})"],
  "today.noticesRead": ["{n} 条提醒已读", "{n} notices read"],
  "today.readAll": ["全部已读", "Mark all read"],
  "today.later": ["以后再说", "Later"],
  "today.drafts": ["没写完的上报", "A report you began"],
  "today.outbox": ["待发送", "To send"],
  "today.waits": ["{n} 条等待发送", "{n} wait to be sent"],
  "today.needs": ["{n} 条需要您处理", "{n} need you"],
} as const satisfies Record<string, readonly [string, string]>;
