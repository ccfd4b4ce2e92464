"""What a district may set of its warnings, with limits. Pure: no Django, no queries.

One document is one version. It turns kinds on and off, sets their numbers and takes classes out.
Nothing in it can put a class in: which classes may take part at all is `classes.py`, and that is
code (a test holds both to it).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.warnings.classes import takes_part
from mengding.warnings.kinds import Kind
from mengding.warnings.stats import control, scan, series, spikes
from mengding.warnings.stats.crowd import Stages

FORMAT = "mengding-warnings/1"


@dataclass(frozen=True, slots=True)
class Setting:
    """One number: what it is without saying anything, its least and its most."""

    shipped: float
    least: float
    most: float
    whole: bool = True


def _within(hours: int) -> Setting:
    return Setting(hours, 1, 720)


# `hours`: within which its owner has to have dealt with it.
SETTINGS: dict[Kind, dict[str, Setting]] = {
    Kind.REPEAT: {
        "days": Setting(30, 7, 180),
        "least": Setting(3, 2, 50),
        "hours": _within(72),
    },
    Kind.SPIKE: {
        "false_a_week": Setting(1.0, 0.1, 10, whole=False),
        "weeks": Setting(8, 4, 26),
        "least": Setting(5, 2, 100),
        "hours": _within(48),
    },
    Kind.CLUSTER: {
        "false_a_week": Setting(scan.FALSE_A_WEEK, 0.1, 5, whole=False),
        "days": Setting(7, 2, 14),
        "reach": Setting(1500, 1000, 5000),
        "least": Setting(scan.LEAST, 3, 50),
        "hours": _within(48),
    },
    Kind.SERIES: {
        "days": Setting(14, 3, 28),
        "least": Setting(4, 2, 50),
        "false_a_week": Setting(0.5, 0.1, 5, whole=False),
        "hours": _within(72),
    },
    Kind.OVERDUE: {"grace_days": Setting(0, 0, 60), "hours": _within(24)},
    Kind.CROWD: {
        "attention": Setting(60, 10, 150),
        "crowded": Setting(80, 10, 200),
        "full": Setting(100, 10, 300),
        "slack": Setting(5, 0, 30),
        "hours": _within(1),
    },
}
MOST_WITHOUT = 200


def _shipped() -> Mapping[Kind, Mapping[str, float]]:
    return MappingProxyType(
        {
            kind: MappingProxyType({name: each.shipped for name, each in settings.items()})
            for kind, settings in SETTINGS.items()
        }
    )


@dataclass(frozen=True, slots=True)
class Rules:
    """One version. `on`: kinds that are looked for; `without`: classes taken out."""

    version: int = 0
    on: frozenset[Kind] = frozenset(Kind)
    values: Mapping[Kind, Mapping[str, float]] = field(default_factory=_shipped)
    without: frozenset[str] = frozenset()

    def number(self, kind: Kind, name: str) -> float:
        """One setting."""
        return self.values[kind][name]

    def whole(self, kind: Kind, name: str) -> int:
        """One setting that is a whole number."""
        return int(self.values[kind][name])

    def takes_part(self, code: str, *, confidential: bool = False) -> bool:
        """Whether cases of this class are looked at: never more than `classes.takes_part`."""
        return code not in self.without and takes_part(code, confidential=confidential)

    @property
    def tuning(self) -> control.Tuning:
        """Of spikes."""
        return control.Tuning(
            weeks=self.whole(Kind.SPIKE, "weeks"),
            least=self.whole(Kind.SPIKE, "least"),
            false_a_week=self.number(Kind.SPIKE, "false_a_week"),
        )

    @property
    def series_tuning(self) -> series.Tuning:
        """Of components failing in series."""
        return series.Tuning(
            days=self.whole(Kind.SERIES, "days"),
            least=self.whole(Kind.SERIES, "least"),
            false_a_week=self.number(Kind.SERIES, "false_a_week"),
        )

    def stages(self, own: "tuple[int, int, int] | None" = None) -> Stages:
        """Of crowds; `own`: a spot's percentages in place of the district's."""
        attention, crowded, full = own or (
            self.whole(Kind.CROWD, "attention"),
            self.whole(Kind.CROWD, "crowded"),
            self.whole(Kind.CROWD, "full"),
        )
        return Stages(attention, crowded, full, self.whole(Kind.CROWD, "slack"))

    @property
    def past_days(self) -> int:
        """How many days of cases one look needs."""
        return (
            max(
                spikes.past_days(self.tuning),
                scan.PAST + self.whole(Kind.CLUSTER, "days"),
                series.past_days(self.series_tuning),
                self.whole(Kind.REPEAT, "days"),
            )
            + 1
        )


SHIPPED = Rules()


def document(rules: Rules) -> dict[str, Any]:
    """The rules as JSON."""
    return {
        "format": FORMAT,
        "kinds": {
            kind.value: {
                "on": kind in rules.on,
                **{
                    name: int(value) if SETTINGS[kind][name].whole else value
                    for name, value in rules.values[kind].items()
                },
            }
            for kind in Kind
        },
        "without": sorted(rules.without),
    }


def parse(version: int, said: Mapping[str, Any], known: Iterable[str] = ()) -> Rules:
    """The rules of a document; raises `Invalid` naming the field at fault.

    What is not named is as shipped. `known`: classes of the catalogue, to find a misspelt one.
    """
    _only(said, {"format", "kinds", "without"}, "")
    if said.get("format", FORMAT) != FORMAT:
        raise _bad("format", T("格式应为 {f}。", "The format is {f}.").fill(f=FORMAT))
    kinds = said.get("kinds", {})
    if not isinstance(kinds, dict):
        raise _bad("kinds", T("应为对象。", "An object is wanted."))
    _only(kinds, {kind.value for kind in Kind}, "kinds.")
    on, values = set(), {}
    for kind in Kind:
        given = kinds.get(kind.value, {})
        if not isinstance(given, dict):
            raise _bad(f"kinds.{kind}", T("应为对象。", "An object is wanted."))
        _only(given, {"on", *SETTINGS[kind]}, f"kinds.{kind}.")
        turned = given.get("on", True)
        if not isinstance(turned, bool):
            raise _bad(f"kinds.{kind}.on", T("请选择是或否。", "Say yes or no."))
        if turned:
            on.add(kind)
        values[kind] = {
            name: _number(given.get(name, each.shipped), each, f"kinds.{kind}.{name}")
            for name, each in SETTINGS[kind].items()
        }
    crowd = values[Kind.CROWD]
    ascending(crowd["attention"], crowd["crowded"], crowd["full"], "kinds.crowd.")
    return Rules(version, frozenset(on), values, _without(said.get("without", []), set(known)))


def ascending(attention: float, crowded: float, full: float, at: str) -> None:
    """Raise `Invalid` unless the stages of a crowd follow each other."""
    text = T("应大于前一级。", "It has to be above the stage before it.")
    if crowded <= attention:
        raise _bad(f"{at}crowded", text)
    if full <= crowded:
        raise _bad(f"{at}full", text)


def _without(said: Any, known: set[str]) -> frozenset[str]:
    if not isinstance(said, list) or len(said) > MOST_WITHOUT:
        raise _bad(
            "without",
            T("最多 {n} 个类别。", "At most {n} classes.").fill(n=MOST_WITHOUT),
        )
    for number, code in enumerate(said):
        if not isinstance(code, str) or (known and code not in known):
            raise _bad(f"without.{number}", T("没有这个类别。", "There is no such class."))
    return frozenset(said)


def _number(value: Any, setting: Setting, field: str) -> float:
    fits = (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and setting.least <= value <= setting.most
        and (not setting.whole or value == int(value))
    )
    if fits:
        return float(value)
    text = (
        T("应为 {a} 到 {b} 的整数。", "A whole number from {a} to {b}.")
        if setting.whole
        else T("应为 {a} 到 {b}。", "From {a} to {b}.")
    )
    raise _bad(field, text.fill(a=f"{setting.least:g}", b=f"{setting.most:g}"))


def _only(said: Mapping[str, Any], known: set[str], at: str) -> None:
    for name in said:
        if name not in known:
            raise _bad(f"{at}{name}", T("没有这个参数。", "There is no such setting."))


def _bad(field: str, text: T) -> Invalid:
    return Invalid("warning_rules_bad", text, field=field)
