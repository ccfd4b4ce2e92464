"""Delivering what waits, and checking the ledger every night."""

from typing import Any

from mengding.jobs.schedule import every
from mengding.ledger import outbox, queries


@every("* * * * * */5", "ledger.outbox")
def deliver() -> dict[str, Any]:
    """Deliver what is due."""
    return {"tried": outbox.deliver_due(1000)}


@every("41 3 * * *", "ledger.forget")
def forget() -> dict[str, Any]:
    """Drop deliveries done long ago."""
    return {"deleted": outbox.forget_done()}


@every("11 2 * * *", queries.VERIFY_JOB)
def verify() -> dict[str, Any]:
    """Recompute every chain; the auditor reads the result."""
    return queries.verified()
