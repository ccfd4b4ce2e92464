"""Housekeeping of what requests leave behind."""

from typing import Any

from mengding.http.idempotency import expire_keys
from mengding.http.ratelimit import forget_clients
from mengding.jobs.schedule import every


@every("7 * * * *", "http.forget")
def forget() -> dict[str, Any]:
    """Idempotency keys after a week, rate-limit counts after an hour."""
    return {"keys": expire_keys(), "clients": forget_clients()}
