"""Writing checked divisions: the one place rows of `Region` are saved."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from mengding.core.actor import Actor, ActorKind
from mengding.core.errors import Invalid, NotAllowed
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.regions import codes, geometry, locate
from mengding.regions.geometry import Named, Problem
from mengding.regions.models import Region
from mengding.regions.setting import grid_digits

_ENTRIES = 500  # events in one statement
LONGEST_NAME = 80
LONGEST_NAME_EN = 120


@dataclass(frozen=True, slots=True)
class Draft:
    """A division as it shall be; None leaves what is stored. `boundary`: checked, WGS-84."""

    code: str
    name: str | None = None
    name_en: str | None = None
    boundary: dict[str, Any] | None = None
    generated: bool = False


@dataclass(slots=True)
class Stored:
    """Codes by what happened. `cleared`: made-up boundaries that gave way to real ones."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)


def one_writer() -> None:
    """Writers queue up: they are few, and each then checks against what the other wrote."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('mengding.regions'))")


def require_area(actor: Actor, wanted: Iterable[str], founding: str | None = None) -> None:
    """Raise `NotAllowed` unless every code lies in the area of the actor's post.

    `founding`: a district that is being founded; what lies in it is open as well.
    """
    if actor.kind is ActorKind.SYSTEM:
        return
    area = Region.objects.filter(pk=actor.region_id or 0).values_list("code", flat=True).first()
    for code in wanted:
        if founding is not None and code.startswith(founding):
            continue
        if area is None or not code.startswith(area):
            raise NotAllowed(
                "outside_area",
                T("{code} 不在您的管辖区域内。", "{code} lies outside your area.").fill(code=code),
                region=code,
            )


def check_name(name: str, longest: int = LONGEST_NAME, field: str = "name") -> str:
    """The name without outer spaces; raises `Invalid` naming `field`."""
    name = name.strip()
    if len(name) > longest or any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        text = T(
            "名称最多 {n} 个字，不能含控制字符。",
            "The name has at most {n} characters and no control characters.",
        )
        raise Invalid("region_name_invalid", text.fill(n=longest), field=field)
    if not name and field == "name":
        raise Invalid("region_name_missing", T("请填写名称。", "Give the name."), field=field)
    return name


def check_shapes(drafts: Sequence[Draft]) -> list[Problem]:
    """What is wrong with the drafts' boundaries beside each other and beside what is stored.

    Made-up boundaries do not count: they give way.
    """
    drawn = {draft.code: draft for draft in drafts if draft.boundary}
    if not drawn:
        return []
    beside = list(
        Region.objects.filter(active=True, generated=False, boundary__isnull=False)
        .exclude(code__in=drawn)
        .values_list("code", "name", "boundary")
    )
    known = dict(Region.objects.filter(code__in=drawn).values_list("code", "name"))
    new = [(d.code, d.name or known.get(d.code, ""), d.boundary) for d in drawn.values()]
    shapes = [
        Named(code, name, codes.parent_code(code), geometry.from_stored(boundary))
        for code, name, boundary in beside + new
        if boundary is not None
    ]
    return geometry.check_together(shapes, set(drawn))


def store(
    actor: Actor,
    drafts: Sequence[Draft],
    action: str = "region.import",
    *,
    founding: str | None = None,
) -> Stored:
    """Save checked drafts, parents first, with one event for each that changed.

    Call it in a transaction, as a writer (`one_writer`). A real boundary clears every made-up
    one in its district: the two must not be mixed. Raises `Invalid` for a missing parent.
    """
    require_area(actor, [draft.code for draft in drafts], founding)
    drafts = sorted(drafts, key=lambda draft: (len(draft.code), draft.code))
    wanted = {draft.code for draft in drafts}
    above = {codes.parent_code(code) or "" for code in wanted}
    rows = {row.code: row for row in Region.objects.filter(code__in=wanted | above)}
    stored = Stored()
    entries: list[Entry] = []
    for draft in drafts:
        row = rows.get(draft.code)
        if row is None:
            row = rows[draft.code] = _create(draft, rows)
            stored.created.append(draft.code)
            entries.append(Entry("region", row.pk, action, after=facts(row)))
            continue
        before, changed = facts(row), _change(row, draft)
        if not changed:
            stored.unchanged.append(draft.code)
            continue
        save(row)
        stored.updated.append(draft.code)
        after = facts(row) | {"changed": changed}
        entries.append(Entry("region", row.pk, action, before=before, after=after))
    entries += _give_way(drafts, stored)
    for start in range(0, len(entries), _ENTRIES):
        record(actor, *entries[start : start + _ENTRIES])
    forget()
    return stored


def _give_way(drafts: Sequence[Draft], stored: Stored) -> list[Entry]:
    """Clear made-up boundaries of the districts that get real ones."""
    districts = {draft.code[:6] for draft in drafts if draft.boundary and not draft.generated}
    entries = []
    for district in sorted(districts):
        for row in Region.objects.filter(code__startswith=district, generated=True):
            before = facts(row)
            row.boundary, row.bounds, row.generated = None, None, False
            save(row)
            stored.cleared.append(row.code)
            entries.append(
                Entry("region", row.pk, "region.clear_generated", before=before, after=facts(row))
            )
    return entries


def forget() -> None:
    """Now, so that the writer reads what it wrote; at commit, because another thread may have
    remembered the old divisions in between."""
    locate.forget()
    transaction.on_commit(locate.forget)


def save(row: Region) -> None:
    """Save a changed row under its next version."""
    # Not bulk_update: others keep regions in memory and listen for saves.
    row.version += 1
    row.save()


def facts(row: Region) -> dict[str, Any]:
    """What the ledger keeps of a division."""
    return {
        "code": row.code,
        "version": row.version,
        "active": row.active,
        "generated": row.generated,
        "boundary": _digest(row.boundary),
    }


def _digest(boundary: dict[str, Any] | None) -> str | None:
    if boundary is None:
        return None
    text = json.dumps(boundary, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _create(draft: Draft, rows: dict[str, Region]) -> Region:
    above = codes.parent_code(draft.code)
    parent = rows.get(above) if above else None
    if above and (parent is None or not parent.active):
        raise Invalid("parent_unknown", parent_missing(above), field="code")
    row = Region(
        code=draft.code,
        level=codes.level_of(draft.code, grid_digits()).value,
        name=check_name(draft.name or ""),
        name_en=check_name(draft.name_en or "", LONGEST_NAME_EN, "name_en"),
        parent=parent,
        path=codes.path(draft.code),
    )
    _draw(row, draft)
    row.save(force_insert=True)
    return row


def parent_missing(code: str) -> T:
    """There is no active division to hang this one below."""
    return T(
        "上级区划 {code} 不存在或已停用。", "There is no active division {code} above it."
    ).fill(code=code)


def _change(row: Region, draft: Draft) -> list[str]:
    """Apply the draft; returns the names of the fields that changed."""
    changed = []
    if draft.name is not None and row.name != check_name(draft.name):
        row.name = check_name(draft.name)
        changed.append("name")
    if draft.name_en is not None:
        name_en = check_name(draft.name_en, LONGEST_NAME_EN, "name_en")
        if row.name_en != name_en:
            row.name_en = name_en
            changed.append("name_en")
    if draft.boundary is not None and (
        row.boundary != draft.boundary or row.generated != draft.generated
    ):
        _draw(row, draft)
        changed.append("boundary")
    return changed


def _draw(row: Region, draft: Draft) -> None:
    if draft.boundary is not None:
        row.boundary, row.generated = draft.boundary, draft.generated
        row.bounds = list(geometry.from_stored(draft.boundary).bounds)
