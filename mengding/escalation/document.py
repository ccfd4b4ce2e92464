"""The chains and alarms of a district as one JSON document: reading, checking, matching. Pure.

{"chains": [{"code", "zh", "en", "classes": [], "grades": [], "tiers": [], "clocks": [],
  "steps": [{"zh", "en", "when": {"at": "used", "percent": 80},
    "whom": [{"role": "handler", "relation": "holder"}],
    "repeat": {"times": 2, "every": {"amount": 4, "unit": "hour"}}}]}],
 "alarms": {"uncovered": {"on": true, "after": 5, "every": 30, "role": "dispatcher",
   "tier": "district"}, …}}

The first chain that fits a clock is its chain; an empty list fits everything. Classes are codes
or their beginnings ("E01").
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mengding.core.actor import Level, Role
from mengding.escalation.steps import At, Span, Step, Whom

RELATIONS = (
    "holder",  # who the clock lies with: the organisation of its order, else the owning centre
    "parent",  # the organisation above that one
    "owner",  # the centre that owns the case
    "above",  # the centre above the owner
    "tier",  # the centre of the case's place at `tier`
    "post",  # the posts named
)
ROLES = tuple(
    role.value
    for role in Role
    if role not in {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR}
)
GRADES = ("general", "important", "urgent")
TIERS = (Level.DISTRICT.value, Level.TOWN.value, Level.VILLAGE.value)
CLOCKS = ("receive", "precheck", "dispatch", "handle", "check")
ALARMS = ("uncovered", "unaccepted", "unread", "stale", "lag")
MOST_CHAINS, MOST_STEPS, MOST_TIMES = 60, 12, 20


class Bad(ValueError):
    """What is wrong, with the path of the field at fault ("chains.0.steps.1.when.percent")."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        super().__init__(f"{field}: {en}")
        self.field, self.zh, self.en = field, zh, en


@dataclass(frozen=True, slots=True)
class Chain:
    """One chain and what it is for."""

    code: str
    zh: str
    en: str
    classes: tuple[str, ...]
    grades: tuple[str, ...]
    tiers: tuple[str, ...]
    clocks: tuple[str, ...]
    steps: tuple[Step, ...]

    def fits(self, *, class_code: str, grade: str, tier: str, clock: str) -> bool:
        """Whether it is for such a clock of such a case."""
        return (
            (not self.classes or any(class_code.startswith(code) for code in self.classes))
            and (not self.grades or grade in self.grades)
            and (not self.tiers or tier in self.tiers)
            and (not self.clocks or clock in self.clocks)
        )


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """`after`: minutes before it is raised; `every`: minutes between two notices of it; `role` at
    the centre of `tier` is told and answers for it."""

    on: bool
    after: int
    every: int
    role: str
    tier: str


@dataclass(frozen=True, slots=True)
class Document:
    """Everything of one version."""

    chains: tuple[Chain, ...]
    alarms: Mapping[str, AlarmRule]

    def chain_for(self, *, class_code: str, grade: str, tier: str, clock: str) -> Chain | None:
        """The first chain that fits, or None."""
        given = {"class_code": class_code, "grade": grade, "tier": tier, "clock": clock}
        return next((chain for chain in self.chains if chain.fits(**given)), None)

    def chain(self, code: str) -> Chain | None:
        """A chain by its code."""
        return next((chain for chain in self.chains if chain.code == code), None)


def read(document: Any) -> Document:
    """Check and read a document; raises `Bad`."""
    _object(document, "")
    chains = [
        _chain(each, f"chains.{n}")
        for n, each in enumerate(_list(document.get("chains"), "chains", MOST_CHAINS))
    ]
    codes = [chain.code for chain in chains]
    for n, code in enumerate(codes):
        if code in codes[:n]:
            raise Bad(f"chains.{n}.code", "代码重复。", "This code is taken.")
    given = _object(document.get("alarms", {}), "alarms")
    for name in given:
        if name not in ALARMS:
            raise Bad(f"alarms.{name}", "没有这种预警。", "There is no such alarm.")
    return Document(tuple(chains), {name: _alarm(given[name], f"alarms.{name}") for name in given})


