"""Two people at once, on connections of their own."""

import threading
from decimal import Decimal

import pytest
from django.db import connection

from mengding.cases.tests.made import org, spot, who
from mengding.resources import actions, checking
from mengding.resources.actions import ResourceData
from mengding.resources.checking import Found

pytestmark = pytest.mark.usefixtures("world", "committed")


def test_two_taps_make_one_case() -> None:
    lon, lat = spot()
    row = actions.create(
        who("supervise"),
        ResourceData(
            kind="store", name="竞争", lon=lon, lat=lat, quantity=Decimal(1), needed=Decimal(9),
            unit="件", organisation=org("centre-511803102"),
        ),
    )  # fmt: skip
    short = checking.check(who("grid"), row.pk, Found(Decimal(1), "good"))
    cases: list[int | None] = []

    def tap() -> None:
        try:
            cases.append(checking.raise_case(who("grid"), short.pk).case_id)
        finally:
            connection.close()

    taps = [threading.Thread(target=tap) for _ in range(2)]
    for each in taps:
        each.start()
    for each in taps:
        each.join(60)
    assert len(cases) == 2
    assert len(set(cases)) == 1
