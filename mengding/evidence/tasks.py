"""Housekeeping of uploads and of content nothing refers to."""

from typing import Any

from mengding.evidence import queries, sending
from mengding.evidence.actions import drop_unused
from mengding.jobs.schedule import every


@every("41 * * * *", "evidence.tidy")
def tidy() -> dict[str, Any]:
    """Uploads nobody finished or attached; bytes a crash left behind."""
    stale = sending.drop_stale()
    unused = [pk for pk in queries.unused().values_list("pk", flat=True)[:1000] if drop_unused(pk)]
    return {"uploads": stale, "contents": len(unused)}
