"""Housekeeping of sessions."""

from importlib import import_module
from typing import Any

from django.conf import settings

from mengding.jobs.schedule import every


@every("37 3 * * *", "people.sessions")
def clear_sessions() -> dict[str, Any]:
    """Delete sessions that have run out."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    return {}
