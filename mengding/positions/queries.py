"""Reading positions: of those on duty now, of oneself, and behind a reason.

Every statement here joins the duty interval, so that a position outlives neither its duty nor its
days, whatever a job has not yet deleted. An interval belongs to the area of its post and to the
one it covers (that of its team or grid), as in `duty.queries.on_duty`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import GuardFailed, NotFound
from mengding.core.text import T
from mengding.jobs.models import JobRun
from mengding.people import queries as people
from mengding.people.cache import Memory
from mengding.policy.permissions import holds, in_area, require
from mengding.positions import config
from mengding.positions.models import Device, Look, Looked
from mengding.regions import locate
from mengding.regions.locate import RegionChain

JOB = "positions.expire"
MOST_POINTS = 6000  # of one person in one answer; a longer way is thinned evenly in time


@dataclass(frozen=True, slots=True)
class Seen:
    """Where somebody on duty is, and the area that decides who may know."""

    account_id: int
    at: datetime
    lon: float
    lat: float
    accuracy: float | None
    mock: bool
    places: tuple[RegionChain, ...]


_MOVING = """
SELECT l.account_id, l.at, l.lon, l.lat, l.accuracy, l.mock, d.region_id, p.region_id
FROM positions_latest l
JOIN duty_interval d ON d.id = l.interval_id
JOIN people_post p ON p.id = d.post_id
WHERE d.ended_at IS NULL AND d.started_at <= %(now)s AND d.ends_by > %(now)s
"""
_ON_DUTY = """
SELECT d.account_id, d.started_at, d.ends_by, p.role, t.id AS team_id, t.name AS team_name,
  d.region_id, p.region_id AS post_region_id, l.at, l.lon, l.lat, l.accuracy, l.mock
FROM duty_interval d
JOIN people_post p ON p.id = d.post_id
LEFT JOIN duty_team t ON t.id = d.team_id
LEFT JOIN positions_latest l ON l.account_id = d.account_id AND l.interval_id = d.id
WHERE d.ended_at IS NULL AND d.started_at <= %(now)s AND d.ends_by > %(now)s
"""
_WITHIN = """
SELECT d.account_id, d.started_at, least(coalesce(d.ended_at, d.ends_by), %(now)s) AS ended_at,
  d.region_id, p.region_id AS post_region_id, t.id AS team_id, t.name AS team_name, d.id
FROM duty_interval d
JOIN people_post p ON p.id = d.post_id
LEFT JOIN duty_team t ON t.id = d.team_id
WHERE d.started_at < %(until)s AND coalesce(d.ended_at, d.ends_by) > %(since)s
  AND (%(account)s::bigint IS NULL OR d.account_id = %(account)s)
ORDER BY d.account_id, d.started_at
"""
# One fix for each `step` seconds, the first of them.
_FIXES = """
SELECT DISTINCT ON (f.account_id, floor(extract(epoch FROM f.at - %(since)s) / %(step)s))
  f.account_id, extract(epoch FROM f.at - %(since)s)::float8, f.lon, f.lat, f.accuracy, f.mock
FROM positions_fix f
WHERE f.interval_id = ANY(%(intervals)s) AND f.account_id = ANY(%(accounts)s)
  AND f.at >= %(since)s AND f.at < %(until)s AND f.at >= %(kept_from)s
ORDER BY f.account_id, floor(extract(epoch FROM f.at - %(since)s) / %(step)s), f.at
"""


def oldest_kept(now: datetime) -> datetime:
    """The instant before which no position is kept: the start of a local day."""
    return start_of(timezone.localdate(now) - timedelta(days=config.DAYS))


def start_of(day: date) -> datetime:
    """The first instant of a local day."""
    return datetime.combine(day, time.min, timezone.get_default_timezone())


def moving() -> list[Seen]:
    """The newest position of everybody on duty, for the live stream, which scopes it itself."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVING, {"now": clock.now()})
        return [
            Seen(account, at, lon, lat, accuracy, mock, _places(covered, post))
            for account, at, lon, lat, accuracy, mock, covered, post in cursor.fetchall()
        ]


