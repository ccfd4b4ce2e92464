"""Two administrators set the terms at the same moment: one does, the others are told."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from mengding.cases.tests.made import who
from mengding.core.errors import Conflict
from mengding.opendata import actions, queries
from mengding.opendata.models import Terms

pytestmark = [pytest.mark.usefixtures("fresh_world", "committed")]


def test_one_version_is_set_once() -> None:
    version = queries.terms().version

    def one(threshold: int) -> str:
        try:
            actions.set_terms(
                who("sysadmin"),
                published=True,
                threshold=threshold,
                finest=16,
                delay_days=5,
                version=version,
            )
        except Conflict:
            return "late"
        finally:
            connection.close()
        return "won"

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(one, (4, 5, 6, 7)))
    assert sorted(results) == ["late", "late", "late", "won"]
    assert Terms.objects.filter(version=version + 1).count() == 1
