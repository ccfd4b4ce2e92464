"""Facts of a case as one actor finds it, and the conditions on them. Pure: no Django.

A guard returns None when it holds, and otherwise why not, in both languages.
"""

from collections.abc import Callable
from typing import Protocol

from mengding.core.actor import Level
from mengding.core.text import T

MAX_EXTENSIONS = 2


class Facts(Protocol):
    """What guards look at: one case as one actor finds it.

    Properties, so that the cases app reads from the database only what a guard asks for.
    """

    @property
    def has_class(self) -> bool:
        """A class has been chosen."""

    @property
    def owner_level(self) -> Level:
        """Tier of the centre that owns the case."""

    @property
    def actor_level(self) -> Level | None:
        """Tier of the actor's area; None: above all (the system)."""

    @property
    def own_order(self) -> tuple[str, str] | None:
        """(kind, status) of the live order of the actor's organisation."""

    @property
    def arrived(self) -> bool:
        """Arrival was recorded on that order."""

    @property
    def help_asked(self) -> bool:
        """The centre was asked for help and has not answered."""

    @property
    def open_assists(self) -> int:
        """Live assisting orders that are not done."""

    @property
    def pending_approval(self) -> str | None:
        """Kind of the application waiting for a decision."""

    @property
    def extensions(self) -> int:
        """Extensions granted so far."""

    @property
    def suspensions(self) -> int:
        """Suspensions granted so far."""

    @property
    def handle_overdue(self) -> bool:
        """The handling limit has run out."""

    @property
    def has_centre_above(self) -> bool:
        """There is a centre above the owner."""

    @property
    def has_centre_below(self) -> bool:
        """There is a centre below the owner on the way to the place."""

    @property
    def reports(self) -> int:
        """How many reports were joined in the case."""

    @property
    def appeal(self) -> str:
        """ "open" when the actor's organisation may appeal against its time-out; else why not:
        "none", "exempted", "twice" or "too_late"."""

    @property
    def recheck(self) -> str:
        """How the actor stands to the open recheck: "yours", "none", "closer" (closed the case),
        "assigned" (to a colleague), "handled" (by the own organisation); "unneeded" for roles
        that reopen without one."""


Guard = Callable[[Facts], T | None]
"""None when it holds, else why not."""

_RANK = {Level.DISTRICT: 0, Level.TOWN: 1, Level.VILLAGE: 2, Level.GRID: 3}


def owner_tier(f: Facts) -> T | None:
    """The case belongs to the actor's tier or to one below it."""
    if f.actor_level is None or _RANK[f.actor_level] <= _RANK[f.owner_level]:
        return None
    return T("案件已由上级中心负责。", "A centre above yours owns this case.")


def has_class(f: Facts) -> T | None:
    """Filing needs a class."""
    return None if f.has_class else T("请先选择案件类别。", "Choose the class of the case first.")


def own_lead_sent(f: Facts) -> T | None:
    """The actor's organisation holds the lead order and has not accepted it."""
    if f.own_order == ("lead", "sent"):
        return None
    return T("没有等待本单位接收的主办工单。", "No lead order waits for your organisation.")


def own_lead(f: Facts) -> T | None:
    """The actor's organisation leads."""
    if f.own_order and f.own_order[0] == "lead":
        return None
    return T("只有主办单位可以操作。", "Only the lead organisation may do this.")


def own_assist_sent(f: Facts) -> T | None:
    """An assisting order waits for the actor's organisation."""
    if f.own_order == ("assist", "sent"):
        return None
    return T("没有等待本单位接收的协办工单。", "No assisting order waits for your organisation.")


def own_assist_accepted(f: Facts) -> T | None:
    """The actor's organisation is working on an assisting order."""
    if f.own_order == ("assist", "accepted"):
        return None
    return T("本单位没有办理中的协办工单。", "Your organisation has no assisting order in work.")


def own_accepted(f: Facts) -> T | None:
    """The actor's organisation is working on an order, lead or assisting."""
    if f.own_order and f.own_order[1] == "accepted":
        return None
    return T("请先接单。", "Accept the order first.")


