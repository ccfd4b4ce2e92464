"""Taking in what a test did: it runs in one transaction, which the feed would wait for."""

from mengding.indicators import actions
from mengding.ledger.models import Event


def caught_up() -> None:
    """The roll-ups take everything in that this test did."""
    ids = set(Event.objects.filter(subject_kind="case").values_list("subject_id", flat=True))
    actions.take_in(sorted(ids))
    while not actions.tick():
        pass
