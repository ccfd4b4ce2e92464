"""How a month of somebody's work becomes one number, step by step. Pure: no Django, no queries.

Three parts, each between 0 and 1, in exact fractions:

* completion: planned work that was done, also late, out of what was due;
* timeliness: out of what was done, what was done before its window closed, by the worker's own
  clock. When it reached the server is not looked at: being without signal costs nothing;
* quality: out of work handed in for checking, what was not sent back.

A part with nothing to look at is left out and the others weigh more. What was due while the
worker could not is excluded: undone it is not missed, late it is not late; done in time it counts.
The difficulty of the area makes what is lacking smaller: 1 − (1 − mean) / factor.

So for one and the same work no exclusion and no lack of signal can lower the number, the order of
things does not matter, and it lies between 0 and 100. The tests hold the rules to that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from mengding.core.errors import Invalid
from mengding.core.text import T

FORMAT = "mengding-evaluation/1"
_MOST_WEIGHT = 100
_MOST_FACTOR = Fraction(3)


class Part(StrEnum):
    """What is looked at."""

    COMPLETION = "completion"
    TIMELINESS = "timeliness"
    QUALITY = "quality"


PART_NAMES: dict[Part, T] = {
    Part.COMPLETION: T("完成", "Completion"),
    Part.TIMELINESS: T("及时", "Timeliness"),
    Part.QUALITY: T("质量", "Quality"),
}


class Why(StrEnum):
    """Why something does not count against the worker."""

    LEAVE = "leave"
    TRAINING = "training"
    CLOSURE = "closure"  # rain, snow, a closed road
    ROSTER = "roster"  # no shift on any day of the window
    APPEAL = "appeal"  # granted on appeal


WHY_NAMES: dict[Why, T] = {
    Why.LEAVE: T("请假", "leave"),
    Why.TRAINING: T("培训", "training"),
    Why.CLOSURE: T("停巡（暴雨、道路等）", "area closed (rain, road)"),
    Why.ROSTER: T("当日未排班", "not on the roster"),
    Why.APPEAL: T("申诉成立", "granted on appeal"),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """One version. `weights` of the parts, `kinds` of tasks (1 where not named), `factors` of
    divisions by code (the smallest division that is named counts; 1 without).
    """

    version: int
    weights: Mapping[Part, int]
    kinds: Mapping[str, Fraction] = field(default_factory=dict)
    factors: Mapping[str, Fraction] = field(default_factory=dict)

    def kind_weight(self, kind: str) -> Fraction:
        """How much one task of a kind counts in completion and timeliness."""
        return self.kinds.get(kind, Fraction(1))

    def factor(self, codes: Sequence[str]) -> Fraction:
        """The difficulty of an area; `codes` from the district down."""
        for code in reversed(codes):
            if code in self.factors:
                return self.factors[code]
        return Fraction(1)


# In force until somebody publishes a version of their own.
SHIPPED = Rules(version=0, weights={Part.COMPLETION: 50, Part.TIMELINESS: 30, Part.QUALITY: 20})


def document(rules: Rules) -> dict[str, Any]:
    """The rules as JSON; decimals as texts."""
    return {
        "format": FORMAT,
        "weights": {part.value: rules.weights[part] for part in Part},
        "kinds": {kind: _plain(weight) for kind, weight in sorted(rules.kinds.items())},
        "factors": {code: _plain(factor) for code, factor in sorted(rules.factors.items())},
    }


def _plain(value: Fraction) -> str:
    return f"{float(value):g}"


def parse(version: int, said: Mapping[str, Any]) -> Rules:
    """The rules of a document; raises `Invalid` naming the field at fault."""
    weights = {}
    for part in Part:
        value = (said.get("weights") or {}).get(part.value, 0)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_WEIGHT:
            raise Invalid(
                "weight_bad",
                T("权重应为 0 到 100 的整数。", "A weight is a whole number from 0 to 100."),
                field=f"weights.{part.value}",
            )
        weights[part] = value
    if not weights[Part.COMPLETION]:
        raise Invalid(
            "weight_missing",
            T("完成的权重不能为 0。", "The weight of completion cannot be 0."),
            field="weights.completion",
        )
    return Rules(
        version,
        weights,
        _numbers(said.get("kinds"), "kinds", Fraction(0), Fraction(10)),
        _numbers(said.get("factors"), "factors", Fraction(1), _MOST_FACTOR),
    )


def _numbers(said: Any, field: str, least: Fraction, most: Fraction) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for key, value in (said or {}).items():
        try:
            number = Fraction(str(value))
        except (ValueError, ZeroDivisionError):
            number = Fraction(-1)
        if not least <= number <= most or (number * 100).denominator != 1:
            raise Invalid(
                "number_bad",
                T("应为 {a} 到 {b}，最多两位小数。", "From {a} to {b}, with two decimals.").fill(
                    a=int(least), b=int(most)
                ),
                field=f"{field}.{key}",
            )
        found[str(key)] = number
    return found


@dataclass(frozen=True, slots=True)
class Piece:
    """One planned task as evidence. `done_at`: by the worker's clock; `received_at`: when the
    server learned of it, shown and never counted. `why`: reasons that speak for the worker.
    """

    task: int
    kind: str
    day: date
    due_at: datetime
    done_at: datetime | None = None
    received_at: datetime | None = None
    event: int | None = None
    why: tuple[str, ...] = ()

    @property
    def in_time(self) -> bool:
        """Whether it was done before its window closed."""
        return self.done_at is not None and self.done_at <= self.due_at


@dataclass(frozen=True, slots=True)
class Handed:
    """Work handed in for checking: the case, the event, and the event that sent it back."""

    case: int
    event: int
    returned: int | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """A month of one worker. `area`: codes of the post's divisions from the district down."""

    pieces: tuple[Piece, ...]
    handed: tuple[Handed, ...] = ()
    area: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Looked:
    """One part: `good` of `of`, weighted; None: nothing to look at. Ids are its evidence."""

    part: Part
    weight: int
    good: Fraction
    of: Fraction
    value: Fraction | None
    count_good: int
    count: int
    lacking: tuple[int, ...]  # tasks (cases, for quality) that are missing in `good`


