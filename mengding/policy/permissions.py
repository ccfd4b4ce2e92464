"""`can(actor, action, object)`: one table from action to roles, one rule for area and department.

An action is a code ("case.dispatch"). The table says which roles hold it; the object says where
it lies. A post acts inside its own area (inherited downwards); a handler acts only on what is
assigned to its organisation; nobody verifies what their own organisation handles.
"""

from dataclasses import dataclass
from typing import Protocol

from mengding.core.actor import Actor, ActorKind, Level, Role
from mengding.core.errors import NotAllowed
from mengding.core.text import T

_R = Role
_CENTRE = frozenset({_R.DESK, _R.DISPATCHER, _R.SUPERVISOR})
_FIELD = frozenset({_R.COLLECTOR})
_CASE_READERS = frozenset(
    {_R.COLLECTOR, _R.DESK, _R.DISPATCHER, _R.HANDLER, _R.VERIFIER, _R.SUPERVISOR, _R.MEDIATOR}
)
_EVERYONE = frozenset(Role)

ROLES: dict[str, frozenset[Role]] = {
    # cases
    "case.read": _CASE_READERS,
    "case.receive": _CENTRE | _FIELD | {_R.MEDIATOR},
    "case.amend": frozenset({_R.DESK, _R.DISPATCHER}),
    "case.request_check": frozenset({_R.DESK, _R.DISPATCHER}),
    "case.report_check": frozenset({_R.COLLECTOR, _R.VERIFIER}),
    "case.file": frozenset({_R.DESK, _R.MEDIATOR}),
    "case.decline": frozenset({_R.DESK, _R.MEDIATOR}),
    "case.hand_over": _CENTRE | _FIELD | {_R.MEDIATOR},
    "case.dispatch": frozenset({_R.DISPATCHER, _R.MEDIATOR}),
    "case.reassign": frozenset({_R.DISPATCHER}),
    "case.accept": frozenset({_R.HANDLER}) | _FIELD,
    "case.arrive": frozenset({_R.HANDLER}) | _FIELD,
    "case.feed_back": frozenset({_R.HANDLER}) | _FIELD,
    "case.ask_help": frozenset({_R.HANDLER}) | _FIELD,
    "case.answer_help": frozenset({_R.DISPATCHER}),
    "case.request_return": frozenset({_R.HANDLER}) | _FIELD,
    "case.request_extension": frozenset({_R.HANDLER}) | _FIELD,
    "case.self_handle": _FIELD,
    "case.request_suspension": frozenset({_R.HANDLER}),
    "case.request_appeal": frozenset({_R.HANDLER}),
    "case.request_void": frozenset({_R.DESK, _R.DISPATCHER}),
    "case.approve": frozenset({_R.SUPERVISOR}),
    "case.refuse": frozenset({_R.SUPERVISOR}),
    "case.resume": frozenset({_R.HANDLER, _R.DISPATCHER, _R.SUPERVISOR}),
    "case.start_check": frozenset({_R.DISPATCHER, _R.VERIFIER}),
    "case.close": frozenset({_R.VERIFIER}),
    "case.rework": frozenset({_R.VERIFIER}),
    "case.call_back": frozenset({_R.DESK}),
    "case.uphold": frozenset({_R.VERIFIER}),
    "case.reopen": frozenset({_R.SUPERVISOR, _R.DESK, _R.VERIFIER}),
    "case.escalate": _CENTRE,
    "case.delegate": frozenset({_R.DISPATCHER, _R.SUPERVISOR}),
    "case.supervise": frozenset({_R.SUPERVISOR}),
    "case.merge": frozenset({_R.DESK, _R.DISPATCHER}),
    "case.link": _CENTRE,
    "case.split": frozenset({_R.DESK, _R.DISPATCHER}),
    "case.reply": _CENTRE | {_R.HANDLER, _R.MEDIATOR},
    "case.note": _CASE_READERS,
    "case.export": _CENTRE,
    "case.attach": _CASE_READERS,
    "figures.read": _CASE_READERS,
    "indicators.defined": _CASE_READERS | {_R.SYSTEM_ADMIN},  # templates name them
    "indicators.read": _CASE_READERS,
    "indicators.freeze": frozenset({_R.SUPERVISOR}),
    # duty: everybody who works; each their own. A team's leader manages that team (duty.actions)
    "duty.own": _CASE_READERS,
    "duty.read": _CENTRE,
    "duty.arrange": frozenset({_R.DISPATCHER, _R.SUPERVISOR}),
    # supervision 督办; a demand is made by case.supervise
    "supervision.read": _CASE_READERS,
    "supervision.answer": frozenset(
        {_R.COLLECTOR, _R.DESK, _R.DISPATCHER, _R.HANDLER, _R.MEDIATOR}
    ),
    "supervision.decide": frozenset({_R.SUPERVISOR}),
    # escalation chains, their audit, alarms about what nobody looks after
    "escalation.read": frozenset({_R.SYSTEM_ADMIN, _R.DISPATCHER, _R.SUPERVISOR, _R.AUDITOR}),
    "escalation.manage": frozenset({_R.SYSTEM_ADMIN}),
    "escalation.audit": frozenset({_R.SYSTEM_ADMIN, _R.SUPERVISOR, _R.AUDITOR}),
    "alarms.read": _CENTRE,
    "alarms.acknowledge": _CENTRE,
    # warnings about places and things; counts come from a counter's token
    "warnings.read": _CENTRE,
    "warnings.decide": frozenset({_R.DISPATCHER, _R.SUPERVISOR}),
    "warnings.configure": frozenset({_R.SYSTEM_ADMIN, _R.SUPERVISOR}),
    "crowd.count": frozenset({_R.DISPATCHER}),
    "crowd.read": _CENTRE | {_R.SYSTEM_ADMIN},
    "crowd.configure": frozenset({_R.SYSTEM_ADMIN, _R.SUPERVISOR}),
    "contact.reveal": frozenset({_R.DESK, _R.SUPERVISOR, _R.HANDLER, _R.MEDIATOR}),
    "evidence.erase": frozenset({_R.SUPERVISOR, _R.SECURITY_ADMIN}),
    "contact.erase": frozenset({_R.SECURITY_ADMIN}),
    # second looks at closed cases
    "rechecks.read": frozenset({_R.VERIFIER, _R.SUPERVISOR}),
    "rechecks.draw": frozenset({_R.SUPERVISOR}),
    # places of staff: who sends people sees where those on duty are now; where they were needs a
    # reason, and is the supervisor's business only
    "positions.own": _CASE_READERS,
    "positions.read": frozenset({_R.DISPATCHER, _R.SUPERVISOR}),
    "positions.look": frozenset({_R.SUPERVISOR}),
    # configuration
    "regions.read": _EVERYONE,
    "regions.manage": frozenset({_R.SYSTEM_ADMIN}),
    "catalogue.read": _EVERYONE,
    "catalogue.manage": frozenset({_R.SYSTEM_ADMIN}),
    "calendars.read": _EVERYONE,
    "calendars.manage": frozenset({_R.SYSTEM_ADMIN}),
    "routing.read": frozenset({_R.SYSTEM_ADMIN, _R.DISPATCHER, _R.SUPERVISOR, _R.AUDITOR}),
    "routing.manage": frozenset({_R.SYSTEM_ADMIN}),
    "organisations.read": _EVERYONE,
    "organisations.manage": frozenset({_R.SYSTEM_ADMIN}),
    "organisations.staff": frozenset({_R.SYSTEM_ADMIN, _R.SECURITY_ADMIN, _R.AUDITOR}),
    "accounts.read": frozenset({_R.SECURITY_ADMIN, _R.AUDITOR}),
    "accounts.manage": frozenset({_R.SECURITY_ADMIN}),
    "tokens.manage": frozenset({_R.SECURITY_ADMIN}),
    "phrases.read": _CASE_READERS,
    "phrases.edit": frozenset({_R.SYSTEM_ADMIN, _R.SUPERVISOR}),
    # daily tasks: who does them, who sees that they are done, who plans
    "tasks.read": _EVERYONE,  # which kinds there are
    "tasks.do": _FIELD | {_R.MEDIATOR},
    "tasks.oversee": frozenset({_R.SUPERVISOR, _R.DISPATCHER}),
    "tasks.plan": frozenset({_R.SYSTEM_ADMIN, _R.SUPERVISOR}),
    "tasks.configure": frozenset({_R.SYSTEM_ADMIN}),
    "places.read": _FIELD | {_R.SUPERVISOR, _R.DISPATCHER, _R.SYSTEM_ADMIN},
    "places.keep": frozenset({_R.SYSTEM_ADMIN, _R.SUPERVISOR}),
    "inspections.do": _FIELD,
    "inspections.read": _FIELD | {_R.SUPERVISOR, _R.DISPATCHER},
    # care visits: a resident may withdraw with whoever they reach
    "care.read": _FIELD | {_R.DESK, _R.SUPERVISOR},
    "care.agree": _FIELD | {_R.DESK},
    "care.withdraw": _FIELD | {_R.DESK, _R.SUPERVISOR},
    "care.visit": _FIELD,
    "care.reveal": _FIELD,
    # emergency resources, notices to staff and help, work and what follows from it
    "resources.read": _CASE_READERS,
    "resources.check": frozenset({_R.COLLECTOR, _R.HANDLER, _R.DISPATCHER, _R.SUPERVISOR}),
    "resources.raise": frozenset({_R.COLLECTOR, _R.DISPATCHER, _R.SUPERVISOR}),
    "resources.keep": frozenset({_R.DISPATCHER, _R.SUPERVISOR}),
    "outreach.read": _EVERYONE,
    "outreach.send": frozenset({_R.DISPATCHER, _R.SUPERVISOR}),
    "me.read": _EVERYONE,
    "scores.mine": _CASE_READERS,
    "scores.coverage": frozenset({_R.DISPATCHER, _R.SUPERVISOR}),
    "scores.person": frozenset({_R.SUPERVISOR}),
    "scores.review": frozenset({_R.SUPERVISOR}),
    "scores.rules": frozenset({_R.SYSTEM_ADMIN}),
    "scores.read_rules": _CASE_READERS | {_R.SYSTEM_ADMIN},
    "ledger.read": frozenset({_R.AUDITOR}),
    "stream.read": _EVERYONE,
    "briefings.read": frozenset({_R.DESK, _R.DISPATCHER, _R.SUPERVISOR, _R.SYSTEM_ADMIN}),
    "briefings.make": frozenset({_R.SUPERVISOR}),
    "briefings.sign": frozenset({_R.SUPERVISOR}),
    "briefings.templates": frozenset({_R.SYSTEM_ADMIN, _R.SUPERVISOR}),
    "opendata.manage": frozenset({_R.SYSTEM_ADMIN}),
    # costs: sums for who answers for them, single cases only for who may see cases
    "costs.read": frozenset({_R.SUPERVISOR, _R.SYSTEM_ADMIN}),
    "costs.cases": frozenset({_R.SUPERVISOR}),
    "costs.rates": frozenset({_R.SUPERVISOR, _R.SYSTEM_ADMIN}),
}


