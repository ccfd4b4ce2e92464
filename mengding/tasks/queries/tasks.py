"""Reading tasks: one's own day, and lists for who oversees."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.http.paging import paginate
from mengding.ledger.models import Event
from mengding.people import queries as people
from mengding.people.models import Post
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.tasks.catalogue import Catalogue
from mengding.tasks.models import Task
from mengding.tasks.queries import editions, visible
from mengding.tasks.recurrence import LOCAL
from mengding.tasks.states import Status, TaskState, Window, state_of

LONGEST_SPAN = timedelta(days=93)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The instants at which a local day begins and ends."""
    start = datetime.combine(day, time(), LOCAL)
    return start, start + timedelta(days=1)


def check_span(since: date, until: date) -> None:
    """Raise `Invalid` unless `since` ≤ `until` and both lie within 93 days."""
    if until < since or until - since > LONGEST_SPAN:
        raise Invalid(
            "span_bad",
            T("时间段最长 93 天。", "A span of at most 93 days, the earlier day first."),
            field="until",
        )


def of_day(actor: Actor, day: date | None) -> dict[str, Any]:
    """The actor's tasks of a day in the order of their windows; today also what can still be
    completed of earlier days.
    """
    require(actor, "tasks.do")
    now = clock.now()
    today = now.astimezone(LOCAL).date()
    wanted = day or today
    start, end = day_bounds(wanted)
    rows = _with_names().filter(visible.doable(actor))
    items = rows.filter(opens_at__lt=end, due_at__gt=start).order_by("opens_at", "due_at", "pk")
    late = rows.none()
    if wanted == today:
        late = rows.filter(status=Status.OPEN, due_at__lte=start, until_at__gte=now)
    return {
        "day": wanted,
        "items": shown(items[:200], now),
        "late": shown(late.order_by("due_at", "pk")[:200], now),
    }


def one(actor: Actor, task_id: int) -> dict[str, Any]:
    """One task; `NotFound`."""
    from mengding.tasks.actions.doing import no_task

    rows = _with_names().filter(visible.seen(actor), pk=task_id)
    found = shown(rows, clock.now())
    if not found:
        raise no_task()
    return found[0]


def listed(
    actor: Actor,
    *,
    since: date,
    until: date,
    kind: str = "",
    state: TaskState | None = None,
    region: int | None = None,
    place: int | None = None,
    late: bool = False,
    cursor: str | None,
    limit: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of the tasks of some days in the area, by deadline. `late`: done after it."""
    require(actor, "tasks.oversee")
    check_span(since, until)
    now = clock.now()
    rows = _with_names().filter(visible.in_area(actor), day__gte=since, day__lte=until)
    if kind:
        rows = rows.filter(kind=kind)
    if place is not None:
        rows = rows.filter(place=place)
    if region is not None:
        rows = rows.filter(below(region))
    if state is not None:
        rows = rows.filter(in_state(state, now))
    if late:
        rows = rows.filter(late=True)
    found, following = paginate(rows, "due_at", datetime, cursor=cursor, limit=limit)
    return shown(found, now), following


def below(region: int) -> Q:
    """Rows that lie in a division."""
    chain = locate.chain(region)
    for name in ("grid", "village", "town"):
        if (pk := getattr(chain, f"{name}_id")) is not None:
            return Q(**{name: pk})
    return Q(district=region)


def in_state(state: TaskState, now: datetime) -> Q:
    """The rule of `states.state_of` as a condition. A test holds them together."""
    opened = Q(status=Status.OPEN)
    match state:
        case TaskState.COMPLETED:
            return Q(status=Status.COMPLETED)
        case TaskState.CANCELLED:
            return Q(status=Status.CANCELLED)
        case TaskState.DRAFT:
            return opened & Q(opens_at__gt=now)
        case TaskState.READY:
            return opened & Q(opens_at__lte=now, due_at__gte=now)
        case TaskState.MISSED:
            return opened & Q(due_at__lt=now, until_at__gte=now)
        case TaskState.FAILED:
            return opened & Q(until_at__lt=now)


def state(task: Task, now: datetime) -> TaskState:
    """The state of a row."""
    window = Window(task.opens_at, task.due_at, task.until_at)
    return state_of(Status(task.status), window, now)


def _with_names() -> Any:
    return Task.objects.select_related(
        "place", "consent__contact", "finding", "village", "reason", "plan", "order"
    )


def shown(rows: Iterable[Task], now: datetime) -> list[dict[str, Any]]:
    """Tasks as answers carry them."""
    tasks = list(rows)
    known = editions.catalogue() if tasks else None
    names = people.account_names({task.done_by for task in tasks})
    holders = dict(
        Post.objects.filter(pk__in={task.post_id for task in tasks}).values_list(
            "pk", "account__name"
        )
    )
    credits = dict(
        Event.objects.filter(pk__in={task.done_event for task in tasks}).values_list("pk", "action")
    )
    assert known is not None or not tasks
    return [
        {
            "id": task.pk,
            **_kind(known, task.kind),
            "plan": task.plan_id,
            "plan_name": task.plan.name if task.plan else "",
            "day": task.day,
            "opens_at": task.opens_at,
            "due_at": task.due_at,
            "until_at": task.until_at,
            "state": state(task, now).value,
            "shared": task.post_id is None,
            "post": task.post_id,
            "holder": holders.get(task.post_id) if task.post_id else None,
            "team": task.team_id,
            "village": task.village.name if task.village else None,
            "region": task.region_id,
            "place": _place(task),
            "consent": _consent(task),
            "finding": _finding(known, task),
            "done_at": task.done_at,
            "done_by": names.get(task.done_by) if task.done_by else None,
            "event": task.done_event,
            "credited_by": credits.get(task.done_event) if task.done_event else None,
            "late": task.late,
            "reason": task.reason.text if task.reason else "",
            "cancel_code": task.cancel_code,
            "origin": task.origin,
            "origin_id": task.origin_id,
            "order": task.order.text if task.order else "",
        }
        for task in tasks
    ]


def _kind(known: Catalogue | None, code: str) -> dict[str, Any]:
    assert known is not None
    kind = next((each for each in known.kinds if each.code == code), None)
    if kind is None:  # a catalogue that no longer has it: its tasks keep their code
        return {"kind": code, "title": code, "hint": "", "icon": "", "record": "event"}
    return {
        "kind": code,
        "title": kind.text.said(),
        "hint": kind.hint.said(),
        "icon": kind.icon,
        "record": kind.record.value,
    }


def _place(task: Task) -> dict[str, Any] | None:
    place = task.place
    if place is None:
        return None
    return {
        "id": place.pk,
        "name": place.name,
        "kind": place.kind,
        "address": place.address,
        "lon": place.lon,
        "lat": place.lat,
    }


def _consent(task: Task) -> dict[str, Any] | None:
    if task.consent is None:
        return None
    contact = getattr(task.consent, "contact", None)
    return {"id": task.consent_id, "masked": contact.masked if contact else {}}


def _finding(known: Catalogue | None, task: Task) -> dict[str, Any] | None:
    if task.finding is None or known is None:
        return None
    return {
        "id": task.finding_id,
        "item": task.finding.item,
        "text": item_text(known, task.finding.checklist, task.finding.item),
    }


def item_text(known: Catalogue, checklist: str, item: str) -> str:
    """What an item is called, or its code when the catalogue has it no more."""
    for each in known.checklists:
        if each.code == checklist:
            for one_item in each.items:
                if one_item.code == item:
                    return one_item.text.said()
    return item
