"""The evidence of a month: planned work, work handed in, and what speaks for the worker.

A task bound to somebody's post and not done is theirs. One that the workers of a village or a team
share is credited to who did it; undone it is a gap in the coverage and nobody's fault.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from mengding.core import clock
from mengding.core.actor import Role
from mengding.duty import queries as duty
from mengding.duty.models import Slot
from mengding.ledger.models import Event
from mengding.people.models import Post
from mengding.regions import locate
from mengding.scores.rules import Handed, Piece, Why, Work
from mengding.tasks.models import Task

LOCAL = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Gathered:
    """A worker's month, and the post it was worked in."""

    account: int
    post: int
    work: Work


def following(first: date) -> date:
    """The first day of the next month."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def month_of(day: date) -> date:
    """The first day of the month a day lies in."""
    return day.replace(day=1)


def moments(first: date) -> tuple[datetime, datetime]:
    """From when until when (not included) a month lasts."""
    ends = following(first)
    return datetime.combine(first, time(), LOCAL), datetime.combine(ends, time(), LOCAL)


def workers(first: date) -> list[int]:
    """Accounts that had planned work in a month, or did some, by id."""
    rows = _tasks(first)
    held = rows.filter(post__isnull=False).values_list("post__account", flat=True)
    done = rows.filter(done_by__isnull=False).values_list("done_by", flat=True)
    known = set(Post.objects.filter(role=Role.COLLECTOR).values_list("account", flat=True))
    return sorted((set(held) | set(done)) & known)


def _tasks(first: date) -> Any:
    # What was called off because of leave is shown as such; other cancellations are no task.
    rows = Task.objects.filter(day__gte=first, day__lt=following(first))
    return rows.exclude(~Q(cancel_code="leave"), status="cancelled")


def gather(accounts: Collection[int], first: date) -> list[Gathered]:
    """The month of each account that had any work, by account id."""
    wanted = set(accounts)
    now = clock.now()
    found: dict[int, list[Any]] = defaultdict(list)
    rows = _tasks(first).filter(Q(post__account__in=wanted) | Q(done_by__in=wanted))
    fields = ("pk", "kind", "day", "opens_at", "due_at", "post__account_id", "status")
    for row in rows.order_by("pk").values(
        *fields, "done_at", "received_at", "done_by", "done_event"
    ):
        who = row["done_by"] or row["post__account_id"]
        # Nothing is missed before its window has closed.
        if who in wanted and (row["done_at"] is not None or row["due_at"] < now):
            found[who].append(row)
    handed = _handed(wanted, first)
    posts = _posts(wanted)
    excuses = _Excuses(wanted, first)
    made = []
    for account in sorted(wanted):
        mine = found.get(account, [])
        if not mine and not handed.get(account):
            continue
        post, region = posts.get(account, (None, None))
        if post is None or region is None:
            continue
        made.append(
            Gathered(
                account,
                post,
                Work(
                    tuple(_piece(row, _why(excuses, account, row)) for row in mine),
                    tuple(handed.get(account, ())),
                    tuple(locate.chain(region).path.split(".")),
                ),
            )
        )
    return made


def _why(excuses: "_Excuses", account: int, row: dict[str, Any]) -> tuple[str, ...]:
    found = excuses.of(account, row)
    return found or ((Why.LEAVE.value,) if row["status"] == "cancelled" else ())


def _piece(row: dict[str, Any], why: tuple[str, ...]) -> Piece:
    return Piece(
        task=row["pk"],
        kind=row["kind"],
        day=row["day"],
        due_at=row["due_at"],
        done_at=row["done_at"],
        received_at=row["received_at"],
        event=row["done_event"],
        why=why,
    )


def _posts(accounts: Collection[int]) -> dict[int, tuple[int, int]]:
    """Each account's grid post, an active one if there is any."""
    rows = Post.objects.filter(account__in=accounts, role=Role.COLLECTOR)
    found: dict[int, tuple[int, int]] = {}
    for account, pk, region in rows.order_by("-active", "pk").values_list(
        "account", "pk", "region"
    ):
        found.setdefault(account, (pk, region))
    return found


def _handed(accounts: Collection[int], first: date) -> dict[int, list[Handed]]:
    """Cases fed back in the month, each with the event that sent it back, if any did yet."""
    start, end = moments(first)
    fed = list(
        Event.objects.filter(
            account_id__in=accounts,
            subject_kind="case",
            action="case.feed_back",
            at__gte=start,
            at__lt=end,
        )
        .order_by("pk")
        .values_list("account_id", "subject_id", "pk", "seq")
    )
    back = defaultdict(list)
    for case, pk, seq, action in (
        Event.objects.filter(
            subject_kind="case",
            subject_id__in={case for _, case, _, _ in fed},
            action__in=("case.rework", "case.feed_back"),
        )
        .order_by("seq")
        .values_list("subject_id", "pk", "seq", "action")
    ):
        back[case].append((seq, pk, action))
    found: dict[int, list[Handed]] = defaultdict(list)
    for account, case, event, seq in fed:
        assert account is not None  # asked for by account
        after = next(((pk, action) for at, pk, action in back[case] if at > seq), None)
        returned = after[0] if after and after[1] == "case.rework" else None
        found[account].append(Handed(case, event, returned))
    return found


class _Excuses:
    """What speaks for a worker on the days of a window."""

    def __init__(self, accounts: Collection[int], first: date) -> None:
        self._rostered: dict[int, set[date]] = defaultdict(set)
        # A roster for the week says when somebody was to work; without one nothing follows.
        rows = Slot.objects.filter(
            account__in=accounts,
            day__gte=first - timedelta(days=7),
            day__lte=following(first) + timedelta(days=7),
        )
        for account, day in rows.values_list("account", "day"):
            self._rostered[account].add(day)
        self._weeks = {
            account: {day.isocalendar()[:2] for day in days}
            for account, days in self._rostered.items()
        }
        self._day = lru_cache(maxsize=None)(self._of_day)

    def of(self, account: int, row: dict[str, Any]) -> tuple[str, ...]:
        """Reasons that hold on every day of the window; empty for work done in time."""
        if row["done_at"] is not None and row["done_at"] <= row["due_at"]:
            return ()
        first = row["opens_at"].astimezone(LOCAL).date()
        last = row["due_at"].astimezone(LOCAL).date()
        # One day at least somebody could have done it: then nothing speaks for them.
        whys: list[str] = []
        for n in range((last - first).days + 1):
            found = self._day(account, first + timedelta(days=n))
            if not found:
                return ()
            whys += [why for why in found if why not in whys]
        return tuple(whys)

    def _of_day(self, account: int, day: date) -> tuple[str, ...]:
        found = [each.kind for each in duty.excluded(account, day)]
        weeks = self._weeks.get(account, set())
        if day.isocalendar()[:2] in weeks and day not in self._rostered[account]:
            found.append(Why.ROSTER.value)
        return tuple(dict.fromkeys(found))
