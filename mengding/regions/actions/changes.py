"""One division at a time: create, update, take out of use, bring back."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from mengding.core import dependents
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, GuardFailed, Invalid, NotFound
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require
from mengding.regions import codes, geometry
from mengding.regions.actions.store import (
    Draft,
    check_shapes,
    facts,
    forget,
    one_writer,
    parent_missing,
    require_area,
    save,
    store,
)
from mengding.regions.geometry import Crs, Problem
from mengding.regions.models import Region
from mengding.regions.setting import grid_digits


@dataclass(frozen=True, slots=True)
class RegionData:
    """A new division. Level and parent follow from the code; `boundary` is GeoJSON geometry."""

    code: str
    name: str
    name_en: str = ""
    boundary: dict[str, Any] | None = None
    crs: Crs = "wgs84"


@dataclass(frozen=True, slots=True)
class RegionChange:
    """What to change; None leaves it as it is."""

    name: str | None = None
    name_en: str | None = None
    boundary: dict[str, Any] | None = None
    crs: Crs = "wgs84"


@transaction.atomic
def create_region(actor: Actor, data: RegionData) -> Region:
    """Create a division below the one its code names.

    Raises `Invalid` for a bad code, name or boundary and a missing parent, `Conflict` when the
    code is taken.
    """
    require(actor, "regions.manage")
    one_writer()
    codes.level_of(data.code, grid_digits())
    require_area(actor, [data.code])
    if Region.objects.filter(code=data.code).exists():
        raise Conflict(
            "region_code_taken", T("这个代码已被使用。", "This code is taken."), field="code"
        )
    boundary = _checked(data.code, data.name, data.boundary, data.crs)
    store(actor, [Draft(data.code, data.name, data.name_en, boundary)], "region.create")
    return Region.objects.get(code=data.code)


@transaction.atomic
def update_region(
    actor: Actor, pk: int, change: RegionChange, version: int | None = None
) -> Region:
    """Change names or boundary; the code is fixed. `version`: the one the caller changed.

    Raises `Invalid` for a bad name or boundary, `Conflict` when the version has moved on.
    """
    require(actor, "regions.manage")
    one_writer()
    row = _row(actor, pk, version)
    boundary = _checked(row.code, change.name or row.name, change.boundary, change.crs)
    store(actor, [Draft(row.code, change.name, change.name_en, boundary)], "region.update")
    return Region.objects.get(pk=pk)


@transaction.atomic
def deactivate_region(
    actor: Actor, pk: int, version: int | None = None, *, confirmed: bool = False
) -> Region:
    """Take a division out of use; what happened there keeps it.

    None below it may be in use, and no organisation or post may act for it. Its open cases keep
    their place and go on where they are: that wants `confirmed`.
    """
    require(actor, "regions.manage")
    one_writer()
    row = _row(actor, pk, version)
    below = Region.objects.filter(parent=row, active=True).count()
    if below:
        text = T(
            "下面还有 {n} 个启用的区划，请先停用它们。",
            "{n} divisions below it are in use; take those out of use first.",
        )
        raise GuardFailed("region_has_children", text.fill(n=below), children=below)
    found = [each for each in dependents.of("region", pk) if each.blocks or not confirmed]
    if row.active and found:
        text = T("还有：{what}。", "There are still: {what}.")
        raise GuardFailed(
            "region_in_use",
            text.fill(what=dependents.listed(found)),
            dependents=[each.facts() for each in found],
            confirmable=not any(each.blocks for each in found),
        )
    return _switch(actor, row, False, "region.deactivate")


@transaction.atomic
def activate_region(actor: Actor, pk: int, version: int | None = None) -> Region:
    """Bring a division back into use; its boundary is checked as if it were new."""
    require(actor, "regions.manage")
    one_writer()
    row = _row(actor, pk, version)
    if row.parent is not None and not row.parent.active:
        raise GuardFailed("parent_inactive", parent_missing(row.parent.code))
    if row.boundary is not None and not row.generated and not row.active:
        _refuse(check_shapes([Draft(row.code, row.name, boundary=row.boundary)]))
    return _switch(actor, row, True, "region.activate")


def _switch(actor: Actor, row: Region, active: bool, action: str) -> Region:
    if row.active is active:
        return row
    before = facts(row)
    row.active = active
    save(row)
    record(actor, Entry("region", row.pk, action, before=before, after=facts(row)))
    forget()
    return row


def _row(actor: Actor, pk: int, version: int | None) -> Region:
    row = Region.objects.select_related("parent").filter(pk=pk).first()
    if row is None:
        raise NotFound("region_not_found", T("没有这个区划。", "There is no such division."))
    require_area(actor, [row.code])
    if version is not None and version != row.version:
        raise Conflict(
            "version_conflict",
            T("区划已被他人修改，请刷新后重试。", "Somebody else changed it first; reload it."),
            yours=version,
            current={"version": row.version, "name": row.name, "active": row.active},
        )
    return row


def _checked(code: str, name: str, given: dict[str, Any] | None, crs: Crs) -> dict[str, Any] | None:
    if given is None:
        return None
    shape, problems = geometry.read(given, crs, f"{name} {code}")
    _refuse(problems)
    boundary = geometry.to_geojson(shape)
    _refuse(check_shapes([Draft(code, name, boundary=boundary)]))
    return boundary


def _refuse(problems: list[Problem]) -> None:
    if problems:
        said = T("；", "; ")
        text = T(
            said.zh.join(f"{p.region}：{p.text.zh.rstrip('。')}" for p in problems) + "。",
            said.en.join(f"{p.region}: {p.text.en.rstrip('.')}" for p in problems) + ".",
        )
        said_of = [problem.facts() for problem in problems]
        raise Invalid(problems[0].code, text, field="boundary", problems=said_of)