@dataclass(frozen=True, slots=True)
class Outcome:
    """The number (0 to 100, one decimal, in tenths) and how it came about; None: nothing due."""

    tenths: int | None
    parts: tuple[Looked, ...]
    mean: Fraction | None
    factor: Fraction
    excluded: tuple[tuple[int, tuple[str, ...]], ...]  # tasks and why
    steps: tuple[T, ...]

    @property
    def value(self) -> str | None:
        """ "92.5"."""
        return None if self.tenths is None else f"{self.tenths // 10}.{self.tenths % 10}"


def evaluate(rules: Rules, work: Work) -> Outcome:
    """The outcome of a month under one version of the rules."""
    parts = (
        _completion(rules, work.pieces),
        _timeliness(rules, work.pieces),
        _quality(rules, work.handed),
    )
    rated = [each for each in parts if each.value is not None and each.weight]
    excluded = tuple(
        sorted((piece.task, piece.why) for piece in work.pieces if piece.why and not piece.in_time)
    )
    factor = rules.factor(work.area)
    total = sum(each.weight for each in rated)
    if not rated:
        return Outcome(None, parts, None, factor, excluded, (*_told(parts, excluded), _NOTHING))
    mean = sum((each.weight * (each.value or Fraction(0)) for each in rated), Fraction(0)) / total
    eased = 1 - (1 - mean) / factor
    tenths = int(eased * 1000 + Fraction(1, 2))  # half up; never above 1000
    steps = (*_told(parts, excluded), *_summed(rated, total, mean, factor, tenths))
    return Outcome(tenths, parts, mean, factor, excluded, steps)


def _weigh(rules: Rules, pieces: Iterable[Piece]) -> Fraction:
    return sum((rules.kind_weight(piece.kind) for piece in pieces), Fraction(0))


def _part(
    part: Part,
    weight: int,
    good: Fraction,
    of: Fraction,
    counts: tuple[int, int],
    lacking: Iterable[int],
) -> Looked:
    value = good / of if of else None
    return Looked(part, weight, good, of, value, *counts, tuple(sorted(lacking)))


