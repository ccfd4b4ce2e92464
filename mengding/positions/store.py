"""Storing fixes: one statement for a whole batch, which joins each to the duty it lies in.

Nothing here trusts the caller. The statement holds the duty intervals (FOR SHARE) until it
commits: who goes off duty meanwhile waits for it, and the wall on `duty_interval` then deletes
what came too late; who was first makes the statement see the end. Devices revoked meanwhile store
nothing either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg import errors

from mengding.core import clock
from mengding.positions.protocol import Placed, Verdict

TRIES = 5


@dataclass(frozen=True, slots=True)
class Given:
    """A fix of an account. `device_id` None: from a session or token."""

    account_id: int
    device_id: int | None
    placed: Placed


_DAYS = "SELECT positions_make_days(%s, %s, %s)"
_STORE = """
WITH given AS (
  SELECT * FROM unnest(%(n)s::int[], %(account)s::bigint[], %(device)s::bigint[],
    %(at)s::timestamptz[], %(lon)s::float8[], %(lat)s::float8[], %(accuracy)s::real[],
    %(mock)s::bool[]) AS g(n, account_id, device_id, at, lon, lat, accuracy, mock)
), held AS MATERIALIZED (
  SELECT d.id, d.account_id, d.started_at, d.ended_at, coalesce(d.ended_at, d.ends_by) AS ends
  FROM duty_interval d
  WHERE d.account_id = ANY(%(accounts)s) AND d.started_at <= %(last)s
    AND coalesce(d.ended_at, d.ends_by) > %(first)s
  ORDER BY d.id FOR SHARE
), inside AS MATERIALIZED (
  SELECT g.*, h.id AS interval_id, h.ended_at IS NULL AND h.ends > %(now)s AS open
  FROM given g
  JOIN held h ON h.account_id = g.account_id AND h.started_at <= g.at AND g.at < h.ends
  WHERE g.device_id IS NULL OR EXISTS (
    SELECT FROM positions_device v
    WHERE v.id = g.device_id AND v.account_id = g.account_id AND v.revoked_at IS NULL)
), kept AS (
  INSERT INTO positions_fix (account_id, at, interval_id, received_at, lon, lat, accuracy, mock)
  SELECT DISTINCT ON (account_id, at)
    account_id, at, interval_id, %(now)s, lon, lat, accuracy, mock
  FROM inside ORDER BY account_id, at, n
  ON CONFLICT DO NOTHING
  RETURNING account_id, at
), newest AS (
  INSERT INTO positions_latest AS l
    (account_id, interval_id, at, received_at, lon, lat, accuracy, mock)
  SELECT DISTINCT ON (account_id)
    account_id, interval_id, at, %(now)s, lon, lat, accuracy, mock
  FROM inside WHERE open ORDER BY account_id, at DESC, n
  ON CONFLICT (account_id) DO UPDATE SET
    interval_id = excluded.interval_id, at = excluded.at, received_at = excluded.received_at,
    lon = excluded.lon, lat = excluded.lat, accuracy = excluded.accuracy, mock = excluded.mock
  WHERE excluded.at > l.at
)
SELECT i.n, k.at IS NOT NULL AND i.n = min(i.n) OVER (PARTITION BY i.account_id, i.at)
FROM inside i LEFT JOIN kept k USING (account_id, at)
"""


def store(given: Sequence[Given]) -> list[Verdict]:
    """Store what lies inside duty; a verdict for each, in order. Judged before (see `protocol`).

    Runs again when it met a duty that was just ending or a connection that was gone.
    """
    if not given:
        return []
    for last in range(TRIES - 1, -1, -1):
        try:
            return _store(given)
        except OperationalError as error:
            # Lock waits and deadlocks end with us giving way. A lost connection is opened anew.
            waits = isinstance(error.__cause__, (errors.LockNotAvailable, errors.DeadlockDetected))
            if not last or connection.in_atomic_block or not (waits or not connection.is_usable()):
                raise
            connection.close_if_unusable_or_obsolete()
    raise AssertionError("unreachable")


def _store(given: Sequence[Given]) -> list[Verdict]:
    times = [each.placed.at for each in given]
    first, last = min(times), max(times)
    now = clock.now()
    values: dict[str, Any] = {
        "n": list(range(len(given))),
        "account": [each.account_id for each in given],
        "device": [each.device_id for each in given],
        "at": times,
        "lon": [each.placed.lon for each in given],
        "lat": [each.placed.lat for each in given],
        "accuracy": [each.placed.accuracy for each in given],
        "mock": [each.placed.mock for each in given],
        "accounts": sorted({each.account_id for each in given}),
        "first": first,
        "last": last,
        "now": now,
    }
    verdicts = [Verdict.OFF_DUTY] * len(given)
    with transaction.atomic(), connection.cursor() as cursor:
        # Shorter than the second after which PostgreSQL picks a victim of a deadlock: it is us.
        cursor.execute("SELECT set_config('lock_timeout', '400ms', true)")
        days: list[Any] = [timezone.localdate(first), timezone.localdate(last), settings.TIME_ZONE]
        cursor.execute(_DAYS, days)
        cursor.execute(_STORE, values)
        for n, kept in cursor.fetchall():
            verdicts[n] = Verdict.KEPT if kept else Verdict.DUPLICATE
    return verdicts
