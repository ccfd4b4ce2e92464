"""HTTP shapes of cases: reading, taking in, and one operation per verb."""

from ninja import Router

from mengding.cases.api import (
    approvals,
    checking,
    export,
    field,
    filing,
    handling,
    intake,
    reading,
    rechecks,
    relations,
)

router = Router(tags=["cases"])
for part in (
    reading, export, intake, filing, handling, field, approvals, checking, rechecks, relations,
):  # fmt: skip
    router.add_router("", part.router)

__all__ = ["router"]
