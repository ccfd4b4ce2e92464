"""Cases for tests: made in the demo district through the ordinary actions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from mengding.cases import actions
from mengding.cases.actions import Message
from mengding.cases.contacts import ContactData
from mengding.cases.models import Case, Report
from mengding.cases.stages import Channel, Emergency, Outcome, Satisfaction, Stage
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.demo.stories import actor_of
from mengding.people.models import Organisation
from mengding.regions.models import Region


def who(username: str) -> Actor:
    """The actor of a demo account."""
    return actor_of(username)


def org(code: str) -> int:
    """Id of an organisation."""
    return Organisation.objects.values_list("pk", flat=True).get(code=code)


@cache
def spot(village: str = "511803102201") -> tuple[float, float]:
    """A place inside a village."""
    from shapely.geometry import shape

    inside = shape(Region.objects.get(code=village).boundary).representative_point()
    return inside.x, inside.y


def report(
    text: str = "井盖丢失，请尽快处理。",
    class_code: str = "C0101",
    by: str = "desk",
    village: str = "511803102201",
    contact: ContactData | None = None,
    source_ref: str = "",
) -> Report:
    """A report that became a case."""
    lon, lat = spot(village)
    return actions.receive(
        who(by),
        Message(
            text=text,
            channel=Channel.PHONE,
            class_code=class_code,
            lon=lon,
            lat=lat,
            address="解放路12号",
            contact=contact or ContactData(),
            source="test" if source_ref else "",
            source_ref=source_ref,
        ),
    )


LEAD, ASSIST = "dept-urban_management", "dept-water"
LEAD_ACTOR, ASSIST_ACTOR = "handler", "water"


def case_at(stage: Stage, *, assist: bool = False, class_code: str = "C0101") -> Case:
    """A case carried to `stage` by the shortest way."""
    case = report(class_code=class_code).case
    pk = case.pk
    ways: dict[Stage, list[str]] = {
        Stage.RECEIVED: [],
        Stage.PRECHECKING: ["request_check"],
        Stage.FILED: ["file"],
        Stage.DISPATCHED: ["file", "dispatch"],
        Stage.HANDLING: ["file", "dispatch", "accept"],
        Stage.SUSPENDED: ["file", "dispatch", "accept", "suspend"],
        Stage.FED_BACK: ["file", "dispatch", "accept", "feed_back"],
        Stage.CHECKING: ["file", "dispatch", "accept", "feed_back", "start_check"],
        Stage.CLOSED: ["file", "dispatch", "accept", "feed_back", "start_check", "close"],
        Stage.DECLINED: ["decline"],
        Stage.VOID: ["void"],
        Stage.MERGED: ["merge"],
    }
    for step in ways[stage]:
        take(step, pk, assist=assist)
    case.refresh_from_db()
    return case


def take(step: str, pk: int, *, assist: bool = False) -> None:
    """One step with sensible arguments by the right person."""
    match step:
        case "request_check":
            actions.request_check(who("desk"), pk)
        case "file":
            code = Case.objects.values_list("class_code", flat=True).get(pk=pk)
            actions.file(who("desk"), pk, condition_code=f"{code}-1")
        case "dispatch":
            helpers = [org(ASSIST)] if assist else []
            actions.dispatch(who("dispatch"), pk, lead_org_id=org(LEAD), assist_org_ids=helpers)
        case "accept":
            actions.accept(who(LEAD_ACTOR), pk)
        case "suspend":
            until = clock.now() + timedelta(days=30)
            actions.request_suspension(who(LEAD_ACTOR), pk, until=until, reason="等待备件")
            actions.grant(who("supervise"), pk)
        case "feed_back":
            if assist:
                actions.assist_accept(who(ASSIST_ACTOR), pk)
                actions.assist_done(who(ASSIST_ACTOR), pk, report="协办完成")
            actions.feed_back(who(LEAD_ACTOR), pk, report="已更换井盖")
        case "start_check":
            actions.start_check(who("verify"), pk)
        case "close":
            actions.close(
                who("verify"), pk, outcome=Outcome.FIXED, finding="已恢复", condition_met=True
            )
        case "decline":
            actions.decline(who("desk"), pk, reason="不属于受理范围", where_to_go="物业公司")
        case "void":
            actions.request_void(who("desk"), pk, reason="重复登记")
            actions.grant(who("supervise"), pk)
        case "merge":
            actions.merge(who("desk"), pk, into_id=report().case.pk)
        case _:
            raise ValueError(step)


def late_case() -> Case:
    """A case whose handling took three weeks and has just been fed back."""
    with clock.at(clock.now() - timedelta(days=21)):
        case = case_at(Stage.HANDLING)
    actions.feed_back(who(LEAD_ACTOR), case.pk, report="已更换井盖")
    case.refresh_from_db()
    return case


def appealed_case() -> Case:
    """A late case whose department has appealed."""
    case = late_case()
    return actions.request_appeal(who(LEAD_ACTOR), case.pk, reason="道路封闭，无法进场")


def disputed_case() -> Case:
    """A closed case whose reporter is dissatisfied: a recheck waits."""
    case = case_at(Stage.CLOSED)
    return actions.call_back(
        who("desk"),
        case.pk,
        satisfaction=Satisfaction.DISSATISFIED,
        resolved=False,
        note="还是有异响",
    )


def _two_reports(case: Case) -> Case:
    """A second report joins, so that there is something to split."""
    actions.join(who("desk"), case.pk, Message(text="另一处也坏了"))
    return case


def _other(pk: int) -> int:
    """Another case, the same one for everybody who asks about `pk`."""
    if pk not in _others:
        _others[pk] = report("旁边的另一件事").case_id
    return _others[pk]


_others: dict[int, int] = {}


def second_report(pk: int) -> int:
    """Id of the case's newest report; 0 when it has none left."""
    newest = Report.objects.filter(case_id=pk).order_by("-pk").first()
    return newest.pk if newest else 0


