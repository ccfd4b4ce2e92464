"""The indicators, each defined once: name, formula in words, and the measures it is made of.

Names as in design practice of 数字城管 and 12345; the formulas are ours and are shown beside every
number. Pure: no Django.
"""

from dataclasses import dataclass
from typing import Literal

from mengding.core.text import T
from mengding.indicators.measures import BY_CODE, Measure

Good = Literal["up", "down", ""]


@dataclass(frozen=True, slots=True)
class Indicator:
    """A count (`over` empty) or a rate (`counts` / `over`, both sums over all facts).

    `stock`: not what happened in the period but what stood open at its end. `good`: which way is
    better, "" for neither.
    """

    code: str
    name: T
    formula: T
    counts: str
    over: str = ""
    good: Good = ""
    stock: bool = False
    group: str = "handling"

    @property
    def rate(self) -> bool:
        """Whether it is a share of something."""
        return bool(self.over)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What has to be summed for it."""
        if self.stock:
            return (BY_CODE["received"], BY_CODE["ended"])
        return tuple(BY_CODE[code] for code in (self.counts, self.over) if code)


GROUPS: dict[str, T] = {
    "flow": T("收与办", "In and out"),
    "handling": T("处置", "Handling"),
    "dispatch": T("派遣", "Dispatch"),
    "closing": T("结案与返工", "Closing and rework"),
    "patrol": T("巡查", "Patrol"),
    "public": T("群众回访", "Call-backs"),
}

# fmt: off
INDICATORS: tuple[Indicator, ...] = (
    Indicator("received", T("上报数", "Reported"),
              T("本期上报的案件，并案、作废的也在内。",
                "Cases reported in the period, merged and void ones too."),
              "received", group="flow"),
    Indicator("filed", T("立案数", "Filed"),
              T("本期上报、已立案的案件，不含作废和并案。",
                "Cases reported in the period and filed, without void and merged ones."),
              "filed", group="flow"),
    Indicator("declined", T("不予受理", "Declined"),
              T("本期上报、不予受理的案件。", "Cases reported in the period and declined."),
              "declined", group="flow"),
    Indicator("voided", T("作废", "Void"),
              T("本期上报、已作废的案件。", "Cases reported in the period and voided."),
              "voided", group="flow"),
    Indicator("merged", T("并案", "Merged"),
              T("本期上报、并入他案的案件。", "Cases reported in the period and merged."),
              "merged", group="flow"),
    Indicator("ended", T("办结数", "Ended"),
              T("本期结束的案件：结案、不予受理、作废、并案。",
                "Cases that ended in the period in any way."),
              "ended", group="flow"),
    Indicator("closed", T("结案数", "Closed"),
              T("本期核查后结案的案件（按结案日）。",
                "Cases closed after a check in the period, by the day of closing."),
              "closed_then", group="flow"),
    Indicator("open", T("期末在办", "Open at the end"),
              T("期末之前上报、期末尚未结束的案件。",
                "Cases reported before the end of the period that had not ended by then."),
              "received", stock=True, group="flow"),
    Indicator("response_rate", T("首次响应率", "First-response rate"),
              T("在受理时限内作出首次响应（核实、立案、不予受理）的案件 ÷ 受理时限已结束的案件。",
                "Cases answered first (pre-check, filing, declining) within the limit ÷ cases "
                "whose receiving limit is over."),
              "response_in_time", "response_due", good="up", group="flow"),

    Indicator("to_handle", T("应处置数", "To be handled"),
              T("本期派遣给主办单位的案件，减去作废、并案、退回、改派的；重新打开的按再次派遣计。",
                "Cases sent to a lead organisation in the period, less those void, merged, "
                "returned or sent elsewhere; a reopened case counts with its new dispatch."),
              "to_handle"),
    Indicator("handled", T("处置数", "Handled"),
              T("应处置案件中主办单位已反馈办结的。", "Of these, those the lead organisation did."),
              "handled"),
    Indicator("handled_rate", T("处置率", "Handling rate"),
              T("处置数 ÷ 应处置数。", "Handled ÷ to be handled."),
              "handled", "to_handle", good="up"),
    Indicator("in_time", T("按时处置数", "Handled in time"),
              T("应处置案件中在处置时限内办结的，不含已豁免的。",
                "Of those to be handled, those done within the limit, without exempted ones."),
              "in_time"),
    Indicator("in_time_rate", T("按时处置率", "In-time rate"),
              T("按时处置数 ÷ 应处置数；申诉成立而豁免的，分子分母都不计；"
                "未到期的尚未处置，也在分母内。",
                "Handled in time ÷ to be handled; those exempted after an appeal are in neither. "
                "What is not due yet is in the denominator."),
              "in_time", "timed", good="up"),
    Indicator("late_done", T("超时处置数", "Handled late"),
              T("应处置案件中超过时限才办结的，不含已豁免的。",
                "Of those to be handled, those done after the limit, without exempted ones."),
              "late_done", good="down"),
    Indicator("overdue", T("超时待处置数", "Overdue"),
              T("应处置案件中时限已过、仍未办结的。",
                "Of those to be handled, those past the limit and not done."),
              "overdue", good="down"),
    Indicator("not_due", T("未到期", "Not due yet"),
              T("应处置案件中未办结、时限未过或挂账暂停的。",
                "Of those to be handled, those not done whose limit is not over, or stands."),
              "not_due"),
    Indicator("extended", T("延期数", "Extended"),
              T("本期派遣、获准延期的案件。", "Dispatches of the period that got an extension."),
              "extended", good="down"),
    Indicator("suspended", T("挂账数", "Suspended"),
              T("本期派遣、获准挂账的案件（含已恢复的）。",
                "Dispatches of the period that were suspended, those resumed too."),
              "suspended", good="down"),
    Indicator("assist_due", T("协办应办数", "To assist"),
              T("本期派遣给协办单位的工单，不含豁免、终止的。",
                "Orders sent to assisting organisations in the period, without those ended."),
              "assist_due"),
    Indicator("assist_in_time_rate", T("协办按时率", "Assisting in-time rate"),
              T("协办单位在时限内办结的工单 ÷ 协办应办数。",
                "Assisting orders signed off in time ÷ orders to assist."),
              "assist_in_time", "assist_due", good="up"),

    Indicator("sent", T("派遣数", "Dispatches"),
              T("本期派遣给主办单位的次数，一案多次派遣的按次计；不含作废、并案的。",
                "Dispatches to lead organisations in the period, each counted; without void and "
                "merged cases."),
              "sent", group="dispatch"),
    Indicator("accurate_rate", T("准确派遣率", "Accurate-dispatch rate"),
              T("未被退回、未改派的派遣 ÷ 派遣数。",
                "Dispatches neither returned nor sent elsewhere ÷ dispatches."),
              "accurate", "sent", good="up", group="dispatch"),
    Indicator("returned", T("退回数", "Returned"),
              T("本期派遣、经审批退回的。", "Dispatches of the period returned with approval."),
              "returned", good="down", group="dispatch"),
    Indicator("return_rate", T("退回率", "Return rate"),
              T("退回数 ÷ 派遣数。", "Returned ÷ dispatches."),
              "returned", "sent", good="down", group="dispatch"),

    Indicator("should_close", T("应结案数", "To be closed"),
              T("应处置案件，减去正在挂账的。", "To be handled, less those suspended now."),
              "should_close", group="closing"),
    Indicator("closed_rate", T("结案率", "Closing rate"),
              T("应结案案件中已结案的 ÷ 应结案数。", "Closed of these ÷ to be closed."),
              "closed", "should_close", good="up", group="closing"),
    Indicator("reworked", T("返工数", "Reworked"),
              T("应结案案件中核查未通过、退回返工过的（一案计一次）。",
                "Of those to be closed, those a check sent back at least once."),
              "reworked", good="down", group="closing"),
    Indicator("rework_rate", T("返工率", "Rework rate"),
              T("返工数 ÷ 应结案数。", "Reworked ÷ to be closed."),
              "reworked", "should_close", good="down", group="closing"),
    Indicator("reopened", T("重新打开数", "Reopened"),
              T("本期派遣、结案后又重新打开的。",
                "Dispatches of the period reopened after closing."),
              "reopened", good="down", group="closing"),

    Indicator("missed", T("漏报数", "Missed by patrols"),
              T("本期上报、已立案，由群众渠道反映而巡查未上报的案件。",
                "Cases of the period, filed, that the public reported and no patrol did."),
              "missed", good="down", group="patrol"),
    Indicator("missed_rate", T("漏报率", "Missed rate"),
              T("漏报数 ÷ 立案数。", "Missed ÷ filed."),
              "missed", "valid", good="down", group="patrol"),

    Indicator("called", T("回访数", "Called back"),
              T("本期回访的案件，以最近一次回访为准。",
                "Cases called back in the period; the newest call-back of a case counts."),
              "called", group="public"),
    Indicator("satisfied_rate", T("满意率", "Satisfaction"),
              T("回访为满意或基本满意的 ÷ 回访数。",
                "Satisfied or basically satisfied ÷ called back."),
              "satisfied", "called", good="up", group="public"),
    Indicator("resolved_rate", T("解决率", "Resolution"),
              T("回访称已解决的 ÷ 回访数（已解决与未解决之和）。",
                "Resolved by call-back ÷ called back (resolved and unresolved)."),
              "resolved", "called", good="up", group="public"),
)
# fmt: on
BY_NAME: dict[str, Indicator] = {each.code: each for each in INDICATORS}
