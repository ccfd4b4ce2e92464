"""Two at once, on connections of their own: one freezing, one first review, one appeal."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.core.errors import DomainError
from mengding.scores import actions, periods, queries
from mengding.scores.models import Appeal, Figure
from mengding.scores.tests.made import FROZEN, OCTOBER, boss, grid_post, task

pytestmark = pytest.mark.usefixtures("fresh_world", "committed")


def at_once(*deeds: Callable[[], Any]) -> list[str]:
    """What each of them came to: "done" or the code of its refusal."""
    found: list[str] = []
    start = threading.Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> None:
        try:
            with clock.at(FROZEN):
                start.wait(60)
                deed()
            found.append("done")
        except DomainError as refused:
            found.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for each in threads:
        each.start()
    for each in threads:
        each.join(120)
    return sorted(found)


def test_a_month_is_frozen_once_and_reviewed_by_one_at_a_time() -> None:
    task(1)
    missed = task(13, done=None)
    sysadmin = who("sysadmin")
    freeze = lambda: periods.freeze(sysadmin, OCTOBER)  # noqa: E731
    assert at_once(freeze, freeze) == ["done", "done"]
    figure = queries.newest(OCTOBER, grid_post().account_id)[0]
    assert Figure.objects.filter(month=OCTOBER).count() == 1

    worker = who("grid")
    ask = lambda: actions.appeal(worker, figure.pk, [missed.pk], "塌方")  # noqa: E731
    assert at_once(ask, ask) == ["appeal_open", "done"]

    row = Appeal.objects.get(figure=figure)
    first, second = boss(), who("review")

    def give(reviewer: Any, turn: int) -> Callable[[], Any]:
        return lambda: actions.review(reviewer, row.pk, turn=turn, grants=True, reason="属实")

    # Two first reviews: one is too late. The same person twice: never both.
    assert at_once(give(first, 1), give(second, 1)) == ["done", "turn_taken"]
    given = row.reviews.get().reviewer_id
    other = second if given == first.account_id else first
    same = first if given == first.account_id else second
    assert at_once(give(same, 2), give(other, 2)) in (
        ["done", "second_by_another"],
        ["appeal_ended", "done"],
    )
    row.refresh_from_db()
    assert row.state == "granted"
    assert {r.reviewer_id for r in row.reviews.all()} == {first.account_id, second.account_id}
    assert Figure.objects.filter(month=OCTOBER, origin="appeal").count() == 1
