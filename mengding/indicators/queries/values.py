"""Numbers: indicators by department, division, class … over any span of days.

    answer = measure(actor, ["in_time_rate"], by="org", since=date(2026, 11, 1),
                     until=date(2026, 12, 1), filters=Filters(region="511803102"))
    answer.rows[0].key, answer.rows[0].values["in_time_rate"].share
    answer.total["in_time_rate"].n, answer.total["in_time_rate"].of

Totals are sums over facts, never means of the rows: every fact lies in exactly one row.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.indicators.definitions import BY_NAME, INDICATORS, Indicator
from mengding.indicators.facts import local_day
from mengding.indicators.measures import Measure, Value
from mengding.indicators.models import Period
from mengding.indicators.queries import sums
from mengding.indicators.queries.once import as_of, once
from mengding.indicators.queries.scope import Filters, Scope, posts_allowed, scope_of
from mengding.indicators.queries.sums import BEGINNING, STEPS, Sums, Wish, needed, summed
from mengding.indicators.spans import DAY, Kind, Span, span
from mengding.people import queries as people

BYS = ("", "org", "region", "class", "channel", "tier", "post")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: `key` is an id or code as text ("" or "0": none), `step` the first day of it."""

    key: str
    step: date | None
    values: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Answer:
    """`total`: over everything, summed from facts. `as_of`: up to when the numbers are right.

    `period`: the closed period they were taken from, if they were.
    """

    rows: list[Row]
    total: dict[str, Value]
    as_of: datetime
    period: Period | None = None
    now: dict[str, Value] = field(default_factory=dict)  # of a closed period: the total today


def measure(
    actor: Actor,
    codes: Sequence[str] = (),
    by: str = "",
    since: date | None = None,
    until: date | None = None,
    filters: Filters = Filters(),  # noqa: B008 (frozen)
    *,
    step: str = "",
    frozen: bool = False,
) -> Answer:
    """Indicators over the days [since, until) within what the actor may see.

    `codes`: those wanted, all by default. `by`: a dimension of `BYS`. `step`: also by day, week
    (from Monday), month, quarter or year. `frozen`: a closed period as it was then.
    Raises `Invalid` naming the parameter, `NotAllowed`, `NotFound`.
    """
    if since is None or until is None or not since < until:
        raise Invalid(
            "period_order", T("结束须晚于开始。", "The end follows the beginning."), field="until"
        )
    wanted = _wanted(actor, codes, by, step, filters)
    scope = scope_of(actor, filters)
    period = closed_period(scope, since, until) if frozen else None
    found = _values(scope, wanted, by, step, since, until, period)
    rows = [Row(key, at, values) for (key, at), values in sorted(found.items(), key=_order)]
    if step:
        total = _values(scope, wanted, "", "", since, until, period).get(("", None))
    else:
        total = _summed(wanted, rows)
    answer = Answer(rows, total or _nothing(wanted), as_of(), period)
    if period is not None:
        today = _values(scope, wanted, "", "", since, until, None).get(("", None))
        answer.now.update(today or _nothing(wanted))
    return answer


@dataclass(frozen=True, slots=True)
class Ask:
    """What `measure` will be asked, as its parameters are called."""

    codes: Sequence[str]
    by: str
    days: Span
    step: str = ""
    frozen: bool = False


def read_ahead(actor: Actor, filters: Filters, asks: Iterable[Ask]) -> None:
    """Read in one statement what `measure` will be asked several times inside `together`."""
    scope = scope_of(actor, filters)
    wishes: list[tuple[Wish, Period | None]] = []
    ends: defaultdict[tuple[tuple[Measure, ...], str], set[date]] = defaultdict(set)
    for ask in asks:
        wanted = _wanted(actor, ask.codes, ask.by, ask.step, filters)
        since, until = ask.days.since, ask.days.until
        period = closed_period(scope, since, until) if ask.frozen else None
        # What is told by step has a total of its own.
        for by, step in {(ask.by, ask.step), ("" if ask.step else ask.by, "")}:
            wishes.append((_flows(wanted, by, step, since, until), period))
            for measures in (needed([each.measures]) for each in wanted if each.stock):
                if step:
                    wishes.append((Wish(measures, since, until, by, step), period))
                if period is None:
                    ends[measures, by].add(until)
    pieces = {key: _pieces(*key, sorted(some)) for key, some in ends.items()}
    sums.read_ahead(scope, [*wishes, *((wish, None) for some in pieces.values() for wish in some)])
    for (measures, by), some in pieces.items():
        known, total = _stood(scope, measures, by), Sums()
        for wish in some:
            total = _plus(total, summed(scope, wish))
            known[wish.until] = total


def _pieces(measures: tuple[Measure, ...], by: str, ends: Sequence[date]) -> list[Wish]:
    """All that ever came, cut at these ends: none of it is read twice."""
    begins = (BEGINNING, *ends[:-1])
    return [Wish(measures, since, until, by) for since, until in zip(begins, ends, strict=True)]


def _flows(wanted: Sequence[Indicator], by: str, step: str, since: date, until: date) -> Wish:
    measures = needed([each.measures for each in wanted if not each.stock])
    return Wish(measures, since, until, by, step)


def _summed(wanted: Sequence[Indicator], rows: Sequence[Row]) -> dict[str, Value]:
    """The total of rows: every fact is in exactly one of them, so it is that of the facts."""
    return {
        each.code: Value(
            sum(row.values[each.code].n for row in rows),
            sum(row.values[each.code].of or 0 for row in rows) if each.rate else None,
        )
        for each in wanted
    }


