import { texts as desk } from "../../resources/texts";

/** key: [中文, English] */
export const texts = {
  ...desk,
  "fresources.title": ["应急资源", "Emergency resources"],
  "fresources.due": ["待检查", "To check"],
  "fresources.near": ["附近", "Near me"],
  "fresources.dueNone": ["没有待检查的资源。", "Nothing to check."],
  "fresources.nearNone": ["本区域没有登记资源。", "No resources in your area."],
  "fresources.locating": ["正在定位…", "Finding your place…"],
  "fresources.noPlace": ["没有定位，按清单顺序显示。", "No position: shown in the order of the list."],
  "fresources.by": ["{day} 前", "by {day}"],
  "fresources.late": ["已逾期", "overdue"],
  "fresources.check": ["检查", "Check"],
  "fresources.found": ["现有数量（{unit}）", "How much there is ({unit})"],
  "fresources.should": ["应有 {n}", "should be {n}"],
  "fresources.condition": ["状况", "Condition"],
  "fresources.expires": ["有效期至（可不填）", "Expires on (optional)"],
  "fresources.note": ["说明（可不填）", "Note (optional)"],
  "fresources.makeCase": ["短缺，同时转为案件", "Short: make a case of it"],
  "fresources.save": ["完成检查", "Done"],
  "fresources.number": ["请填写数量。", "Give an amount."],
  "fresources.sent": ["待发送", "Not sent yet"],
  "fresources.titleOut": ["资源检查：{name}", "Check: {name}"],
} as const satisfies Record<string, readonly [string, string]>;
