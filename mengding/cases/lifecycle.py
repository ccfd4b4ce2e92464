"""The whole life of a case in one table. Pure: no Django, no queries.

Each transition says where it starts and ends, who may do it, which guards must hold and what it
does to the clocks. `actions/` carries them out; `next_actions` explains them; one test walks the
whole table. A wrong stage, a failed guard and a missing permission are three different errors.
"""

from dataclasses import dataclass

from mengding.cases.guards import (
    Facts,
    Guard,
    assists_signed_off,
    centre_above,
    centre_below,
    extensions_left,
    has_class,
    help_asked,
    may_appeal,
    never_suspended,
    no_help_asked,
    not_arrived,
    not_overdue,
    nothing_pending,
    own_accepted,
    own_assist_accepted,
    own_assist_sent,
    own_lead,
    own_lead_sent,
    own_order_open,
    own_recheck,
    owner_tier,
    recheck_before_reopening,
    several_reports,
    something_pending,
)
from mengding.cases.stages import OPEN, Stage
from mengding.core.text import T

S = Stage


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table. `to=None`: the stage stays.

    `clocks`: effects in order, "verb:kind"; kinds as in `clocks.ClockKind`, "all" for every live
    clock. Permission is `case.<permission>` of the policy.
    """

    action: str
    label: T
    start: frozenset[Stage]
    to: Stage | None
    permission: str
    guards: tuple[Guard, ...] = ()
    clocks: tuple[str, ...] = ()
    # Carried out when an application is granted, never asked for directly.
    by_approval: bool = False


def _t(
    action: str,
    zh: str,
    en: str,
    start: frozenset[Stage] | set[Stage],
    to: Stage | None,
    *,
    who: str | None = None,
    guards: tuple[Guard, ...] = (),
    clocks: tuple[str, ...] = (),
    by_approval: bool = False,
) -> Transition:
    return Transition(
        action, T(zh, en), frozenset(start), to, who or action, guards, clocks, by_approval
    )


# An appeal may still wait when its case is closed.
DECIDABLE = OPEN | {S.CLOSED}
_BEFORE_DISPATCH = {S.RECEIVED, S.PRECHECKING, S.FILED}
_WITH_DEPARTMENT = {S.DISPATCHED, S.HANDLING}
_HANDLED = {S.FED_BACK, S.CHECKING, S.CLOSED}
_VOIDABLE = _BEFORE_DISPATCH | _WITH_DEPARTMENT | {S.SUSPENDED}

TABLE: tuple[Transition, ...] = (
    _t("amend", "更正", "Correct", _BEFORE_DISPATCH, None, guards=(owner_tier,)),
    _t(
        "request_check",
        "发起核实",
        "Ask for a pre-check",
        {S.RECEIVED},
        S.PRECHECKING,
        guards=(owner_tier,),
        clocks=("stop:receive", "start:precheck"),
    ),
    _t(
        "report_check",
        "回复核实",
        "Report the pre-check",
        {S.PRECHECKING},
        S.RECEIVED,
        clocks=("stop:precheck", "start:receive"),
    ),
    _t(
        "file",
        "立案",
        "File",
        {S.RECEIVED},
        S.FILED,
        guards=(owner_tier, has_class),
        clocks=("stop:receive", "start:dispatch"),
    ),
    _t(
        "decline",
        "不予受理",
        "Decline",
        {S.RECEIVED},
        S.DECLINED,
        guards=(owner_tier, nothing_pending),
        clocks=("stop:receive",),
    ),
    _t(
        "dispatch",
        "派遣",
        "Dispatch",
        {S.FILED},
        S.DISPATCHED,
        guards=(owner_tier,),
        clocks=("stop:dispatch", "start:handle"),
    ),
    _t(
        "reassign",
        "重派",
        "Reassign",
        _WITH_DEPARTMENT,
        S.DISPATCHED,
        guards=(owner_tier, nothing_pending),
        clocks=("cancel:handle", "start:handle"),
    ),
    _t("accept", "接单", "Accept", {S.DISPATCHED}, S.HANDLING, guards=(own_lead_sent,)),
    _t(
        "assist_accept",
        "协办接单",
        "Accept (assisting)",
        _WITH_DEPARTMENT,
        None,
        who="accept",
        guards=(own_assist_sent,),
    ),
    _t(
        "assist_done",
        "协办办结",
        "Sign off (assisting)",
        _WITH_DEPARTMENT,
        None,
        who="feed_back",
        guards=(own_assist_accepted,),
        clocks=("stop:own",),
    ),
    _t(
        "arrive",
        "到场",
        "Arrive",
        _WITH_DEPARTMENT,
        None,
        guards=(own_accepted, not_arrived),
    ),
    _t(
        "ask_help",
        "求助",
        "Ask for help",
        _WITH_DEPARTMENT,
        None,
        guards=(own_order_open, no_help_asked),
    ),
    _t(
        "answer_help",
        "答复求助",
        "Answer the call for help",
        _WITH_DEPARTMENT,
        None,
        guards=(owner_tier, help_asked),
        clocks=("start:handle",),
    ),
    _t(
        "feed_back",
        "反馈",
        "Feed back",
        {S.HANDLING},
        S.FED_BACK,
        guards=(own_lead, assists_signed_off, nothing_pending),
        clocks=("stop:handle", "start:check"),
    ),
    _t(
        "request_return",
        "申请退回",
        "Ask to return",
        _WITH_DEPARTMENT,
        None,
        guards=(own_lead, nothing_pending),
    ),
    _t(
        "request_extension",
        "申请延期",
        "Ask for an extension",
        _WITH_DEPARTMENT,
        None,
        guards=(own_lead, nothing_pending, extensions_left, not_overdue),
    ),
    _t(
        "request_suspension",
        "申请挂账",
        "Ask for suspension",
        {S.HANDLING},
        None,
        guards=(own_lead, nothing_pending, never_suspended),
    ),
    _t(
        "request_void",
        "申请作废",
        "Ask to void",
        _VOIDABLE,
        None,
        guards=(owner_tier, nothing_pending),
    ),
    _t(
        "request_appeal",
        "超时申诉",
        "Appeal against the time-out",
        _HANDLED,
        None,
        guards=(nothing_pending, may_appeal),
    ),
    _t(
        "return",
        "退回",
        "Return",
        _WITH_DEPARTMENT,
        S.FILED,
        who="approve",
        guards=(something_pending,),
        clocks=("cancel:handle", "start:dispatch"),
        by_approval=True,
    ),
    # Asked for in time, so the decision may come after the old limit ran out.
    _t(
        "extend",
        "延期",
        "Extend",
        _WITH_DEPARTMENT,
        None,
        who="approve",
        guards=(something_pending, extensions_left),
        clocks=("extend:handle",),
        by_approval=True,
    ),
    _t(
        "suspend",
        "挂账",
        "Suspend",
        {S.HANDLING},
        S.SUSPENDED,
        who="approve",
        guards=(something_pending, never_suspended),
        clocks=("pause:handle",),
        by_approval=True,
    ),
    _t(
        "void",
        "作废",
        "Void",
        _VOIDABLE,
        S.VOID,
        who="approve",
        guards=(something_pending,),
        clocks=("cancel:all",),
        by_approval=True,
    ),
    _t(
        "exempt",
        "豁免超时",
        "Exempt the time-out",
        _HANDLED,
        None,
        who="approve",
        guards=(something_pending,),
        by_approval=True,
    ),
    _t(
        "refuse",
        "不同意申请",
        "Refuse the application",
        DECIDABLE,
        None,
        guards=(something_pending,),
    ),
    _t("resume", "恢复办理", "Resume", {S.SUSPENDED}, S.HANDLING, clocks=("resume:handle",)),
    _t("start_check", "开始核查", "Start the check", {S.FED_BACK}, S.CHECKING),
    _t("close", "结案", "Close", {S.CHECKING}, S.CLOSED, clocks=("stop:check",)),
    _t(
        "rework",
        "返工",
        "Rework",
        {S.CHECKING},
        S.HANDLING,
        clocks=("stop:check", "restart:handle"),
    ),
    _t("call_back", "回访", "Call back", {S.CLOSED}, None),
    _t("uphold", "复核维持", "Uphold after a recheck", {S.CLOSED}, None, guards=(own_recheck,)),
    _t(
        "reopen",
        "重新打开",
        "Reopen",
        {S.CLOSED},
        S.FILED,
        guards=(recheck_before_reopening,),
        clocks=("start:dispatch",),
    ),
    _t(
        "escalate",
        "上报",
        "Escalate",
        {S.RECEIVED, S.FILED},
        None,
        guards=(owner_tier, centre_above),
    ),
    _t(
        "delegate",
        "下派",
        "Delegate",
        {S.RECEIVED, S.FILED},
        None,
        guards=(owner_tier, centre_below),
    ),
    _t("supervise", "督办", "Supervise", OPEN, None),
    _t(
        "merge",
        "并案",
        "Merge",
        _BEFORE_DISPATCH | _WITH_DEPARTMENT,
        S.MERGED,
        guards=(owner_tier, nothing_pending),
        clocks=("cancel:all",),
    ),
    _t(
        "split",
        "拆分",
        "Split",
        _BEFORE_DISPATCH | _WITH_DEPARTMENT,
        None,
        guards=(owner_tier, several_reports),
    ),
    _t(
        "hand_over",
        "移交紧急服务",
        "Hand over to emergency services",
        {S.RECEIVED},
        S.DECLINED,
        guards=(nothing_pending,),
        clocks=("stop:receive",),
    ),
    _t("link", "关联", "Link", frozenset(Stage), None),
    _t("reply", "答复", "Reply", frozenset(Stage) - {S.MERGED}, None),
    _t("note", "备注", "Note", frozenset(Stage), None),
)

BY_ACTION: dict[str, Transition] = {row.action: row for row in TABLE}


def wrong_stage(row: Transition, stage: Stage) -> bool:
    """Whether the action does not start from `stage`."""
    return stage not in row.start


def first_failure(row: Transition, facts: Facts) -> T | None:
    """Why the first failing guard fails, or None."""
    for guard in row.guards:
        if why := guard(facts):
            return why
    return None
