"""Connecting and revoking devices, giving a reason for a look, and letting old days go."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import GuardFailed, Invalid, NotFound
from mengding.core.text import T
from mengding.ledger.actions import Entry, keep_words, record
from mengding.people import cache
from mengding.policy.permissions import require
from mengding.positions import config, queries
from mengding.positions.models import Client, Crs, Device, Look, Looked

MOST_DEVICES = 5
MOST_PEOPLE = 20
LONGEST = timedelta(hours=24)
GRANT = timedelta(minutes=30)
LONGEST_PURPOSE = 200
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that are mistaken for another


def plain_id(text: str) -> str:
    """A device's id as it is compared: small letters, no dashes or spaces."""
    return "".join(text.lower().replace("-", "").split())


def digest(text: str) -> bytes:
    """SHA-256 of a device's id. Plain: the id itself holds 118 random bits."""
    return hashlib.sha256(plain_id(text).encode()).digest()


@transaction.atomic
def connect_device(actor: Actor, *, client: str, name: str, crs: str) -> tuple[Device, str]:
    """A device of the actor's own, and its id, which is shown once and kept nowhere."""
    require(actor, "positions.own")
    assert actor.account_id is not None
    name = " ".join(name.split())
    if client not in Client.values:
        raise Invalid("client_unknown", T("未知客户端。", "Unknown client."), field="client")
    if crs not in Crs.values:
        raise Invalid("crs_unknown", T("未知坐标系。", "Unknown coordinates."), field="crs")
    if not 1 <= len(name) <= 40:
        raise Invalid("name_length", T("应为 1–40 个字。", "1 to 40 characters."), field="name")
    with connection.cursor() as cursor:  # two at once must not pass the limit together
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [actor.account_id])
    live = Device.objects.filter(account=actor.account_id, revoked_at=None).count()
    if live >= MOST_DEVICES:
        raise GuardFailed(
            "devices_full",
            T(
                f"最多 {MOST_DEVICES} 台，请先撤销不用的。",
                f"At most {MOST_DEVICES}; revoke one you no longer use.",
            ),
        )
    letters = "".join(secrets.choice(_LETTERS) for _ in range(24))
    text = "-".join(letters[n : n + 6] for n in range(0, 24, 6))
    device = Device.objects.create(
        account_id=actor.account_id,
        client=client,
        name=name,
        crs=crs,
        digest=digest(text),
        created_at=clock.now(),
    )
    after = {"client": client, "crs": crs}
    record(actor, Entry("device", device.pk, "device.connect", after=after))
    return device, text


@transaction.atomic
def revoke_device(actor: Actor, pk: int) -> Device:
    """Revoke a device of one's own for good, at once for every process. Twice does no harm."""
    require(actor, "positions.own")
    device = (
        Device.objects.select_for_update(of=("self",))
        .filter(pk=pk, account=actor.account_id)
        .first()
    )
    if device is None:
        raise NotFound("device_not_found", T("没有这台设备。", "No such device."))
    if device.revoked_at is None:
        device.revoked_at = clock.now()
        device.save(update_fields=["revoked_at"])
        cache.forget(Device)
        record(actor, Entry("device", device.pk, "device.revoke"))
    return device


