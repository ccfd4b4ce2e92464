"""Reading the task catalogue."""

from functools import lru_cache
from typing import Any

from mengding.core.cache import Versioned
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.tasks.catalogue import Catalogue, bundled, parse
from mengding.tasks.models import Edition


def _newest() -> int | None:
    found: int | None = (
        Edition.objects.order_by("-version").values_list("version", flat=True).first()
    )
    return found


_current = Versioned(_newest, seconds=5)


def forget() -> None:
    """Called when this process made another edition."""
    _current.forget()


@lru_cache(maxsize=16)
def _parsed(version: int, made_at: str) -> Catalogue:
    return parse(Edition.objects.get(pk=version).document)


def edition_in_force() -> int:
    """The version in force; raises `NotFound` before the first was installed."""
    version = _current.get()
    if version is None:
        raise NotFound(
            "task_catalogue_missing", T("尚未启用任务目录。", "No task catalogue is in force.")
        )
    return version


def catalogue(version: int | None = None) -> Catalogue:
    """The catalogue of a version, or the one in force."""
    wanted = edition_in_force() if version is None else version
    made_at = Edition.objects.filter(pk=wanted).values_list("made_at", flat=True).first()
    if made_at is None:
        raise NotFound("edition_not_found", T("没有这个目录版本。", "There is no such edition."))
    return _parsed(wanted, made_at.isoformat())


def document(version: int | None = None) -> dict[str, Any]:
    """The document of a version, or of the one in force; the bundled one before the first."""
    if version is None and _current.get() is None:
        return bundled()
    wanted = edition_in_force() if version is None else version
    catalogue(wanted)
    kept: dict[str, Any] = Edition.objects.get(pk=wanted).document
    return kept


def editions(limit: int = 50) -> list[dict[str, Any]]:
    """The versions, newest first: version, made_at, made_by."""
    rows = Edition.objects.order_by("-version").values("version", "made_at", "made_by")
    return [dict(row) for row in rows[:limit]]