def _completion(rules: Rules, pieces: Sequence[Piece]) -> Looked:
    # Excluded work that was done all the same counts for the worker.
    due = [piece for piece in pieces if piece.done_at is not None or not piece.why]
    done = [piece for piece in due if piece.done_at is not None]
    return _part(
        Part.COMPLETION,
        rules.weights[Part.COMPLETION],
        _weigh(rules, done),
        _weigh(rules, due),
        (len(done), len(due)),
        (piece.task for piece in due if piece.done_at is None),
    )


def _timeliness(rules: Rules, pieces: Sequence[Piece]) -> Looked:
    done = [p for p in pieces if p.done_at is not None and (p.in_time or not p.why)]
    timely = [piece for piece in done if piece.in_time]
    return _part(
        Part.TIMELINESS,
        rules.weights[Part.TIMELINESS],
        _weigh(rules, timely),
        _weigh(rules, done),
        (len(timely), len(done)),
        (piece.task for piece in done if not piece.in_time),
    )


def _quality(rules: Rules, handed: Sequence[Handed]) -> Looked:
    kept = [each for each in handed if each.returned is None]
    return _part(
        Part.QUALITY,
        rules.weights[Part.QUALITY],
        Fraction(len(kept)),
        Fraction(len(handed)),
        (len(kept), len(handed)),
        (each.case for each in handed if each.returned is not None),
    )


_NOTHING = T("本月没有可计入的工作，不作评价。", "Nothing to look at this month: no number.")
_LOOKED: dict[Part, T] = {
    Part.COMPLETION: T(
        "完成：应办 {of} 件，办了 {good} 件（补办也算），按任务权重得 {rate}。",
        "Completion: {good} of {of} tasks due were done (late ones too), {rate} by weight.",
    ),
    Part.TIMELINESS: T(
        "及时：办了的 {of} 件中，{good} 件在时限内（按实际办理时间，无信号不影响），得 {rate}。",
        "Timeliness: {good} of {of} done in time (when you did it, signal or not), {rate}.",
    ),
    Part.QUALITY: T(
        "质量：交核查的 {of} 件中，{good} 件没有被退回返工，得 {rate}。",
        "Quality: {good} of {of} handed in were not sent back, {rate}.",
    ),
}


def _told(
    parts: Sequence[Looked], excluded: Sequence[tuple[int, tuple[str, ...]]]
) -> tuple[T, ...]:
    found = []
    counts: dict[str, int] = {}
    for _, whys in excluded:
        counts[whys[0]] = counts.get(whys[0], 0) + 1
    for why, count in sorted(counts.items()):
        found.append(
            T("{why}：{n} 件不计。", "{why}: {n} tasks are left out.").fill(
                why=WHY_NAMES[Why(why)], n=count
            )
        )
    for each in parts:
        if each.value is None or not each.weight:
            found.append(
                T(
                    "{part}：没有可看的，不计入，其余部分相应加重。",
                    "{part}: nothing to look at; left out, the others weigh more.",
                ).fill(part=PART_NAMES[each.part])
            )
            continue
        said = {"good": each.count_good, "of": each.count, "rate": percent(each.value)}
        found.append(_LOOKED[each.part].fill(**said))
    return tuple(found)


def _summed(
    rated: Sequence[Looked], total: int, mean: Fraction, factor: Fraction, tenths: int
) -> tuple[T, ...]:
    terms = " + ".join(f"{each.weight}×{percent(each.value or Fraction(0))}" for each in rated)
    found = [
        T("合计：({terms}) ÷ {total} = {mean}。", "Together: ({terms}) ÷ {total} = {mean}.").fill(
            terms=terms, total=total, mean=percent(mean)
        )
    ]
    if factor != 1:
        found.append(
            T(
                "片区难度系数 {f}：不足的部分除以 {f}。",
                "Difficulty of the area {f}: what is lacking is divided by {f}.",
            ).fill(f=_plain(factor))
        )
    found.append(T("结果：{v} 分。", "Result: {v}.").fill(v=f"{tenths // 10}.{tenths % 10}"))
    return tuple(found)


def percent(value: Fraction) -> str:
    """A fraction as a percentage with one decimal, half up."""
    tenths = int(value * 1000 + Fraction(1, 2))
    return f"{tenths // 10}.{tenths % 10}%"
