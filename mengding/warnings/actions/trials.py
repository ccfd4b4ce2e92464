"""Trying other settings: asked for, carried out by the worker, called off, forgotten.

One at a time for a district. Who asks for other settings replaces their own; another person's is
waited for. A trial lives in its row and not in the worker's queue: what a killed worker left is
begun again within a minute, at most `MOST` times.
"""

import contextlib
import logging
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, Invalid, NotAllowed
from mengding.core.text import T
from mengding.jobs.schedule import hurry
from mengding.people import queries as people
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.regions.models import Region
from mengding.warnings import trying
from mengding.warnings.kinds import Kind
from mengding.warnings.models import UNDER_WAY, Trial, TrialState
from mengding.warnings.queries.rules import district_of, known_classes, rules_at, rules_of
from mengding.warnings.queries.trials import trial_of
from mengding.warnings.rules import document, parse

log = logging.getLogger(__name__)
JOB = "warnings.try"
KEPT = timedelta(days=30)
MOST = 3
EVERY = 0.5  # s: how often the progress is written, and whether it is still wanted is looked at
# One of all districts at once: the others of the worker's places stay free.
_LOCK = (0x7761, 0)


@transaction.atomic
def ask(actor: Actor, said: dict[str, Any], kinds: list[str]) -> Trial:
    """Have settings tried; `kinds`: only these, none: all. The same asked for again is the one
    under way; other settings of the same person replace it. `Conflict`, with the id of the one
    under way, while another person's is. Raises `Invalid` naming the field."""
    district = district_of(actor)
    require(actor, "warnings.configure", locate.chain(district))
    known = [kind.value for kind in Kind]
    for n, kind in enumerate(kinds):
        if kind not in known:
            raise Invalid(
                "unknown_kind", T("没有这种预警。", "There is no such kind."), field=f"kinds.{n}"
            )
    wanted = [kind for kind in known if not kinds or kind in kinds]
    tried = parse(0, said, known_classes())
    # What two who ask at once both wait for.
    Region.objects.select_for_update(no_key=True).get(pk=district)
    current = rules_of(district)
    whole = document(tried)
    there = Trial.objects.select_for_update().filter(district=district, state__in=UNDER_WAY).first()
    if there is not None:
        if (there.document, there.kinds, there.against) == (whole, wanted, current.version):
            return there
        if there.asked_by != actor.account_id:
            names = people.account_names({there.asked_by})
            raise Conflict(
                "preview_running",
                T(
                    "{name}正在试算另一组参数，一个区同时只能试算一组，请稍候。",
                    "{name} is trying other settings. A district tries one at a time: wait for it.",
                ).fill(name=names.get(there.asked_by) or "–"),
                existing=there.pk,
            )
        _end(there, TrialState.CANCELLED)
    row = Trial.objects.create(
        district_id=district,
        document=whole,
        kinds=wanted,
        against=current.version,
        total=trying.size(wanted, tried, current),
        asked_at=clock.now(),
        asked_by=actor.account_id,
    )
    hurry(JOB)
    return row


@transaction.atomic
def call_off(actor: Actor, pk: int) -> Trial:
    """End a trial that is not wanted any more, by who asked for it; what has ended stays so."""
    require(actor, "warnings.configure")
    row = Trial.objects.select_for_update().get(pk=trial_of(actor, pk).pk)
    if row.state not in UNDER_WAY:
        return row
    if row.asked_by != actor.account_id:
        raise NotAllowed(
            "not_yours",
            T("只有发起试算的人可以取消。", "Only who asked for a trial can call it off."),
            action="warnings.configure",
        )
    _end(row, TrialState.CANCELLED)
    return row


def _end(row: Trial, state: TrialState, error: str = "") -> None:
    row.state, row.error, row.finished_at = state.value, error, clock.now()
    row.save(update_fields=["state", "error", "finished_at"])


def carry_out() -> dict[str, int]:
    """Carry out the trials that wait, and those that a worker left when it was killed. Returns
    how many ended how; none while another connection does."""
    ended: Counter[str] = Counter()
    while Trial.objects.filter(state__in=UNDER_WAY).exists():
        with _alone() as alone:
            row = _begin() if alone else None
            if row is None:
                break
            ended[_count(row)] += 1
    return dict(ended)


@contextlib.contextmanager
def _alone() -> Iterator[bool]:
    """Held by the connection: let go of when its process dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", _LOCK)
        (alone,) = cursor.fetchone()
        try:
            yield alone
        finally:
            if alone:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", _LOCK)


@transaction.atomic
def _begin() -> Trial | None:
    rows = Trial.objects.select_for_update().filter(state__in=UNDER_WAY)
    row = rows.order_by("asked_at", "pk").first()
    if row is None:
        return None
    if row.begun >= MOST:
        _end(row, TrialState.FAILED, "worker_lost")
        return row
    row.state, row.done, row.answer = TrialState.RUNNING.value, 0, []
    row.begun += 1
    row.save(update_fields=["state", "done", "answer", "begun"])
    return row


class _NotWanted(Exception):
    """It was called off, or replaced."""


def _count(row: Trial) -> str:
    """How it ended."""
    if row.state != TrialState.RUNNING:
        return row.state
    running = Trial.objects.filter(pk=row.pk, state=TrialState.RUNNING)
    done, written = 0, time.monotonic()

    def step(much: int) -> None:
        nonlocal done, written
        done += much
        if time.monotonic() - written >= EVERY:
            keep(done=done)
            written = time.monotonic()

    def keep(**values: Any) -> None:
        if not running.update(**values):
            raise _NotWanted

    try:
        tried, current = parse(0, row.document), rules_at(row.district_id, row.against)
        answer: list[dict[str, Any]] = []
        for each in trying.counted(row.district_id, row.kinds, tried, current, step):
            answer.append(each)
            keep(answer=answer, done=done)
        keep(state=TrialState.DONE, done=F("total"), finished_at=clock.now())
    except _NotWanted:
        return TrialState.CANCELLED.value
    except Exception:
        log.exception("trial %s", row.pk)
        with contextlib.suppress(_NotWanted):
            keep(state=TrialState.FAILED, error="internal_error", finished_at=clock.now())
        return TrialState.FAILED.value
    return TrialState.DONE.value


def forget_trials() -> int:
    """Delete trials that ended over 30 days ago. Returns how many."""
    return Trial.objects.filter(finished_at__lt=clock.now() - KEPT).delete()[0]
