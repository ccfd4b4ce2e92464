"""Tasks and inspections as the lists behind numbers carry them: what, where, how it stands.

Never who: such a list may be read by whoever may read the number.
"""

from collections.abc import Sequence
from typing import Any

from mengding.core import clock
from mengding.core.text import T
from mengding.regions.models import Region
from mengding.tasks.models import Inspection, Task
from mengding.tasks.queries import editions
from mengding.tasks.queries.tasks import item_text, state
from mengding.tasks.states import STATE_NAMES

TASK_NAMES = ("place", "village", "town", "finding")  # what `tasks` reads, for select_related
INSPECTION_NAMES = ("place", "village", "town")
PASSED, FAILED = T("合格", "passed"), T("不合格", "failed")
_LATE = T("补办", "Done late")


def tasks(page: Sequence[Task]) -> list[dict[str, Any]]:
    """Each with `id`, `what` kind of task, what it is `about`, `where`, its `state`."""
    if not page:
        return []  # without a task there may be no catalogue yet
    known = editions.catalogue()
    kinds = {each.code: each.text for each in known.kinds}
    now = clock.now()
    return [
        {
            "id": row.pk,
            "what": kinds.get(row.kind, row.kind),
            "about": item_text(known, row.finding.checklist, row.finding.item)
            if row.finding
            else row.place.name
            if row.place
            else "",
            "where": where(row.town, row.village),
            "state": _LATE if row.late else STATE_NAMES[state(row, now)],
        }
        for row in page
    ]


def inspections(page: Sequence[Inspection]) -> list[dict[str, Any]]:
    """Each with `id`, `what` place was looked at, its address, `where`, whether it passed."""
    return [
        {
            "id": row.pk,
            "what": row.place.name,
            "about": row.place.address,
            "where": where(row.town, row.village),
            "state": PASSED if row.passed else FAILED,
        }
        for row in page
    ]


def where(*regions: Region | None) -> T:
    """Divisions as they are written, from the largest in Chinese, from the smallest in English."""
    known = [each for each in regions if each is not None]
    return T(
        " ".join(each.name for each in known),
        ", ".join(each.name_en or each.name for each in reversed(known)),
    )
