"""Sentences made from numbers, and from nothing else. Pure.

Each rule looks at numbers of the period and of the one before and says what they say, with the
numbers in the sentence. A rule that has nothing to say is silent; none explains why something
happened, for no number knows that.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mengding.core.text import T
from mengding.indicators.measures import Value

ENOUGH = 10  # cases of the period before, from which a change is given in percent
MOVED = 0.02  # two percentage points: a smaller change of a rate is called unchanged
TOWNS = T("乡镇街道", "towns")
NAMED = 3  # most names in one sentence
CHANCE = 0.01  # of a rise that is none, over all classes of one briefing together
# Shares of what was dispatched: they rise until all of it is done or due.
RIPENING = frozenset({"in_time_rate", "handled_rate", "closed_rate"})


@dataclass(frozen=True, slots=True)
class Part:
    """One town, department or class with its numbers now and before."""

    name: T
    now: Mapping[str, Value]
    before: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Numbers:
    """All that sentences are made from."""

    names: Mapping[str, T]
    now: Mapping[str, Value]
    before: Mapping[str, Value]
    towns: Sequence[Part]
    orgs: Sequence[Part]
    classes: Sequence[Part]
    unit: T = TOWNS  # what `towns` are called
    # Of the days of both periods, the share of this one: a month is compared with a shorter one.
    share: float = 0.5


def percent(share: float) -> str:
    """92.3%."""
    return f"{100 * share:.1f}%"


def _nothing(numbers: Mapping[str, Value], code: str) -> Value:
    return numbers.get(code, Value(0))


def change(now: int, before: int) -> T:
    """How a count stands to the one before, in words."""
    if now == before:
        return T("与上期持平", "as many as before")
    more = now > before
    by = abs(now - before)
    if before >= ENOUGH:
        share = percent(by / before)
        return (
            T("比上期增加 {by} 件（{share}）", "{by} more than before ({share})")
            if more
            else T("比上期减少 {by} 件（{share}）", "{by} fewer than before ({share})")
        ).fill(by=by, share=share)
    return (
        T("比上期增加 {by} 件", "{by} more than before")
        if more
        else T("比上期减少 {by} 件", "{by} fewer than before")
    ).fill(by=by)


def moved(now: float, before: float | None) -> T:
    """How a rate stands to the one before, in percentage points."""
    if before is None:
        return T("上期没有可比的案件", "nothing to compare with before")
    by = now - before
    if abs(by) < MOVED:
        return T("与上期（{before}）基本持平", "about as before ({before})").fill(
            before=percent(before)
        )
    points = f"{abs(100 * by):.1f}"
    return (
        T("比上期提高 {points} 个百分点", "{points} points higher than before")
        if by > 0
        else T("比上期下降 {points} 个百分点", "{points} points lower than before")
    ).fill(points=points)


def rate_moved(code: str, now: Mapping[str, Value], before: Mapping[str, Value]) -> T:
    """`moved`, unless so much of either period is not due yet that the rate may still change."""
    for each in (now, before) if code in RIPENING else ():
        if _nothing(each, "not_due").n > MOVED * (_nothing(each, code).of or 0):
            return T("尚有未到期的，不与上期比较", "some not due yet, so not compared")
    return moved(_nothing(now, code).share or 0, _nothing(before, code).share)


def findings(of: Numbers) -> list[T]:
    """The sentences, the flow first."""
    said = [_flow(of), *_rates(of), _overdue(of), *_most(of), _risen(of)]
    return [each for each in said if each is not None]


def _flow(of: Numbers) -> T:
    received, closed = _nothing(of.now, "received"), _nothing(of.now, "closed")
    return T(
        "本期上报 {received} 件，{change}；结案 {closed} 件；期末在办 {open} 件。",
        "{received} cases were reported, {change}; {closed} were closed; {open} stood open at the "
        "end.",
    ).fill(
        received=received.n,
        change=change(received.n, _nothing(of.before, "received").n),
        closed=closed.n,
        open=_nothing(of.now, "open").n,
    )


def _rates(of: Numbers) -> list[T | None]:
    said: list[T | None] = []
    for code in ("in_time_rate", "rework_rate", "satisfied_rate"):
        number = _nothing(of.now, code)
        if number.share is None:
            continue
        said.append(
            T("{name} {share}（{n}/{of}），{moved}。", "{name}: {share} ({n}/{of}), {moved}.").fill(
                name=of.names[code],
                share=percent(number.share),
                n=number.n,
                of=number.of,
                moved=rate_moved(code, of.now, of.before),
            )
        )
    return said


def _overdue(of: Numbers) -> T | None:
    overdue = _nothing(of.now, "overdue").n
    if not overdue:
        return T("没有超时待处置的案件。", "No case is overdue.")
    who = _listed(of.orgs, "overdue")
    if who is None:
        return T("超时待处置 {n} 件。", "{n} cases are overdue.").fill(n=overdue)
    return T("超时待处置 {n} 件，其中{who}。", "{n} cases are overdue, of these {who}.").fill(
        n=overdue, who=who
    )


def _most(of: Numbers) -> list[T | None]:
    said: list[T | None] = []
    for parts, text in (
        (of.towns, T("上报较多的{unit}：{who}。", "The {unit} with most reports: {who}.")),
        (of.classes, T("上报较多的类别：{who}。", "Most were about {who}.")),
    ):
        counts = {_nothing(each.now, "received").n for each in parts} - {0}
        who = _listed(parts, "received") if len(counts) > 1 else None  # all alike: none has more
        if who is not None:
            said.append(text.fill(unit=of.unit, who=who))
    return said


def _risen(of: Numbers) -> T | None:
    """The class that grew most, where it grew by more than chance often does.

    Did the class come as often as before, each of its cases would fall into this period as into
    the one before, by their days: `CHANCE` is shared among all classes looked at (Bonferroni).
    """
    looked, grown = 0, []
    for each in of.classes:
        now, before = _nothing(each.now, "received").n, _nothing(each.before, "received").n
        if now + before == 0:
            continue
        looked += 1
        if now > before and now >= ENOUGH:
            grown.append((_tail(now, now + before, of.share), now - before, each.name, now, before))
    grown = [each for each in grown if each[0] < CHANCE / looked]
    if not grown:
        return None
    _, _, name, now, before = max(grown, key=lambda found: found[1])
    return T(
        "“{name}”由上期 {before} 件增至 {now} 件，超出随机波动的通常范围。",
        "“{name}” rose from {before} to {now}, more than chance usually brings.",
    ).fill(name=name, before=before, now=now)


def _tail(k: int, n: int, share: float) -> float:
    """The chance of `k` or more of `n` where each comes with the chance `share`; exact."""
    known, log, other = math.lgamma(n + 1), math.log(share), math.log1p(-share)
    return sum(
        math.exp(known - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * log + (n - i) * other)
        for i in range(k, n + 1)
    )


def _listed(parts: Sequence[Part], code: str) -> T | None:
    """ "A 12 件、B 9 件": the largest few. Equals are named all or none; None where that leaves
    nobody."""
    counted = [(_nothing(each.now, code).n, each.name) for each in parts]
    ranked = sorted((each for each in counted if each[0]), key=lambda each: -each[0])
    left_out = ranked[NAMED][0] if len(ranked) > NAMED else 0
    shown = [each for each in ranked[:NAMED] if each[0] > left_out]
    if not shown:
        return None
    return T(
        "、".join(f"{name.zh} {n} 件" for n, name in shown),
        ", ".join(f"{name.en} ({n})" for n, name in shown),
    )