def not_arrived(f: Facts) -> T | None:
    """Once an order."""
    return T("已登记到场。", "Arrival is recorded already.") if f.arrived else None


def own_order_open(f: Facts) -> T | None:
    """The actor's organisation has an order that is not done."""
    if f.own_order and f.own_order[1] in {"sent", "accepted"}:
        return None
    return T("本单位没有未办结的工单。", "Your organisation has no open order.")


def no_help_asked(f: Facts) -> T | None:
    """One request at a time."""
    return (
        T("已求助，等待中心答复。", "Help was asked for; the centre will answer.")
        if (f.help_asked)
        else None
    )


def help_asked(f: Facts) -> T | None:
    """There is a request to answer."""
    return None if f.help_asked else T("没有待答复的求助。", "Nobody asked for help.")


def assists_signed_off(f: Facts) -> T | None:
    """Joint handling ends only when everybody signed off."""
    if f.open_assists == 0:
        return None
    return T("还有 {n} 个协办单位未签收办结。", "{n} assisting order(s) are not signed off.").fill(
        n=f.open_assists
    )


def nothing_pending(f: Facts) -> T | None:
    """One application at a time."""
    if f.pending_approval is None:
        return None
    return T("有一项申请正在等待审批。", "An application is waiting for approval.")


def something_pending(f: Facts) -> T | None:
    """There is an application to decide."""
    return None if f.pending_approval else T("没有待审批的申请。", "Nothing waits for approval.")


def extensions_left(f: Facts) -> T | None:
    """At most two extensions."""
    if f.extensions < MAX_EXTENSIONS:
        return None
    return T("最多延期 {n} 次。", "At most {n} extensions.").fill(n=MAX_EXTENSIONS)


def not_overdue(f: Facts) -> T | None:
    """An extension must be asked for before the time-out."""
    if not f.handle_overdue:
        return None
    return T("已超时，不能再申请延期。", "Already over the limit: too late for an extension.")


def never_suspended(f: Facts) -> T | None:
    """挂账 once."""
    return (
        None
        if f.suspensions == 0
        else T("每个案件只能挂账一次。", "A case is suspended once only.")
    )


def centre_above(f: Facts) -> T | None:
    """There is a tier to escalate to."""
    return None if f.has_centre_above else T("没有上级中心。", "There is no centre above.")


def centre_below(f: Facts) -> T | None:
    """There is a tier to delegate to."""
    return None if f.has_centre_below else T("没有下级中心。", "There is no centre below.")


def several_reports(f: Facts) -> T | None:
    """Splitting leaves at least one report on each side."""
    return (
        None
        if f.reports > 1
        else T("只有一条诉求，无法拆分。", "Only one report: nothing to split.")
    )


_NO_APPEAL = {
    "none": T("本单位的工单没有超时。", "No order of your organisation was late."),
    "exempted": T("该超时已获豁免。", "This time-out is exempted already."),
    "twice": T("已两次审核，不能再申诉。", "It was reviewed twice; that is final."),
    "too_late": T("已过申诉期限。", "The time to appeal is over."),
}


def may_appeal(f: Facts) -> T | None:
    """超时申诉: a late order of one's own, in time, at most two reviews."""
    return None if f.appeal == "open" else _NO_APPEAL[f.appeal]


# Also told beside each task in a list.
NO_RECHECK = {
    "none": T("没有待复核的任务。", "No recheck is open."),
    "closer": T("结案人不能复核自己的结论。", "Who closed the case does not recheck it."),
    "assigned": T("复核任务已指定他人。", "The recheck is assigned to somebody else."),
    "handled": T(
        "处置单位不能复核自己的案件。", "The organisation that handled it does not recheck it."
    ),
    "unneeded": T("只有核查员可以复核。", "Only a verifier rechecks."),
}


def own_recheck(f: Facts) -> T | None:
    """The actor is the other verifier."""
    return None if f.recheck == "yours" else NO_RECHECK[f.recheck]


def recheck_before_reopening(f: Facts) -> T | None:
    """A verifier reopens what a recheck found wanting; the centre reopens as it sees fit."""
    return None if f.recheck == "unneeded" else own_recheck(f)
