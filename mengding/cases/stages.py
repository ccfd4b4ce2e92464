"""The names of stages, outcomes and side states. Pure."""

from enum import StrEnum

from mengding.core.text import T


class Stage(StrEnum):
    """Where a case stands. Outcome (how it ended) is separate."""

    RECEIVED = "received"
    PRECHECKING = "prechecking"
    FILED = "filed"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    SUSPENDED = "suspended"
    FED_BACK = "fed_back"
    CHECKING = "checking"
    CLOSED = "closed"
    DECLINED = "declined"
    VOID = "void"
    MERGED = "merged"


ENDED = frozenset({Stage.CLOSED, Stage.DECLINED, Stage.VOID, Stage.MERGED})
OPEN = frozenset(Stage) - ENDED

STAGE_NAMES: dict[Stage, T] = {
    Stage.RECEIVED: T("受理", "Received"),
    Stage.PRECHECKING: T("核实中", "Pre-check"),
    Stage.FILED: T("已立案", "Filed"),
    Stage.DISPATCHED: T("已派遣", "Dispatched"),
    Stage.HANDLING: T("处置中", "Handling"),
    Stage.SUSPENDED: T("挂账", "Suspended"),
    Stage.FED_BACK: T("已反馈", "Fed back"),
    Stage.CHECKING: T("核查中", "Check"),
    Stage.CLOSED: T("已结案", "Closed"),
    Stage.DECLINED: T("不予受理", "Declined"),
    Stage.VOID: T("已作废", "Void"),
    Stage.MERGED: T("已并案", "Merged"),
}


class Outcome(StrEnum):
    """How a closed case ended."""

    FIXED = "fixed"
    NOT_FIXED = "not_fixed"
    NOT_OURS = "not_ours"


class OrderKind(StrEnum):
    LEAD = "lead"
    ASSIST = "assist"


class OrderStatus(StrEnum):
    """A work order's own state; `LIVE` ones bind the case to the organisation."""

    SENT = "sent"
    ACCEPTED = "accepted"
    DONE = "done"
    RETURNED = "returned"
    CANCELLED = "cancelled"


LIVE = frozenset({OrderStatus.SENT, OrderStatus.ACCEPTED, OrderStatus.DONE})


class ApprovalKind(StrEnum):
    EXTENSION = "extension"
    SUSPENSION = "suspension"
    RETURN = "return"
    VOID = "void"
    APPEAL = "appeal"


APPROVAL_NAMES: dict[ApprovalKind, T] = {
    ApprovalKind.EXTENSION: T("延期", "extension"),
    ApprovalKind.SUSPENSION: T("挂账", "suspension"),
    ApprovalKind.RETURN: T("退回", "return"),
    ApprovalKind.VOID: T("作废", "void"),
    ApprovalKind.APPEAL: T("超时申诉", "time-out appeal"),
}


class Satisfaction(StrEnum):
    """What a reporter said of the outcome when called back."""

    SATISFIED = "satisfied"
    BASICALLY = "basically"
    DISSATISFIED = "dissatisfied"


class RecheckKind(StrEnum):
    """Why a closed case is looked at once more, by another verifier."""

    DISSATISFIED = "dissatisfied"
    SPOT = "spot"


class RecheckResult(StrEnum):
    """What came of it; an open one has none."""

    UPHELD = "upheld"
    REOPENED = "reopened"


class Emergency(StrEnum):
    """Who an emergency is handed over to; the value is the number to call."""

    POLICE = "110"
    FIRE = "119"
    AMBULANCE = "120"


class Channel(StrEnum):
    """How a report reached us."""

    GRID = "grid"  # 网格上报
    PHONE = "phone"  # 热线
    WALK_IN = "walk_in"  # 来访
    WEB = "web"  # 公众端
    OPEN311 = "open311"
    TRANSFER = "transfer"  # 其他平台转办
    SENSOR = "sensor"  # 物联感知
    WARNING = "warning"  # 预警发现
    IMPORT = "import"  # 历史导入
