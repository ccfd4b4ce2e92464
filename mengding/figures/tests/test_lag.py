"""What the wall says when more happened than it takes in. Commits for real, as the feed wants."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from mengding.cases.tests.made import report
from mengding.demo.secrets import token
from mengding.indicators import actions, queries


@pytest.fixture(autouse=True)
def committed(fresh_world: str, django_db_blocker: Any) -> Iterator[None]:
    """The district's database, without the transaction that ordinary tests run in."""
    with django_db_blocker.unblock():
        yield


def test_the_wall_says_what_is_not_in_its_figures(client: Client) -> None:
    key = {"Authorization": f"Bearer {token('supervise')}"}

    def told() -> tuple[datetime, int]:
        found = client.get("/api/v1/figures/wall", headers=key).json()
        return datetime.fromisoformat(found["as_of"]), found["waiting"]

    actions.catch_up()
    report()
    first, waiting = told()
    assert waiting == 0  # taken in on the way
    for _ in range(101):  # more than a reader takes in
        report()
    assert told() == (first, queries.state()["waiting"])
    actions.catch_up()
    last, waiting = told()
    assert waiting == 0
    assert last > first
