"""What happens to cases by itself, because its time has come."""

import logging
from typing import Any

from django.db import transaction

from mengding.cases import actions, tiles
from mengding.cases.models import Case
from mengding.cases.stages import Stage
from mengding.core import clock
from mengding.core.actor import SYSTEM
from mengding.core.errors import DomainError
from mengding.jobs.schedule import every

log = logging.getLogger(__name__)


@every("* * * * *", "cases.resume")
def resume() -> dict[str, Any]:
    """End suspensions whose day has come; each is an event of the system's."""
    due = Case.objects.filter(stage=Stage.SUSPENDED, suspended_until__lte=clock.now())
    resumed = refused = 0
    for pk in list(due.order_by("suspended_until").values_list("pk", flat=True)[:500]):
        try:
            with transaction.atomic():
                # Looked at again under its lock: it may have been suspended anew meanwhile.
                if due.select_for_update(of=("self",)).filter(pk=pk).first() is not None:
                    actions.resume(SYSTEM, pk)
                    resumed += 1
        except DomainError as error:
            # A guard speaks against it: the others still resume.
            log.warning("case %s was not resumed: %s", pk, error)
            refused += 1
    return {"resumed": resumed, "refused": refused}


@every("23 * * * *", "cases.erase")
def erase() -> dict[str, Any]:
    """Delete contact data on its day."""
    return {"erased": actions.erase_due()}


@every("* * * * * */10", "cases.tiles")
def add_up() -> dict[str, Any]:
    """Add ended cases to the sums of the map."""
    taken = 0
    while found := tiles.fold():
        taken += found
    return {"taken": taken}
