"""What work there is on a case, and how each kind is counted. Pure: no Django.

Quantities come from events that are recorded anyhow; nobody fills in a form about time or money.
Only work on site has a recorded duration, and only where an arrival was recorded: everything else
counts per event.
"""

from dataclasses import dataclass

from mengding.core.text import T


@dataclass(frozen=True, slots=True)
class Activity:
    """`counts`: in words, where the quantity comes from. `timed`: its duration is recorded.

    `again`: a report merged into another case would have needed it once more.
    `beside`: no work on a case; counted for an area only.
    """

    code: str
    name: T
    counts: T
    group: str
    timed: bool = False
    again: bool = False
    beside: bool = False


GROUPS: dict[str, T] = {
    "intake": T("受理", "Intake"),
    "centre": T("中心", "Centre"),
    "site": T("现场", "On site"),
    "closing": T("核查与回访", "Check and call-back"),
    "beside": T("日常（不计入案件）", "Daily work (not part of a case)"),
}

# fmt: off
ACTIVITIES: tuple[Activity, ...] = (
    Activity("call", T("接听来电", "Take a call"),
             T("每条电话诉求一次。", "Once for each report by phone."), "intake"),
    Activity("visit", T("接待来访", "Receive a visitor"),
             T("每条来访诉求一次。", "Once for each report in person."), "intake"),
    Activity("written", T("受理网上诉求", "Take in a written report"),
             T("公众端、Open311、其他平台转来的每条诉求一次；物联感知和历史导入不计。",
               "Once for each report by web, Open311 or another platform; "
               "sensors and imports count for nothing."), "intake"),
    Activity("found", T("巡查上报", "Report from a patrol"),
             T("网格员上报的每条一次。", "Once for each report by a grid worker."), "intake"),
    Activity("verify", T("核实", "Pre-check"),
             T("每次回复核实一次。", "Once for each pre-check reported."), "centre", again=True),
    Activity("decide", T("立案审核", "Decide on filing"),
             T("每次立案、不予受理、移交紧急服务一次。",
               "Once for each filing, declining or handing over."), "centre"),
    Activity("dispatch", T("派遣", "Dispatch"),
             T("每张发出的工单一次，重派、协办都算。",
               "Once for each order sent, reassigned and assisting ones too."),
             "centre", again=True),
    Activity("approve", T("审批", "Approval"),
             T("每次决定延期、挂账、退回、作废、豁免申请一次，同意与否都算。",
               "Once for each decision on an application, granted or refused."), "centre"),
    Activity("supervise", T("督办", "Supervise"),
             T("每次督办一次。", "Once for each demand."), "centre"),
    Activity("merge", T("并案", "Merge"),
             T("每次把一件并入本案一次。", "Once for each case merged into this one."), "centre"),
    Activity("reply", T("答复", "Reply"),
             T("每次公开答复一次。", "Once for each reply to the public."), "centre"),
    Activity("travel", T("出行到场", "Drive out"),
             T("每次记录到场一次。", "Once for each recorded arrival."), "site", again=True),
    Activity("handle", T("现场处置", "Work on site"),
             T("从到场到反馈的时间。当天反馈的按实际经过，跨天的按工作日历只计工作时间；"
               "每段进到一刻钟，每张工单有上限。",
               "The time from arrival to the feedback: as it passed when both are on one day, "
               "otherwise working time by the calendar; up to the next quarter of an hour, "
               "with an upper limit for each order."), "site", timed=True, again=True),
    Activity("handle_plain", T("处置（无到场记录）", "Handling (no arrival recorded)"),
             T("没有记录到场的每次反馈一次。", "Once for each feedback without an arrival."),
             "site", again=True),
    Activity("material", T("材料", "Material"),
             T("系统不记录材料用量，每次反馈按平均数计一次。",
               "Material used is not recorded: an average, once for each feedback."),
             "site", again=True),
    Activity("self_handle", T("自办", "Dealt with on the spot"),
             T("网格员当场办结的一次，代替立案、派遣、处置。",
               "Once where a grid worker dealt with it on the spot, "
               "in place of filing, dispatch and handling."), "site"),
    Activity("check", T("核查", "Check"),
             T("每次核查结案或返工一次。", "Once for each closing or sending back."),
             "closing", again=True),
    Activity("call_back", T("回访", "Call-back"),
             T("每次回访一次。", "Once for each call-back."), "closing"),
    Activity("recheck", T("复核", "Second look"),
             T("每次复核维持或重新打开一次。", "Once for each case upheld or reopened."),
             "closing"),
    Activity("inspection", T("场所检查", "Inspection"),
             T("每次提交检查清单一次。", "Once for each checklist handed in."),
             "beside", beside=True),
    Activity("task", T("巡查走访等任务", "Patrols and other tasks"),
             T("每项完成的日常任务一次，场所检查除外。巡查时长不记录，值勤时长不汇总，所以按次计。",
               "Once for each daily task done, without inspections. Hours of patrols are not "
               "recorded and hours of duty not summed, so it counts per event."),
             "beside", beside=True),
)
# fmt: on
BY_CODE: dict[str, Activity] = {each.code: each for each in ACTIVITIES}
AGAIN: frozenset[str] = frozenset(each.code for each in ACTIVITIES if each.again)
# What dealing with it on the spot made unnecessary.
SPARED: tuple[str, ...] = ("decide", "dispatch", "travel")

MERGE_METHOD = T(
    "并案节省 = 并入的诉求数 × 本案自己的（核实 + 派遣 + 出行到场 + 处置 + 材料 + 核查）"
    " × 系数 − 并案本身的花费。只计已结案的案件，记在结案那天。",
    "Saved by merging = reports that joined × this case's own (pre-check + dispatch + driving out"
    " + handling + material + check) × factor − what merging itself cost. Closed cases only, on"
    " the day of closing.",
)
MERGE_ASSUMES = T(
    "每条并入的诉求若单独成案，也会走到核查。实际上有的会被提前认出或不予受理，所以乘一个系数。",
    "Assumes that each of them would have gone all the way as a case of its own. Some would have"
    " been noticed or declined earlier, hence the factor.",
)
SELF_METHOD = T(
    "自办节省 = （立案审核 + 派遣 + 出行到场 各一次） × 系数，按办结当天的标准。只计已结案的案件。",
    "Saved by dealing with it on the spot = (deciding + dispatch + driving out, once each) ×"
    " factor, at the rates of that day. Closed cases only.",
)
SELF_ASSUMES = T(
    "不自办就要由部门专程去一趟。处置本身总要做，不算节省。",
    "Assumes that a department would have driven out for it. The work itself had to be done"
    " anyhow and is not counted as saved.",
)
