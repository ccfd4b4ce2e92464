"""反查: the cases behind a number, exactly those, and how many of them the reader may not see."""

from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any

from django.db.models import Q, QuerySet

from mengding.cases.models import Case
from mengding.cases.queries.lists import COLUMNS, listed, org_name
from mengding.cases.visibility import ids_visible_to, visible_to
from mengding.core import clock
from mengding.core.actor import Actor, ActorKind, Role
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.http.paging import decode_cursor, encode_cursor
from mengding.indicators.definitions import BY_NAME, Indicator
from mengding.indicators.facts import local_day
from mengding.indicators.measures import BY_CODE, MEASURES
from mengding.indicators.models import Fact, FrozenFact, Period
from mengding.indicators.queries.scope import Filters, Scope, scope_of, stood_open, where
from mengding.indicators.queries.values import closed_period, measure
from mengding.people import queries as people

PARTS = ("counts", "over", "rest")
_ORDER = "-day"
_FEW = 2000


@dataclass(frozen=True, slots=True)
class Found:
    """`total` is the number itself; `hidden` of these are cases the reader may not open."""

    total: int
    hidden: int
    items: list[dict[str, Any]]
    next: str | None
    period: Period | None = None


def cases_of(
    actor: Actor,
    code: str,
    since: date,
    until: date,
    filters: Filters = Filters(),  # noqa: B008 (frozen)
    *,
    part: str = "counts",
    frozen: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> Found:
    """A page of what an indicator counts, newest day first.

    `part` of a rate: `counts` (above the line), `over` (below it) or `rest` (below, not above).
    """
    answer = measure(actor, [code], "", since, until, filters, frozen=frozen)
    if code not in answer.total:
        raise Invalid(
            "stock_by_post",
            T("期末在办不按岗位统计。", "What stands open is nobody's own."),
            field="post",
        )
    indicator, value = BY_NAME[code], answer.total[code]
    if part not in PARTS or (part != "counts" and not indicator.rate):
        raise Invalid("part_unknown", T("没有这一部分。", "No such part."), field="part")
    total = {"counts": value.n, "over": value.of or 0, "rest": (value.of or 0) - value.n}[part]
    scope = scope_of(actor, filters)
    period = closed_period(scope, since, until) if frozen else None
    rows = _facts(scope, indicator, part, since, until, period)
    hidden = 0
    if period is not None or (actor.role is Role.HANDLER and actor.kind is not ActorKind.SYSTEM):
        # What was dispatched to a department and left it again counts, but is not its any more;
        # of a closed period, what has moved to another area or become confidential since.
        hidden = total - rows.filter(case_id__in=ids_visible_to(actor)).count()
    few = indicator.stock and total <= _FEW
    page, following = _page(rows, few, cursor, limit) if total else ([], None)
    return Found(total, hidden, _shown(actor, page), following, period)


def _facts(
    scope: Scope, indicator: Indicator, part: str, since: date, until: date,
    period: Period | None,
) -> QuerySet[Any]:  # fmt: skip
    condition, values = where(scope)
    rows: QuerySet[Any] = (
        Fact.objects.all() if period is None else FrozenFact.objects.filter(period=period)
    )
    rows = rows.extra(where=[condition], params=values)
    if indicator.stock:
        rows = rows.filter(kind="in", day__lt=until)
        if period is None:
            open_ = Q(left_on=None)
            # Nothing ends later than today; said so, the index of what is open serves.
            past = until <= local_day(clock.now())
            return rows.filter(open_ | Q(left_on__gte=until) if past else open_)
        return rows.extra(where=[stood_open(period)])
    counts = BY_CODE[indicator.counts]
    rows = rows.filter(kind=counts.kind.value, day__gte=since, day__lt=until)
    over = BY_CODE[indicator.over].mask if indicator.over else 0
    mask, wanted = {
        "counts": (counts.mask, counts.mask),
        "over": (over, over),
        "rest": (over | counts.mask, over),
    }[part]
    return rows.extra(where=["bits & %s = %s"], params=[mask, wanted])


def _page(
    rows: QuerySet[Any], few: bool, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    if cursor:
        place, case = decode_cursor(cursor, _ORDER, str)
        day, _, order = place.partition("|")
        try:
            behind = [date.fromisoformat(day), case, int(order or 0)]
        except ValueError as error:
            raise Invalid(
                "cursor_invalid", T("游标无效。", "The cursor is not valid."), field="cursor"
            ) from error
        rows = rows.extra(where=["(day, case_id, order_id) < (%s, %s, %s)"], params=behind)
    names = ("day", "case_id", "order_id")
    some = rows.values(*names, "kind", "bits", "org")
    if few:
        # In the order of days the database would look for a page of them among all cases.
        found = sorted(some.order_by(), key=itemgetter(*names), reverse=True)[: limit + 1]
    else:
        found = list(some.order_by(*(f"-{name}" for name in names))[: limit + 1])
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    at = encode_cursor(_ORDER, f"{last['day']}|{last['order_id']}", last["case_id"])
    return found[:limit], at


def _shown(actor: Actor, page: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cases of a page, as lists show them, with what each counts for."""
    ids = [row["case_id"] for row in page]
    seen = Case.objects.filter(visible_to(actor), pk__in=ids)
    cases = {row["id"]: row for row in seen.values(*COLUMNS)}
    now = clock.now()
    shown = []
    for row in page:
        if (case := cases.get(row["case_id"])) is None:
            continue
        org = people.organisation(row["org"]) if row["org"] else None
        shown.append(
            listed(dict(case), now)
            | {
                "day": row["day"],
                "order_id": row["order_id"] or None,
                "counted_org": org_name(org),
                "counts": codes_of(row["bits"]),
            }
        )
    return shown


def codes_of(bits: int) -> list[str]:
    """The measures that a fact counts for."""
    return [measure.code for measure in MEASURES if bits & measure.mask]
