"""A warning reaches whoever decides on it, and the post it is handed to."""

from datetime import UTC, datetime, timedelta

import pytest

from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.ledger import outbox
from mengding.ledger.models import Event
from mengding.notices import telling
from mengding.notices.models import Notice
from mengding.warnings import actions
from mengding.warnings.models import Alert

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
NOW = datetime(2026, 11, 28, 2, tzinfo=UTC)


def told(alert: Alert) -> list[tuple[str, int]]:
    """(action, post) of the notices of one warning, oldest first."""
    events = Event.objects.filter(subject_kind="warning", subject_id=alert.pk).order_by("pk")
    # As the feed hands them over; it gives settled transactions only, and this one rolls back.
    telling._queue([dict(event) for event in events.values()])
    while outbox.deliver_due():
        pass
    rows = Notice.objects.filter(kind="warning", event_id__in=events.values("pk"), case=None)
    return list(rows.order_by("event_id", "post").values_list("action", "post"))


def test_a_crowd_is_told_at_once_and_again_to_whom_it_is_handed() -> None:
    admin, machine = who("sysadmin"), who("dispatch")
    with clock.at(NOW):
        actions.add_spot(admin, code="told", name="蒙顶山", region_code="511803102", capacity=100)
        since = NOW - timedelta(minutes=5)
        actions.count(machine, code="told", people_count=95, since=since, until=NOW)
        alert = Alert.objects.get(kind="crowd", key__startswith="told:")
        town = who("town").post_id
        assert town is not None
        assert told(alert) == [("warning.raise", town)]
        # Taken for oneself: nobody else has to be told. Handed on: the one who has it now.
        actions.take(who("town"), alert.pk)
        assert told(alert) == [("warning.raise", town)]
        actions.take(who("supervise"), alert.pk, post=who("dispatch").post_id)
        assert told(alert)[1:] == [("warning.take", who("dispatch").post_id)]
