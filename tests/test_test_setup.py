"""The set-up of the tests itself: the ledger may be emptied between tests, and only there."""

import pytest
from django.db import DatabaseError, connection, transaction

from mengding.core.actor import SYSTEM
from mengding.ledger.actions import Entry, record
from mengding.ledger.models import Event


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_the_ledger_is_empty_again_after_each_transactional_test(turn: int) -> None:
    assert not Event.objects.exists()
    with transaction.atomic():
        record(SYSTEM, Entry("test", turn, "test.write"))
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("TRUNCATE ledger_event CASCADE")
    assert Event.objects.count() == 1
