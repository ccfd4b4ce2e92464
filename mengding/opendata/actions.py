"""Setting the terms of publication."""

from django.db import IntegrityError, transaction

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, Invalid
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.opendata.models import COARSEST, FINEST, Terms
from mengding.opendata.queries import terms
from mengding.policy.permissions import require

_RANGES = {"threshold": (2, 100), "finest": (COARSEST, FINEST), "delay_days": (0, 90)}
_FIELDS = ("published", "threshold", "finest", "delay_days")


@transaction.atomic
def set_terms(
    actor: Actor, *, published: bool, threshold: int, finest: int, delay_days: int, version: int
) -> Terms:
    """Put new terms in force; `version` is the one they were made from.

    `Invalid` names the field out of range; `Conflict` when somebody set others meanwhile.
    """
    require(actor, "opendata.manage")
    values = {"threshold": threshold, "finest": finest, "delay_days": delay_days}
    for name, (least, most) in _RANGES.items():
        if not least <= values[name] <= most:
            raise Invalid(
                "out_of_range",
                T("应在 {least} 到 {most} 之间。", "From {least} to {most}.").fill(
                    least=least, most=most
                ),
                field=name,
            )
    before = terms()
    if before.version != version:
        raise _changed(before.version)
    try:
        with transaction.atomic():
            held = Terms.objects.create(
                version=version + 1, published=published, created_at=clock.now(), **values
            )
    except IntegrityError as error:  # the unique version: somebody was first this very moment
        raise _changed(version + 1) from error
    record(
        actor,
        Entry(
            "opendata",
            held.version,
            "opendata.set_terms",
            before={name: getattr(before, name) for name in _FIELDS},
            after={name: getattr(held, name) for name in _FIELDS},
        ),
    )
    return held


def _changed(current: int) -> Conflict:
    return Conflict(
        "terms_changed",
        T("规则已被他人修改，请重新载入。", "Somebody else changed the terms: load them again."),
        field="version",
        current=current,
    )
