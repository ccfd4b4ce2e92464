import { months } from "../../scores/months";

/** key: [中文, English] */
export const texts = {
  ...months,
  "mymonth.title": ["我的完成与评价", "My work and evaluation"],
  "mymonth.lead": ["由已有记录算出，不用填报，不排名。", "From work already recorded: nothing to fill in, no ranking."],
  "mymonth.month": ["月份", "Month"],
  "mymonth.appeal": ["有异议，提出申诉", "Object: appeal"],
  "mymonth.appealLead": ["选出不该计入的任务，写明理由。由两个不同的人先后审核，都不是您本人。", "Choose the tasks that should not count and say why. Two different people review it."],
  "mymonth.reason": ["理由", "Why"],
  "mymonth.pick": ["请至少选一件任务。", "Choose at least one task."],
  "mymonth.reasonNeeded": ["请写明理由。", "Say why."],
  "mymonth.send": ["提交申诉", "Send the appeal"],
  "mymonth.waits": ["申诉在发件箱，联网后提交。", "The appeal is in the outbox and goes out with the network."],
  "mymonth.appeals": ["我的申诉", "My appeals"],
  "mymonth.due": ["{day} 前审完", "reviews by {day}"],
  "mymonth.by": ["{turn}：{who} · {verdict}", "{turn}: {who} · {verdict}"],
  "mymonth.first": ["初审", "First review"],
  "mymonth.second": ["复审", "Second review"],
  "mymonth.grants": ["成立", "granted"],
  "mymonth.refuses": ["不成立", "refused"],
  "mymonth.withdraw": ["撤回申诉", "Withdraw"],
  "mymonth.change": ["原结果 {a}，更正后 {b}", "was {a}, corrected to {b}"],
  "mymonth.looks": ["谁看过", "Who looked"],
  "mymonth.looksNone": ["没有人看过您的评价。", "Nobody looked at it."],
  "mymonth.titleOut": ["评价申诉 {month}", "Appeal {month}"],
  "mymonth.withdrawOut": ["撤回评价申诉 {month}", "Withdraw the appeal {month}"],
} as const satisfies Record<string, readonly [string, string]>;