def on_duty(actor: Actor) -> list[dict[str, Any]]:
    """Everybody on duty in the actor's area, by name, with the newest position or None."""
    require(actor, "positions.read")
    rows = _mine(actor, _rows(_ON_DUTY, {"now": clock.now()}))
    names = people.account_names(row["account_id"] for row in rows)
    found = []
    for row in rows:
        place = ("at", "lon", "lat", "accuracy", "mock")
        last = {name: row.pop(name) for name in place}
        found.append(_placed(row, names) | {"last": last if last["at"] else None})
    return sorted(found, key=lambda row: (row["name"], row["account_id"]))


def on_duty_within(actor: Actor, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Who was on duty in the actor's area in a span, by name, with the times; no positions.

    Reading the way of any of them takes a reason (`actions.look`).
    """
    require(actor, "positions.look")
    since = max(since, oldest_kept(clock.now()))
    by_account: dict[int, dict[str, Any]] = {}
    rows = _mine(actor, _within(since, until))
    names = people.account_names(row["account_id"] for row in rows)
    for row in rows:
        duty = {"since": row.pop("started_at"), "until": row.pop("ended_at"), "id": row.pop("id")}
        known = by_account.setdefault(row["account_id"], _placed(row, names) | {"duty": []})
        known["duty"].append(duty)
    return sorted(by_account.values(), key=lambda row: (row["name"], row["account_id"]))


def ways(actor: Actor, look_id: int) -> dict[str, Any]:
    """Where the people of a look were, while it is good. Nobody else's look is found.

    `fixes`: [seconds since `since`, lon, lat, accuracy m or null, mock].
    """
    require(actor, "positions.look")
    look = Look.objects.filter(pk=look_id, account=actor.account_id, post=actor.post_id).first()
    if look is None:
        raise NotFound("look_not_found", T("没有这次查看。", "No such look."))
    if look.expires_at <= clock.now():
        raise GuardFailed(
            "look_expired",
            T("这次查看已过期，请重新写明事由。", "This look has ended; state your reason anew."),
        )
    subjects = set(look.subjects.values_list("account_id", flat=True))
    found = [
        row
        for row in on_duty_within(actor, look.since, look.until)
        if row["account_id"] in subjects
    ]
    step = _step(look.since, look.until)
    duty = [(row["account_id"], each["id"]) for row in found for each in row["duty"]]
    fixes = _fixes(duty, look.since, look.until, step)
    for row in found:
        row["fixes"] = fixes.get(row["account_id"], [])
    return {
        "id": look.pk,
        "since": look.since,
        "until": look.until,
        "expires_at": look.expires_at,
        "step": step,
        "people": found,
    }


def own_way(actor: Actor, since: datetime, until: datetime) -> dict[str, Any]:
    """One's own positions in a span, in the shape of `ways`; needs no reason."""
    require(actor, "positions.own")
    rows = _within(since, until, actor.account_id or 0)
    step = _step(since, until)
    fixes = _fixes([(row["account_id"], row["id"]) for row in rows], since, until, step)
    duty = [{"since": row["started_at"], "until": row["ended_at"]} for row in rows]
    return {
        "since": since,
        "until": until,
        "step": step,
        "duty": duty,
        "fixes": fixes.get(actor.account_id or 0, []),
    }


def looks_at_me(actor: Actor) -> "QuerySet[Looked, Any]":
    """Who looked at one's way: when, at which time, and why. Newest first by `id`."""
    require(actor, "positions.own")
    return Looked.objects.filter(account=actor.account_id).values(
        "id",
        at=F("look__at"),
        since=F("look__since"),
        until=F("look__until"),
        reader=F("look__account__name"),
        role=F("look__post__role"),
        organisation=F("look__post__organisation__name"),
        purpose=F("look__words__text"),
    )


def devices(actor: Actor) -> "QuerySet[Device]":
    """One's own devices, newest first, revoked ones too."""
    require(actor, "positions.own")
    return Device.objects.filter(account=actor.account_id)


def kept() -> dict[str, Any]:
    """How long positions are kept, and the proof that older ones go."""
    now = clock.now()
    run = JobRun.objects.filter(name=JOB).first()
    return {
        "days": config.DAYS,
        "kept_from": oldest_kept(now),
        "last_run_at": run.succeeded_at if run else None,
        "last_deleted": run.result.get("fixes_deleted") if run else None,
        "late": run is None or run.succeeded_at is None or run.succeeded_at < now - _A_DAY,
    }


def counted(account_id: int) -> tuple[int, datetime | None]:
    """How many positions of a person are stored, and the oldest."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), min(at) FROM positions_fix WHERE account_id = %s", [account_id]
        )
        count, oldest = cursor.fetchone() or (0, None)
    return count, oldest


_A_DAY = timedelta(days=1)  # four runs


@dataclass(frozen=True, slots=True)
class Known:
    """A device that may speak for an account."""

    device_id: int
    account_id: int
    crs: str


_devices: Memory[bytes, Known | None] = Memory("Device", "Account")


def known_device(digest: bytes) -> Known | None:
    """The device behind a digest; None when unknown, revoked or its account switched off."""
    return _devices.get(digest, lambda: _load_device(digest))


def _load_device(digest: bytes) -> Known | None:
    rows = Device.objects.filter(digest=digest, revoked_at=None, account__is_active=True)
    row = rows.values_list("pk", "account_id", "crs", "last_used_on").first()
    if row is None:
        return None
    pk, account_id, crs, used = row
    today = timezone.localdate(clock.now())
    if used != today:
        Device.objects.filter(pk=pk).update(last_used_on=today)
    return Known(pk, account_id, crs)


def _rows(statement: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _within(since: datetime, until: datetime, account: int | None = None) -> list[dict[str, Any]]:
    values = {"since": since, "until": until, "now": clock.now(), "account": account}
    return _rows(_WITHIN, values)


def _mine(actor: Actor, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the actor's area."""
    return [
        row
        for row in rows
        if any(in_area(actor, at) for at in _places(row["region_id"], row["post_region_id"]))
    ]


def _places(covered: int | None, post: int) -> tuple[RegionChain, ...]:
    return tuple(locate.chain(pk) for pk in {covered or post, post})


def shows(actor: Actor, places: tuple[RegionChain, ...]) -> bool:
    """Whether a reader of the live stream may know of somebody on duty there."""
    return holds(actor, "positions.read") and any(in_area(actor, place) for place in places)


def _placed(row: dict[str, Any], names: dict[int | None, str]) -> dict[str, Any]:
    region = row.pop("region_id") or row["post_region_id"]
    del row["post_region_id"]
    chain = locate.chain(region)
    lies = locate.names(region)
    team = row.pop("team_id"), row.pop("team_name")
    return row | {
        "name": names.get(row["account_id"], ""),
        "team": {"id": team[0], "name": team[1]} if team[0] else None,
        "area": lies[-1] if lies else "",
        "town_id": chain.town_id,
        "town": lies[1] if chain.town_id and len(lies) > 1 else None,
    }


def _step(since: datetime, until: datetime) -> int:
    return max(1, -(-int((until - since).total_seconds()) // MOST_POINTS))


def _fixes(
    duty: list[tuple[int, int]], since: datetime, until: datetime, step: int
) -> dict[int, list[list[Any]]]:
    """Fixes by account in the span, of these (account, interval) only."""
    if not duty:
        return {}
    values: dict[str, Any] = {
        "accounts": sorted({account for account, _ in duty}),
        "intervals": [interval for _, interval in duty],
        "since": since,
        "until": until,
        "step": step,
        "kept_from": oldest_kept(clock.now()),
    }
    found: dict[int, list[list[Any]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_FIXES, values)
        for account, second, lon, lat, accuracy, mock in cursor.fetchall():
            found.setdefault(account, []).append([round(second, 1), lon, lat, accuracy, mock])
    return found