def _object(value: Any, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Bad(field or "document", "应为对象。", "Expected an object.")
    return value


def _list(value: Any, field: str, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise Bad(field, f"应为列表，最多 {most} 项。", f"Expected a list of at most {most}.")
    return value


def _text(value: Any, field: str, most: int = 60) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise Bad(field, f"请填写，最多 {most} 字。", f"Fill this in, at most {most} characters.")
    return value.strip()


def _among(value: Any, field: str, allowed: Iterable[str]) -> str:
    allowed = tuple(allowed)
    if value not in allowed:
        raise Bad(field, f"应为 {'、'.join(allowed)} 之一。", f"One of: {', '.join(allowed)}.")
    return str(value)


def _number(value: Any, field: str, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise Bad(field, f"应为 {low} 到 {high} 的整数。", f"A whole number from {low} to {high}.")
    return value


def _some(value: Any, field: str, allowed: Iterable[str]) -> tuple[str, ...]:
    rows = _list(value, field, 100)
    return tuple(_among(each, f"{field}.{n}", allowed) for n, each in enumerate(rows))


def _chain(value: Any, field: str) -> Chain:
    row = _object(value, field)
    steps = _list(row.get("steps"), f"{field}.steps", MOST_STEPS)
    if not steps:
        raise Bad(f"{field}.steps", "至少一步。", "At least one step.")
    classes = _list(row.get("classes", []), f"{field}.classes", 200)
    for n, code in enumerate(classes):
        if not (isinstance(code, str) and 1 <= len(code) <= 5 and code[0] in "CES"):
            raise Bad(f"{field}.classes.{n}", "不是类别代码。", "Not a class code.")
    return Chain(
        code=_text(row.get("code"), f"{field}.code", 40),
        zh=_text(row.get("zh"), f"{field}.zh"),
        en=_text(row.get("en") or row.get("zh"), f"{field}.en", 120),
        classes=tuple(classes),
        grades=_some(row.get("grades", []), f"{field}.grades", GRADES),
        tiers=_some(row.get("tiers", []), f"{field}.tiers", TIERS),
        clocks=_some(row.get("clocks", []), f"{field}.clocks", CLOCKS),
        steps=tuple(_step(each, f"{field}.steps.{n}") for n, each in enumerate(steps)),
    )


def _step(value: Any, field: str) -> Step:
    row = _object(value, field)
    when = _object(row.get("when"), f"{field}.when")
    at = At(_among(when.get("at"), f"{field}.when.at", [each.value for each in At]))
    whom = _list(row.get("whom"), f"{field}.whom", 10)
    if not whom:
        raise Bad(f"{field}.whom", "至少通知一方。", "Somebody has to be told.")
    repeat = _object(row.get("repeat", {"times": 1}), f"{field}.repeat")
    times = _number(repeat.get("times", 1), f"{field}.repeat.times", 1, MOST_TIMES)
    every = _object(repeat.get("every", {"amount": 1, "unit": "hour"}), f"{field}.repeat.every")
    return Step(
        zh=_text(row.get("zh"), f"{field}.zh"),
        en=_text(row.get("en") or row.get("zh"), f"{field}.en", 120),
        at=at,
        whom=tuple(_whom(each, f"{field}.whom.{n}") for n, each in enumerate(whom)),
        percent=_number(when.get("percent"), f"{field}.when.percent", 1, 99)
        if at is At.USED
        else 100,
        amount=_number(when.get("amount"), f"{field}.when.amount", 1, 1000) if at is At.OVER else 0,
        unit=_unit(when.get("unit"), f"{field}.when.unit") if at is At.OVER else Span.HOUR,
        times=times,
        every_amount=_number(every.get("amount"), f"{field}.repeat.every.amount", 1, 1000),
        every_unit=_unit(every.get("unit"), f"{field}.repeat.every.unit"),
    )


def _unit(value: Any, field: str) -> Span:
    return Span(_among(value, field, [each.value for each in Span]))


def _whom(value: Any, field: str) -> Whom:
    row = _object(value, field)
    relation = _among(row.get("relation"), f"{field}.relation", RELATIONS)
    if relation == "post":
        posts = _list(row.get("posts"), f"{field}.posts", 20)
        if not posts:
            raise Bad(f"{field}.posts", "至少一个岗位。", "At least one post.")
        ids = tuple(
            _number(each, f"{field}.posts.{n}", 1, 2**63 - 1) for n, each in enumerate(posts)
        )
        return Whom(role="", relation=relation, posts=ids)
    tier = _among(row.get("tier"), f"{field}.tier", TIERS) if relation == "tier" else ""
    return Whom(role=_among(row.get("role"), f"{field}.role", ROLES), relation=relation, tier=tier)


def _alarm(value: Any, field: str) -> AlarmRule:
    row = _object(value, field)
    if not isinstance(row.get("on"), bool):
        raise Bad(f"{field}.on", "应为 true 或 false。", "Expected true or false.")
    return AlarmRule(
        on=row["on"],
        after=_number(row.get("after"), f"{field}.after", 0, 10_000),
        every=_number(row.get("every"), f"{field}.every", 5, 10_000),
        role=_among(row.get("role"), f"{field}.role", ROLES),
        tier=_among(row.get("tier"), f"{field}.tier", TIERS),
    )


def _told(role: str, relation: str, tier: str = "") -> dict[str, Any]:
    return {"role": role, "relation": relation} | ({"tier": tier} if tier else {})


def _made(
    zh: str, en: str, when: dict[str, Any], *whom: dict[str, Any], repeat: Any = None
) -> dict[str, Any]:
    row = {"zh": zh, "en": en, "when": when, "whom": list(whom)}
    return row | ({"repeat": repeat} if repeat else {})


def _over(amount: int, unit: str) -> dict[str, Any]:
    return {"at": "over", "amount": amount, "unit": unit}


_LEADERS = _told("supervisor", "tier", "district")
_OWNER = _told("supervisor", "owner")

# What a district begins with.
DEFAULT: dict[str, Any] = {
    "chains": [
        {
            "code": "urgent",
            "zh": "紧急案件",
            "en": "Urgent cases",
            "classes": [],
            "grades": ["urgent"],
            "tiers": [],
            "clocks": ["dispatch", "handle"],
            "steps": [
                _made("提醒经办", "Remind who handles", {"at": "used", "percent": 50},
                      _told("handler", "holder"), _told("dispatcher", "owner")),
                _made("提醒督办员", "Tell the supervisor", {"at": "used", "percent": 80}, _OWNER),
                _made("超时上报", "Over: tell those above", {"at": "due"},
                      _told("handler", "holder"), _told("handler", "parent"), _LEADERS,
                      repeat={"times": 4, "every": {"amount": 30, "unit": "minute"}}),
            ],
        },
        {
            "code": "handle",
            "zh": "处置时限",
            "en": "Handling limit",
            "classes": [],
            "grades": [],
            "tiers": [],
            "clocks": ["handle"],
            "steps": [
                _made("提醒经办", "Remind who handles", {"at": "used", "percent": 80},
                      _told("handler", "holder")),
                _made("到期提醒", "It is due", {"at": "due"},
                      _told("handler", "holder"), _told("dispatcher", "owner")),
                _made("提请督办", "Tell the supervisor", _over(4, "hour"), _OWNER,
                      _told("handler", "parent")),
                _made("上报领导", "Tell the leadership", _over(2, "day"), _LEADERS,
                      repeat={"times": 3, "every": {"amount": 1, "unit": "day"}}),
            ],
        },
        {
            "code": "centre",
            "zh": "受理、核实、派遣、核查",
            "en": "Receiving, pre-check, dispatch, check",
            "classes": [],
            "grades": [],
            "tiers": [],
            "clocks": ["receive", "precheck", "dispatch", "check"],
            "steps": [
                _made("到期提醒", "It is due", {"at": "due"}, _told("dispatcher", "owner"),
                      _told("desk", "owner")),
                _made("提请督办", "Tell the supervisor", _over(2, "hour"), _OWNER),
                _made("上报上级", "Tell the centre above", _over(1, "day"),
                      _told("supervisor", "above")),
            ],
        },
    ],
    "alarms": {
        "uncovered": {"on": True, "after": 0, "every": 30, "role": "dispatcher",
                      "tier": "district"},
        "unaccepted": {"on": True, "after": 10, "every": 15, "role": "dispatcher",
                       "tier": "district"},
        "unread": {"on": True, "after": 15, "every": 30, "role": "dispatcher",
                   "tier": "district"},
        "stale": {"on": True, "after": 15, "every": 60, "role": "supervisor",
                  "tier": "district"},
        "lag": {"on": True, "after": 2, "every": 30, "role": "supervisor", "tier": "district"},
    },
}  # fmt: skip