@dataclass(frozen=True, slots=True)
class Try:
    """How a transition is made: by whom, with which arguments, from which prepared case."""

    by: str
    make: Callable[[Actor, int, int | None], object]
    ready: Callable[[], Case]


def _asked(kind: str) -> Callable[[], Case]:
    """A case on which the application waits for a decision."""

    def prepare() -> Case:
        case = case_at(Stage.HANDLING)
        TRIES[f"request_{kind}"].make(who("desk" if kind == "void" else LEAD_ACTOR), case.pk, None)
        return case

    return prepare


def _at(stage: Stage, *, assist: bool = False) -> Callable[[], Case]:
    return lambda: case_at(stage, assist=assist)


def _helping() -> Case:
    case = case_at(Stage.HANDLING, assist=True)
    actions.assist_accept(who(ASSIST_ACTOR), case.pk)
    return case


def _needing_help() -> Case:
    case = case_at(Stage.HANDLING)
    return actions.ask_help(who(LEAD_ACTOR), case.pk, text="需要吊车")


def _grant(actor: Actor, pk: int, version: int | None) -> object:
    return actions.grant(actor, pk, version=version)


def _in_days(days: int) -> datetime:
    return clock.now() + timedelta(days=days)


TRIES: dict[str, Try] = {
    "amend": Try(
        "desk",
        lambda a, pk, v: actions.amend(a, pk, address="解放路13号", version=v),
        _at(Stage.FILED),
    ),
    "request_check": Try(
        "desk", lambda a, pk, v: actions.request_check(a, pk, version=v), _at(Stage.RECEIVED)
    ),
    "report_check": Try(
        "grid",
        lambda a, pk, v: actions.report_check(a, pk, confirmed=True, finding="属实", version=v),
        _at(Stage.PRECHECKING),
    ),
    "file": Try(
        "desk",
        lambda a, pk, v: actions.file(a, pk, condition_code="C0101-1", version=v),
        _at(Stage.RECEIVED),
    ),
    "decline": Try(
        "desk",
        lambda a, pk, v: actions.decline(a, pk, reason="不属于", where_to_go="物业", version=v),
        _at(Stage.RECEIVED),
    ),
    "hand_over": Try(
        "desk",
        lambda a, pk, v: actions.hand_over(a, pk, service=Emergency.POLICE, version=v),
        _at(Stage.RECEIVED),
    ),
    "dispatch": Try(
        "dispatch",
        lambda a, pk, v: actions.dispatch(
            a, pk, lead_org_id=org(LEAD), assist_org_ids=[org(ASSIST)], version=v
        ),
        _at(Stage.FILED),
    ),
    "reassign": Try(
        "dispatch",
        lambda a, pk, v: actions.reassign(
            a, pk, lead_org_id=org(ASSIST), reason="转水利局", version=v
        ),
        _at(Stage.HANDLING),
    ),
    "accept": Try(
        LEAD_ACTOR, lambda a, pk, v: actions.accept(a, pk, version=v), _at(Stage.DISPATCHED)
    ),
    "assist_accept": Try(
        ASSIST_ACTOR,
        lambda a, pk, v: actions.assist_accept(a, pk, version=v),
        _at(Stage.DISPATCHED, assist=True),
    ),
    "assist_done": Try(
        ASSIST_ACTOR,
        lambda a, pk, v: actions.assist_done(a, pk, report="已抽水", version=v),
        _helping,
    ),
    "arrive": Try(
        LEAD_ACTOR, lambda a, pk, v: actions.arrive(a, pk, version=v), _at(Stage.HANDLING)
    ),
    "ask_help": Try(
        LEAD_ACTOR,
        lambda a, pk, v: actions.ask_help(a, pk, text="需要吊车", version=v),
        _at(Stage.HANDLING),
    ),
    "answer_help": Try(
        "dispatch",
        lambda a, pk, v: actions.answer_help(a, pk, assist_org_ids=[org(ASSIST)], version=v),
        lambda: _needing_help(),
    ),
    "feed_back": Try(
        LEAD_ACTOR,
        lambda a, pk, v: actions.feed_back(a, pk, report="已更换", version=v),
        _at(Stage.HANDLING),
    ),
    "request_return": Try(
        LEAD_ACTOR,
        lambda a, pk, v: actions.request_return(a, pk, reason="不归我管", version=v),
        _at(Stage.HANDLING),
    ),
    "request_extension": Try(
        LEAD_ACTOR,
        lambda a, pk, v: actions.request_extension(a, pk, amount=1, reason="缺料", version=v),
        _at(Stage.HANDLING),
    ),
    "request_suspension": Try(
        LEAD_ACTOR,
        lambda a, pk, v: actions.request_suspension(
            a, pk, until=_in_days(20), reason="等备件", version=v
        ),
        _at(Stage.HANDLING),
    ),
    "request_void": Try(
        "desk",
        lambda a, pk, v: actions.request_void(a, pk, reason="误报", version=v),
        _at(Stage.FILED),
    ),
    "request_appeal": Try(
        LEAD_ACTOR,
        lambda a, pk, v: actions.request_appeal(a, pk, reason="道路封闭，无法进场", version=v),
        lambda: late_case(),
    ),
    "exempt": Try("supervise", _grant, lambda: appealed_case()),
    "call_back": Try(
        "desk",
        lambda a, pk, v: actions.call_back(
            a, pk, satisfaction=Satisfaction.SATISFIED, resolved=True, version=v
        ),
        _at(Stage.CLOSED),
    ),
    "uphold": Try(
        "recheck",
        lambda a, pk, v: actions.uphold(a, pk, finding="复核到位", version=v),
        lambda: disputed_case(),
    ),
    "return": Try("supervise", _grant, _asked("return")),
    "extend": Try("supervise", _grant, _asked("extension")),
    "suspend": Try("supervise", _grant, _asked("suspension")),
    "void": Try("supervise", _grant, _asked("void")),
    "refuse": Try(
        "supervise",
        lambda a, pk, v: actions.refuse(a, pk, reason="理由不足", version=v),
        _asked("extension"),
    ),
    "resume": Try(
        "dispatch", lambda a, pk, v: actions.resume(a, pk, version=v), _at(Stage.SUSPENDED)
    ),
    "start_check": Try(
        "verify", lambda a, pk, v: actions.start_check(a, pk, version=v), _at(Stage.FED_BACK)
    ),
    "close": Try(
        "verify",
        lambda a, pk, v: actions.close(
            a, pk, outcome=Outcome.FIXED, finding="已恢复", condition_met=True, version=v
        ),
        _at(Stage.CHECKING),
    ),
    "rework": Try(
        "verify",
        lambda a, pk, v: actions.rework(a, pk, reason="仍松动", version=v),
        _at(Stage.CHECKING),
    ),
    "reopen": Try(
        "supervise",
        lambda a, pk, v: actions.reopen(a, pk, reason="又坏了", version=v),
        _at(Stage.CLOSED),
    ),
    "escalate": Try(
        "desk",
        lambda a, pk, v: actions.escalate(a, pk, reason="超出权限", version=v),
        lambda: actions.delegate(who("dispatch"), case_at(Stage.FILED).pk),
    ),
    "delegate": Try(
        "dispatch", lambda a, pk, v: actions.delegate(a, pk, version=v), _at(Stage.FILED)
    ),
    "supervise": Try(
        "supervise",
        lambda a, pk, v: actions.supervise(a, pk, demand="今日办结", version=v),
        _at(Stage.HANDLING),
    ),
    "merge": Try(
        "desk",
        lambda a, pk, v: actions.merge(a, pk, into_id=_other(pk), version=v),
        _at(Stage.FILED),
    ),
    "split": Try(
        "desk",
        lambda a, pk, v: actions.split(
            a, pk, report_ids=[second_report(pk)], description="另一处", version=v
        ),
        lambda: _two_reports(case_at(Stage.FILED)),
    ),
    "link": Try(
        "desk",
        lambda a, pk, v: actions.link(a, pk, other_id=_other(pk), version=v),
        _at(Stage.HANDLING),
    ),
    "reply": Try(
        "desk",
        lambda a, pk, v: actions.reply(a, pk, text="正在办理", version=v),
        _at(Stage.HANDLING),
    ),
    "note": Try(
        "desk",
        lambda a, pk, v: actions.note(a, pk, text="已联系", version=v),
        _at(Stage.HANDLING),
    ),
}
