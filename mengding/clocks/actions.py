"""Starting, pausing, resuming, extending and stopping clocks; publishing calendars and limits."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Max

from mengding.clocks import queries
from mengding.clocks.models import Calendar, Clock, ClockKind, ClockState, StageLimits
from mengding.core import clock as time
from mengding.core.actor import Actor
from mengding.core.cache import changed
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require
from mengding.worktime import Limit, Unit, WorkCalendar, due, instant_at_fraction


def prepared(kind: ClockKind, *, limit: Limit | None = None) -> Clock:
    """A clock that starts now, frozen with the active calendar and limits; not saved.

    `limit` is given for handling, where it comes from the filing condition.
    """
    calendar_id, limits_id = queries.active_rules()
    if limit is None:
        row = queries.stage_limits(limits_id).limits[kind.value]
        limit = Limit(row["amount"], Unit(row["unit"]))
    clock = Clock(
        kind=kind.value,
        state=ClockState.RUNNING.value,
        started_at=time.now(),
        amount=limit.amount,
        unit=limit.unit.value,
        calendar_id=calendar_id,
        limits_id=limits_id,
    )
    _aim(clock)
    return clock


def start(
    case_id: int, kind: ClockKind, *, limit: Limit | None = None, order_id: int | None = None
) -> Clock:
    """Start and save a clock."""
    clock = prepared(kind, limit=limit)
    clock.case_id, clock.order_id = case_id, order_id
    clock.save(force_insert=True)
    return clock


def _aim(clock: Clock) -> None:
    """Set `due_at` and `yellow_at` from limit, calendar and pauses."""
    calendar, pauses = queries.calendar(clock.calendar_id), queries.pauses_of(clock)
    limit = queries.limit_of(clock)
    clock.due_at = due(clock.started_at, limit, calendar, pauses)
    fraction = queries.stage_limits(clock.limits_id).yellow_percent / 100
    clock.yellow_at = (
        None
        if clock.due_at is None
        else instant_at_fraction(clock.started_at, limit, calendar, fraction, pauses)
    )


def stop(clock: Clock) -> None:
    """The stage is done: keep when, and whether it was late."""
    now = time.now()
    if clock.state == ClockState.PAUSED:
        clock.pauses.append(now)
        _aim(clock)
    clock.state, clock.stopped_at = ClockState.STOPPED.value, now
    clock.late = clock.due_at is not None and now > clock.due_at
    clock.save(update_fields=["state", "stopped_at", "late", "pauses", "due_at", "yellow_at"])


def cancel(clock: Clock) -> None:
    """The stage ended without being done (returned, void, merged): it counts for nobody."""
    clock.state, clock.stopped_at = ClockState.CANCELLED.value, time.now()
    clock.save(update_fields=["state", "stopped_at"])


def pause(clock: Clock) -> None:
    """An approved suspension: the deadline is unknown until it ends."""
    clock.pauses.append(time.now())
    clock.state, clock.due_at, clock.yellow_at = ClockState.PAUSED.value, None, None
    clock.save(update_fields=["state", "pauses", "due_at", "yellow_at"])


def resume(clock: Clock) -> None:
    """The suspension ends: the deadline moves by the counted time it took."""
    clock.pauses.append(time.now())
    clock.state = ClockState.RUNNING.value
    _aim(clock)
    clock.save(update_fields=["state", "pauses", "due_at", "yellow_at"])


def extend(clock: Clock, amount: int) -> None:
    """An approved extension by `amount` of the clock's own unit."""
    clock.extra += amount
    _aim(clock)
    clock.save(update_fields=["extra", "due_at", "yellow_at"])


def exempt(clock: Clock) -> None:
    """A granted appeal: the time-out counts in no indicator; when and how late stay on record."""
    clock.exempted = True
    clock.save(update_fields=["exempted"])


def restart(clock: Clock) -> None:
    """Rework: the clock goes on; the time the work lay with the verifier does not count."""
    assert clock.stopped_at is not None
    clock.pauses = [*clock.pauses, clock.stopped_at, time.now()]
    clock.state, clock.stopped_at, clock.late = ClockState.RUNNING.value, None, False
    clock.exempted = False  # it was for the time-out that the rework undoes
    _aim(clock)
    clock.save(
        update_fields=[
            "state",
            "stopped_at",
            "late",
            "exempted",
            "pauses",
            "due_at",
            "yellow_at",
        ]
    )


def described(clocks: Iterable[Clock]) -> list[dict[str, Any]]:
    """The clocks as the ledger keeps them: enough to replay each one's state."""
    return [
        {
            "id": clock.pk,
            "kind": clock.kind,
            "order": clock.order_id,
            "state": clock.state,
            "due": clock.due_at.isoformat() if clock.due_at else None,
            "late": clock.late,
        }
        | ({"exempted": True} if clock.exempted else {})
        for clock in clocks
    ]


@transaction.atomic
def publish_calendar(actor: Actor, code: str, name: str, spec: dict[str, Any]) -> Calendar:
    """Store a new version of a calendar and make it the active one."""
    require(actor, "calendars.manage")
    try:
        WorkCalendar.from_json(spec)
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(
            "bad_calendar",
            T("工作日历无法读取：{why}", "The calendar cannot be read: {why}").fill(why=error),
            field="spec",
        ) from error
    Calendar.objects.select_for_update().filter(code=code, active=True).update(active=False)
    last = Calendar.objects.filter(code=code).aggregate(last=Max("version"))["last"] or 0
    calendar = Calendar.objects.create(
        code=code, version=last + 1, name=name, spec=spec, active=True, created_at=time.now()
    )
    after = {"code": code, "version": calendar.version}
    record(actor, Entry("calendar", calendar.pk, "calendar.publish", after=after))
    changed(queries.forget_active_rules)
    return calendar


@transaction.atomic
def publish_limits(
    actor: Actor, limits: dict[str, dict[str, Any]], yellow_percent: int = 80
) -> StageLimits:
    """Store new stage limits and make them active. `limits`: {kind: {"amount", "unit"}}."""
    require(actor, "calendars.manage")
    for kind in ClockKind:
        if kind is ClockKind.HANDLE:
            continue
        row = limits.get(kind.value)
        try:
            if row is None:
                raise ValueError("missing")
            Limit(row["amount"], Unit(row["unit"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Invalid(
                "bad_limit",
                T("环节“{kind}”的时限有误：{why}", "The limit of “{kind}” is wrong: {why}").fill(
                    kind=T(kind.label, kind.value), why=error
                ),
                field=f"limits.{kind.value}",
            ) from error
    if not 1 <= yellow_percent <= 99:
        raise Invalid(
            "bad_yellow",
            T("黄灯百分比应为 1 到 99。", "Yellow begins at 1 to 99 percent."),
            field="yellow_percent",
        )
    StageLimits.objects.select_for_update().filter(active=True).update(active=False)
    last = StageLimits.objects.aggregate(last=Max("version"))["last"] or 0
    created = StageLimits.objects.create(
        version=last + 1,
        limits=limits,
        yellow_percent=yellow_percent,
        active=True,
        created_at=time.now(),
    )
    record(
        actor,
        Entry("limits", created.pk, "limits.publish", after={"version": created.version}),
    )
    changed(queries.forget_active_rules)
    return created