# 自办: what a grid worker does on orders of the own village centre, and on no other.
SELF_HANDLED = frozenset(
    {
        *("case.accept", "case.arrive", "case.feed_back", "case.ask_help"),
        *("case.request_return", "case.request_extension"),
    }
)


class Place(Protocol):
    """Anything that lies somewhere: the ids of its region chain (None where not known)."""

    @property
    def district_id(self) -> int | None: ...
    @property
    def town_id(self) -> int | None: ...
    @property
    def village_id(self) -> int | None: ...
    @property
    def grid_id(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Bearings:
    """What policy needs to know of a case; built by `cases` from one row."""

    district_id: int | None
    town_id: int | None
    village_id: int | None
    grid_id: int | None
    confidential: bool
    assigned_org_ids: frozenset[int]  # lead and assisting organisations with an order on it
    received_by_account_id: int | None = None


def holds(actor: Actor, action: str) -> bool:
    """Whether the actor's role (and token scopes) carry the action at all."""
    if action not in ROLES:
        raise KeyError(f"policy: unknown action {action!r}")
    if actor.kind is ActorKind.SYSTEM:
        return True
    if actor.role is None or actor.role not in ROLES[action]:
        return False
    if actor.scopes is not None:
        return action in actor.scopes or f"{action.split('.')[0]}.*" in actor.scopes
    return True


def in_area(actor: Actor, place: Place) -> bool:
    """Whether the place lies in the actor's area; an actor without area has all of them."""
    if actor.region_id is None:
        return actor.kind is ActorKind.SYSTEM
    match actor.level:
        case Level.DISTRICT:
            return place.district_id == actor.region_id
        case Level.TOWN:
            return place.town_id == actor.region_id
        case Level.VILLAGE:
            return place.village_id == actor.region_id
        case Level.GRID:
            return place.grid_id == actor.region_id
    return False


def sees(actor: Actor, case: Bearings) -> bool:
    """The row rule of `cases.visibility`, for one case in memory. A test holds them together."""
    if actor.kind is ActorKind.SYSTEM:
        return True
    if actor.role is None or actor.role not in ROLES["case.read"]:
        return False
    if actor.role is Role.HANDLER:
        return bool(actor.org_ids & case.assigned_org_ids)
    if not in_area(actor, case):
        return False
    if case.confidential and actor.role is not Role.MEDIATOR:
        return actor.account_id is not None and case.received_by_account_id == actor.account_id
    return True


def handles_it(actor: Actor, action: str, case: Bearings) -> bool:
    """Whether it is a verdict on work of the actor's own organisation, which nobody gives."""
    return (
        action in {"case.close", "case.rework", "case.uphold"}
        and holds(actor, action)
        and actor.org_id in case.assigned_org_ids
    )


def for_others(actor: Actor, action: str, case: Bearings) -> bool:
    """Whether it is work on an order that the grid worker's own centre does not have.

    Only posts in a village handle at all; that the centre is the village's own is a guard.
    """
    return (
        actor.role is Role.COLLECTOR
        and action in SELF_HANDLED
        and not (
            actor.level in {Level.VILLAGE, Level.GRID} and actor.org_id in case.assigned_org_ids
        )
    )


def can(actor: Actor, action: str, obj: Bearings | Place | None = None) -> bool:
    """Whether `actor` may do `action`, to `obj` where it has one."""
    if not holds(actor, action):
        return False
    if obj is None or actor.kind is ActorKind.SYSTEM:
        return True
    if isinstance(obj, Bearings):
        if not sees(actor, obj):
            return False
        return not handles_it(actor, action, obj) and not for_others(actor, action, obj)
    return in_area(actor, obj)


def require(actor: Actor, action: str, obj: Bearings | Place | None = None) -> None:
    """`can`, or `NotAllowed`."""
    if not can(actor, action, obj):
        raise NotAllowed(
            "not_allowed",
            T("您的岗位不能执行此操作。", "Your post may not do this."),
            action=action,
        )