def _order(pair: tuple[tuple[str, date | None], Any]) -> tuple[int, str, date]:
    key, step = pair[0]
    return len(key), key, step or BEGINNING


def _wanted(
    actor: Actor, codes: Sequence[str], by: str, step: str, filters: Filters
) -> list[Indicator]:
    if by not in BYS:
        raise Invalid("by_unknown", T("没有这样的分组。", "No such grouping."), field="by")
    if step not in STEPS:
        raise Invalid("step_unknown", T("没有这样的步长。", "No such step."), field="step")
    for code in codes:
        if code not in BY_NAME:
            raise Invalid(
                "indicator_unknown",
                T("没有这个指标：{code}", "No such indicator: {code}").fill(code=code[:40]),
                field="codes",
            )
    wanted = [BY_NAME[code] for code in dict.fromkeys(codes)] if codes else list(INDICATORS)
    if by == "post":
        posts_allowed(actor)
    if by == "post" or filters.post is not None:
        # Who received a case is rarely who ended it: what is left between the two is nobody's.
        wanted = [each for each in wanted if not each.stock]
    return wanted


def _nothing(wanted: Sequence[Indicator]) -> dict[str, Value]:
    return {each.code: Value(0, 0 if each.rate else None) for each in wanted}


def _values(
    scope: Scope, wanted: Sequence[Indicator], by: str, step: str, since: date, until: date,
    period: Period | None,
) -> dict[tuple[str, date | None], dict[str, Value]]:  # fmt: skip
    flows = [each for each in wanted if not each.stock]
    wish = _flows(flows, by, step, since, until)
    place = {each.code: number for number, each in enumerate(wish.measures)}
    columns = [(each.code, place[each.counts], place.get(each.over)) for each in flows]
    found = {
        key: {code: Value(vector[n], None if of is None else vector[of]) for code, n, of in columns}
        for key, vector in summed(scope, wish, period).items()
    }
    for each in wanted:
        if each.stock:
            stood = _standing(scope, each, by, step, since, until, period)
            for key in stood.keys() - found.keys():
                found[key] = _nothing(flows)
            for key, values in found.items():
                values[each.code] = Value(stood.get(key, 0))
    return found


def _standing(
    scope: Scope, stock: Indicator, by: str, step: str, since: date, until: date,
    period: Period | None,
) -> dict[tuple[str, date | None], int]:  # fmt: skip
    """What stood open at the end (of each step): all that ever came in, less what went out."""
    measures = needed([stock.measures])
    if period is not None:
        ended = summed(scope, Wish(measures, since, until, by, stock=True), period)
    else:
        ended = _up_to(scope, measures, until, by)
    if not step:
        return {key: came - went for key, (came, went) in ended.items() if came != went}
    moves = summed(scope, Wish(measures, since, until, by, step), period)
    steps = {at for _, at in moves if at is not None}
    # Something stands on quiet days too; what will stand after today is not known.
    kind, end = cast(Kind, step), min(until, local_day(clock.now()) + DAY)
    at = span(kind, since).since
    while at < end:
        steps.add(at)
        at = span(kind, at).until
    return _running(ended, moves, sorted(steps, reverse=True))


def _up_to(scope: Scope, measures: tuple[Measure, ...], until: date, by: str) -> Sums:
    """All that ever came and went before a day."""
    known = _stood(scope, measures, by)
    if until not in known:
        known[until] = summed(scope, Wish(measures, BEGINNING, until, by))
    return known[until]


def _stood(scope: Scope, measures: tuple[Measure, ...], by: str) -> dict[date, Sums]:
    """What this answer knows of `_up_to`, by day."""
    return once(("up to", scope, measures, by), dict)


def _plus(some: Sums, more: Sums) -> Sums:
    together = {**some, **more}
    for key in some.keys() & more.keys():
        together[key] = [a + b for a, b in zip(some[key], more[key], strict=True)]
    return together


def _running(ended: Sums, moves: Sums, steps: Sequence[date]) -> dict[tuple[str, date | None], int]:
    """From what stood at the end and what moved before it to what stood at each step (newest
    first), back to where nothing had come yet."""
    begins: dict[str, date] = {}
    for key, at in moves:
        if at is not None:
            begins[key] = min(at, begins.get(key, at))
    found: dict[tuple[str, date | None], int] = {}
    for key in {key for key, _ in (*ended, *moves)}:
        came, went = ended.get((key, None), (0, 0))
        stood = came - went
        for step in steps:
            if not stood and step < begins.get(key, date.max):
                break
            found[key, step] = stood
            came, went = moves.get((key, step), (0, 0))
            stood -= came - went
    return found


def closed_period(scope: Scope, since: date, until: date) -> Period | None:
    """The closed period of exactly these days in the scope's district, if there is one."""
    if scope.place is None:
        return None
    *_, district = people.tree().chain(scope.place)
    known = once(("periods", district), lambda: _closed(district))
    pk = known.get((since, until))
    return None if pk is None else once(("period", pk), lambda: Period.objects.get(pk=pk))


def _closed(district: int) -> dict[tuple[date, date], int]:
    rows = Period.objects.filter(district=district).values_list("since", "until", "pk")
    return {(since, until): pk for since, until, pk in rows}