@transaction.atomic
def look(
    actor: Actor, *, accounts: Iterable[int], since: datetime, until: datetime, purpose: str
) -> Look:
    """State why one wants to see where people were; good for 30 minutes of reading.

    The people see it. `accounts` were on duty in the actor's area within the time asked for.
    """
    require(actor, "positions.look")
    assert actor.account_id is not None
    assert actor.post_id is not None
    wanted = sorted(set(accounts))
    now = clock.now()
    since, until = _span(since, until, now)
    purpose = " ".join(purpose.split())
    if not 4 <= len(purpose) <= LONGEST_PURPOSE:
        raise Invalid(
            "purpose_missing",
            T("请写明事由（4–200 字），本人会看到。",
              "Say why (4 to 200 characters); the people concerned will read it."),
            field="purpose",
        )  # fmt: skip
    if not 1 <= len(wanted) <= MOST_PEOPLE:
        raise Invalid(
            "people_count",
            T(f"一次 1–{MOST_PEOPLE} 人。", f"1 to {MOST_PEOPLE} people at once."),
            field="accounts",
        )
    known = {row["account_id"] for row in queries.on_duty_within(actor, since, until)}
    if set(wanted) - known:
        raise Invalid(
            "not_on_duty_then",
            T("所选人员中有人在该时段没有在本辖区上岗。",
              "Somebody chosen was not on duty in your area in that time."),
            field="accounts",
            unknown=sorted(set(wanted) - known),
        )  # fmt: skip
    words = keep_words(purpose)
    made = Look.objects.create(
        account_id=actor.account_id,
        post_id=actor.post_id,
        at=now,
        expires_at=now + GRANT,
        since=since,
        until=until,
        words=words,
    )
    Looked.objects.bulk_create([Looked(look=made, account_id=pk) for pk in wanted])
    after = {"accounts": wanted, "since": since.isoformat(), "until": until.isoformat()}
    record(actor, Entry("look", made.pk, "positions.look", after=after, words=words))
    return made


def _span(since: datetime, until: datetime, now: datetime) -> tuple[datetime, datetime]:
    """The time asked for, as far as it has passed; raises `Invalid`."""
    for field, value in (("since", since), ("until", until)):
        if value.tzinfo is None:
            raise Invalid(
                "zone_missing", T("时间须带时区。", "The time needs a time zone."), field=field
            )
    until = min(until, now)
    if since >= until:
        raise Invalid(
            "span_empty", T("时段为空或尚未开始。", "Empty, or still to come."), field="until"
        )
    if until - since > LONGEST:
        raise Invalid("span_long", T("一次最多 24 小时。", "24 hours at most."), field="until")
    if until <= queries.oldest_kept(now):
        raise Invalid(
            "expired",
            T(f"{config.DAYS} 天以前的位置已删除。", f"Gone: older than {config.DAYS} days."),
            field="since",
        )
    return since, until


AHEAD_DAYS = 3
_PARTS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'positions_fix'::regclass ORDER BY c.relname
"""


def expire() -> dict[str, Any]:
    """Drop the days that are past keeping and the newest positions of who is off duty; make the
    next days. Returns what was done, for the record of the job.

    Each day goes in a transaction of its own: its lock is short and a cut-off run leaves nothing
    half done.
    """
    now = clock.now()
    kept_from = timezone.localdate(queries.oldest_kept(now))
    dropped: list[str] = []
    gone = 0
    for part in _partitions():
        day = date.fromisoformat(part.rpartition("_")[2])
        if day < kept_from:
            gone += _drop(part)
            dropped.append(day.isoformat())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM positions_latest l WHERE NOT EXISTS (SELECT FROM duty_interval d WHERE"
            " d.id = l.interval_id AND d.ended_at IS NULL AND d.ends_by > %s)",
            [now],
        )
        latest = cursor.rowcount
        today = timezone.localdate(now)
        ahead: list[Any] = [today, today + timedelta(days=AHEAD_DAYS), settings.TIME_ZONE]
        cursor.execute("SELECT positions_make_days(%s, %s, %s)", ahead)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM positions_fix WHERE at < %s", [queries.start_of(kept_from)]
        )
        left = (cursor.fetchone() or (0,))[0]
    return {
        "days": config.DAYS,
        "kept_from": kept_from.isoformat(),
        "days_dropped": dropped,
        "fixes_deleted": gone,
        "latest_deleted": latest,
        "older_left": left,
    }


def _partitions() -> Sequence[str]:
    with connection.cursor() as cursor:
        cursor.execute(_PARTS)
        return [row[0] for row in cursor.fetchall()]


def _drop(part: str) -> int:
    """Drop one day; returns how many fixes it held."""
    name = connection.ops.quote_name(part)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', '5s', true)")
        cursor.execute("LOCK TABLE positions_fix IN ACCESS EXCLUSIVE MODE")
        cursor.execute(f"SELECT count(*) FROM {name}")  # noqa: S608 - a name of the catalogue
        row = cursor.fetchone()
        cursor.execute(f"DROP TABLE {name}")
    return int(row[0]) if row else 0
