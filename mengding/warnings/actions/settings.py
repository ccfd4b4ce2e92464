"""A district's settings of its warnings: each change is a version of its own."""

from typing import Any

from django.db import transaction

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Conflict
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.regions.models import Region
from mengding.warnings.models import RuleSet
from mengding.warnings.queries.rules import changes, district_of, known_classes, rules_of
from mengding.warnings.rules import document, parse


@transaction.atomic
def publish(actor: Actor, said: dict[str, Any], *, version: int) -> RuleSet:
    """The next version, in force at once. `version`: the one it was made from; `Conflict` when
    somebody published another meanwhile. Raises `Invalid` naming the field."""
    district = district_of(actor)
    require(actor, "warnings.configure", locate.chain(district))
    # One at a time for a district: the row of the division is what both would wait for.
    Region.objects.select_for_update().get(pk=district)
    before = rules_of(district)
    if before.version != version:
        raise Conflict(
            "rules_changed",
            T("参数刚被他人修改，请刷新。", "Somebody has just changed the settings: reload."),
            field="version",
        )
    rules = parse(before.version + 1, said, known_classes())
    row = RuleSet.objects.create(
        district_id=district,
        version=rules.version,
        document=document(rules),
        made_at=clock.now(),
        made_by=actor.account_id,
    )
    after = {"version": rules.version, "changes": changes(document(before), row.document)}
    record(actor, Entry("warning_rules", row.pk, "warning_rules.publish", after=after))
    return row
