"""No position outside of duty, through any protocol, against the real database."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.demo.secrets import token
from mengding.duty.models import Interval
from mengding.positions.models import Fix, Latest
from mengding.positions.protocol import Placed, Verdict
from mengding.positions.store import Given, store
from mengding.positions.tests.made import LAT, LON, SENDERS, device, on_duty, pk, run

pytestmark = pytest.mark.usefixtures("world", "committed")

MINUTE = timedelta(minutes=1)
SPAN = 3 * 24 * 60  # minutes back; older than 48 hours is refused whatever the duty


def inside(at: datetime, intervals: list[tuple[datetime, datetime | None]], ends: datetime) -> bool:
    return any(start <= at and at < (end or ends) for start, end in intervals)


def clean(account: int) -> None:
    Interval.objects.filter(account=account).delete()
    assert not Fix.objects.filter(account_id=account).exists(), "the interval takes its fixes along"


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cuts=st.lists(st.integers(0, SPAN), min_size=1, max_size=7, unique=True).map(sorted),
    sent=st.lists(
        st.tuples(st.sampled_from(sorted(SENDERS)), st.integers(-10, SPAN), st.integers(0, 59)),
        min_size=1,
        max_size=25,
    ),
    edges=st.booleans(),
)
def test_no_protocol_stores_outside(
    cuts: list[int], sent: list[tuple[str, int, int]], edges: bool
) -> None:
    grid = who("grid")
    clean(pk(grid))
    # To the second: what OwnTracks and the others can say exactly.
    now = datetime.now(UTC).replace(microsecond=0)
    points = [now - SPAN * MINUTE + cut * MINUTE for cut in cuts]
    intervals: list[tuple[datetime, datetime | None]] = []
    for n in range(0, len(points), 2):
        end = points[n + 1] if n + 1 < len(points) else None
        intervals.append((points[n], end))
        on_duty(grid, points[n], end, hours=200)
    secret = device()
    times = [(how, now - back * MINUTE - timedelta(seconds=s)) for how, back, s in sent]
    if edges:  # the borders themselves: the start belongs to duty, the end does not
        borders = [each for pair in intervals for each in pair if each]
        times += [(how, at) for at in borders for how in SENDERS]

    async def all_of_them() -> list[int]:
        answers = await asyncio.gather(
            *(SENDERS[how](secret, token("grid"), at, (LON, LAT)) for how, at in times)
        )
        return [answer.status for answer in answers]

    statuses = run(all_of_them)
    assert set(statuses) == {200}, "what is refused on purpose is told 200"
    stored = set(Fix.objects.filter(account_id=pk(grid)).values_list("at", flat=True))
    far = now + timedelta(days=9)
    for at in stored:
        assert inside(at, intervals, far), at
    # And nothing that lay inside was lost, as far as it came in time.
    young, ahead = now - timedelta(hours=48), now + MINUTE
    wanted = {at for _, at in times if inside(at, intervals, far) and young <= at <= ahead}
    unsure = {at for at in wanted if abs(at - young) < MINUTE or abs(at - ahead) < MINUTE}
    assert wanted - unsure <= stored
    latest = Latest.objects.filter(account_id=pk(grid)).first()
    if intervals[-1][1] is None:
        current = [at for at in stored if at >= intervals[-1][0]]
        assert (latest.at if latest else None) == (max(current) if current else None)
    else:
        assert latest is None
    clean(pk(grid))
    assert not Latest.objects.filter(account_id=pk(grid)).exists()


def fix(account: int, at: datetime) -> Given:
    return Given(account, None, Placed(at, LON, LAT, 5.0, mock=False))


@pytest.mark.django_db
def test_the_database_refuses_what_the_statement_would_not() -> None:
    grid = who("grid")
    now = clock.now()
    with transaction.atomic():
        duty = on_duty(grid, now - timedelta(hours=2), now - timedelta(hours=1))
        assert store([fix(pk(grid), now - timedelta(minutes=90))]) == [Verdict.KEPT]
        insert = (
            "INSERT INTO {} (account_id, at, interval_id, received_at, lon, lat, mock)"
            " VALUES (%s, %s, %s, %s, 103, 30, false)"
        )
        tried = [
            ("positions_fix", grid.account_id, now - timedelta(minutes=30), duty.pk),
            ("positions_fix", grid.account_id, now - timedelta(minutes=121), duty.pk),
            ("positions_fix", grid.account_id, duty.ended_at, duty.pk),
            ("positions_fix", who("handler").account_id, now - timedelta(minutes=80), duty.pk),
            ("positions_fix", grid.account_id, now - timedelta(minutes=80), duty.pk + 10**6),
            # An interval that has ended has no newest position.
            ("positions_latest", grid.account_id, now - timedelta(minutes=90), duty.pk),
        ]
        for table, account, at, interval in tried:
            with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(insert.format(table), [account, at, interval, now])
        with pytest.raises(IntegrityError), transaction.atomic():
            Fix.objects.filter(account_id=pk(grid)).update(at=now - timedelta(minutes=20))
        assert Fix.objects.filter(account_id=pk(grid)).count() == 1
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_an_interval_that_shrinks_takes_its_fixes_along() -> None:
    grid = who("grid")
    now = clock.now()
    with transaction.atomic():
        duty = on_duty(grid, now - timedelta(hours=2))
        times = [now - timedelta(minutes=m) for m in (110, 60, 10)]
        store([fix(pk(grid), at) for at in times])
        mine = Fix.objects.filter(account_id=pk(grid))
        assert mine.count() == 3
        assert Latest.objects.get(account_id=pk(grid)).at == times[2]
        # It turns out that it began later, and had ended before the last fix.
        duty.started_at = now - timedelta(minutes=70)
        duty.save()
        assert set(mine.values_list("at", flat=True)) == set(times[1:])
        duty.ended_at = duty.off_recorded_at = now - timedelta(minutes=30)
        duty.ended_by = "worker"
        duty.save()
        assert list(mine.values_list("at", flat=True)) == [times[1]]
        assert not Latest.objects.filter(account_id=pk(grid)).exists()
        duty.delete()
        assert not mine.exists()
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_an_interval_past_its_limit_counts_as_ended() -> None:
    """Though the job that ends it has not come by yet."""
    grid = who("grid")
    now = clock.now()
    with transaction.atomic():
        on_duty(grid, now - timedelta(hours=10), hours=9)
        late, inside_it = now - timedelta(minutes=5), now - timedelta(hours=2)
        assert store([fix(pk(grid), late), fix(pk(grid), inside_it)]) == [
            *(Verdict.OFF_DUTY, Verdict.KEPT),
        ]
        assert not Latest.objects.filter(account_id=pk(grid)).exists()
        transaction.set_rollback(True)


def test_a_batch_says_what_became_of_each(db: Any) -> None:
    grid = who("grid")
    now = clock.now()
    on_duty(grid, now - timedelta(hours=1))
    a, b = now - timedelta(minutes=3), now - timedelta(minutes=2)
    sent = [fix(pk(grid), at) for at in (b, a, b, now - timedelta(hours=3))]
    kept, twice, off = Verdict.KEPT, Verdict.DUPLICATE, Verdict.OFF_DUTY
    assert store(sent) == [kept, kept, twice, off]
    assert store(sent) == [twice, twice, twice, off]
    assert Latest.objects.get(account_id=pk(grid)).at == b
    assert store([]) == []
