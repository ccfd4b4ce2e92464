"""What the two general importers share: acting by the posts that the district has."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mengding.cases.place import resolve
from mengding.catalogue import queries as catalogue
from mengding.core.actor import SYSTEM, Actor, Role
from mengding.core.text import T
from mengding.imports.casting import by_organisation, post_of
from mengding.imports.journey import Cast, Journey, carry
from mengding.imports.rows import Reject, Row
from mengding.people.models import Organisation
from mengding.people.queries import organisation_for


class Standing:
    """Casts of districts by place; `reference` for rows that carry none of their own."""

    def __init__(self, path: Path) -> None:
        self._casts: dict[int, Cast] = {}
        with path.open("rb") as stream:
            self._digest = hashlib.file_digest(stream, "sha256").hexdigest()[:16]

    def reference(self, row: Row) -> str:
        """The file's digest and the line: the same file again is recognised, line by line."""
        return f"{self._digest}:{row.line}"

    def carry(self, journey: Journey) -> None:
        """Carry the journey by the posts of the district in which it lies."""
        message = journey.message
        place = resolve(SYSTEM, message.lon, message.lat, message.region_code)
        assert place.district_id is not None
        if place.district_id not in self._casts:
            self._casts[place.district_id] = _cast(place.district_id)
        carry(self._casts[place.district_id], journey)


def _cast(district_id: int) -> Cast:
    def of(role: Role) -> Actor:
        found = post_of(role, region_id=district_id)
        if found is None:
            text = T("该区没有岗位：{role}", "the district has no post of: {role}")
            raise Reject("region_code", "no_post", text.fill(role=role.value))
        return found

    def organisation(code: str) -> int | None:
        named = Organisation.objects.filter(code=code, active=True).first()
        found = named or organisation_for(code, district_id)
        return found.pk if found else None

    return Cast(
        desk=of(Role.DESK),
        dispatcher=of(Role.DISPATCHER),
        verifier=of(Role.VERIFIER),
        handler=by_organisation(),
        organisation=organisation,
    )


def first_condition(class_code: str, field: str) -> str:
    """The class's first filing condition; `Reject` names the field of an unknown class."""
    edition = catalogue.edition(catalogue.active_version())
    found = edition.by_code.get(class_code)
    if found is None:
        text = T("目录中没有类别：{code}", "the catalogue has no class: {code}")
        raise Reject(field, "class_unknown", text.fill(code=class_code[:40]))
    return found.conditions[0].code


def moment(value: Any, name: str) -> datetime | None:
    """An ISO 8601 instant with its zone, or None when empty; `Reject` otherwise."""
    if value is None or value == "":
        return None
    try:
        found = datetime.fromisoformat(str(value).strip())
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        text = T(
            "应为带时区的时间（如 2026-03-01T08:00:00+08:00）：{v}",
            "needs a time with its zone (such as 2026-03-01T08:00:00+08:00): {v}",
        )
        raise Reject(name, "time", text.fill(v=str(value)[:40]))
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        raise Reject(name, "time", T("时间超出范围", "out of range")) from error


def degrees(value: Any, name: str) -> float | None:
    """A number of degrees, or None when empty; `Reject` otherwise."""
    if value is None or value == "":
        return None
    try:
        found = float(value)
    except (ValueError, TypeError):
        found = float("nan")
    if not -180 <= found <= 180:
        text = T("不是坐标：{v}", "not a coordinate: {v}").fill(v=str(value)[:40])
        raise Reject(name, "coordinate", text)
    return found
