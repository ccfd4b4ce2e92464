"""Organisations: the system administrator makes, changes and closes them."""

import re
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from mengding.core import dependents
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, GuardFailed, Invalid
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.people.actions.checks import organisation_for_update, require_area, text_of
from mengding.people.models import Organisation, OrgKind
from mengding.people.queries.tree import tree, within
from mengding.regions.models import Region

CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationData:
    """What an organisation is made of. `parent` lies in the same region or above it."""

    code: str
    kind: str
    name: str
    region: int
    name_en: str = ""
    parent: int | None = None
    department_code: str = ""


@transaction.atomic
def create_organisation(actor: Actor, data: OrganisationData) -> Organisation:
    """A new active organisation; `Invalid` names the field, `Conflict` what exists already."""
    require_area(actor, "organisations.manage", _region(data.region))
    return write_organisation(actor, data)


def write_organisation(actor: Actor, data: OrganisationData) -> Organisation:
    """As `create_organisation`, for a caller that has checked the area itself."""
    org = Organisation(**_checked(data, None))
    _save(org)
    record(actor, Entry("organisation", org.pk, "organisation.create", after=_facts(org)))
    return org


@transaction.atomic
def update_organisation(
    actor: Actor, pk: int, data: OrganisationData, *, version: int | None = None
) -> Organisation:
    """Replace all but the code; `Conflict("version")` when `version` is not the stored one."""
    org = organisation_for_update(pk)
    require_area(actor, "organisations.manage", org.region_id)
    require_area(actor, "organisations.manage", _region(data.region))
    before = _facts(org)
    if version is not None and version != org.version:
        raise Conflict(
            "version",
            T("机构已被他人修改。", "The organisation was changed by someone else."),
            current={**before, "name": org.name, "name_en": org.name_en, "version": org.version},
            yours={"version": version, **{f: getattr(data, f) for f in data.__slots__}},
        )
    if data.code != org.code:
        raise Invalid("code_fixed", T("代码不可修改。", "The code cannot change."), field="code")
    for name, value in _checked(data, org).items():
        setattr(org, name, value)
    org.version += 1
    _save(org)
    record(
        actor,
        Entry("organisation", pk, "organisation.update", before=before, after=_facts(org)),
    )
    return org


@transaction.atomic
def deactivate_organisation(actor: Actor, pk: int) -> Organisation:
    """Close an organisation that has no active posts or cases and nothing active below it."""
    org = organisation_for_update(pk)
    require_area(actor, "organisations.manage", org.region_id)
    found = dependents.of("organisation", pk)
    if org.active and found:
        text = T("还有：{what}。", "There are still: {what}.")
        raise GuardFailed(
            "organisation_in_use",
            text.fill(what=dependents.listed(found)),
            dependents=[each.facts() for each in found],
        )
    return _switch(actor, org, active=False)


@transaction.atomic
def activate_organisation(actor: Actor, pk: int) -> Organisation:
    """Open a closed organisation again; `Conflict` when another took its place meanwhile."""
    org = organisation_for_update(pk)
    require_area(actor, "organisations.manage", org.region_id)
    _region(org.region_id)
    if org.parent is not None and not org.parent.active:
        raise GuardFailed(
            "parent_inactive", T("上级机构已停用。", "The organisation above it is closed.")
        )
    return _switch(actor, org, active=True)


def _switch(actor: Actor, org: Organisation, *, active: bool) -> Organisation:
    if org.active is active:
        return org
    before = _facts(org)
    org.active = active
    org.version += 1
    _save(org)
    action = "organisation.activate" if active else "organisation.deactivate"
    record(actor, Entry("organisation", org.pk, action, before=before, after=_facts(org)))
    return org


def _region(pk: int) -> int:
    if not Region.objects.filter(pk=pk, active=True).exists():
        raise Invalid("region_unknown", T("没有这个区划。", "No such region."), field="region")
    return pk


def _checked(data: OrganisationData, org: Organisation | None) -> dict[str, Any]:
    code = data.code.strip()
    if not CODE.fullmatch(code):
        raise Invalid(
            "code_malformed",
            T(
                "代码由小写字母、数字和 . _ - 组成，最长40位。",
                "A code has lower-case letters, digits and . _ - , at most 40.",
            ),
            field="code",
        )
    if data.kind not in OrgKind.values:
        raise Invalid("kind_unknown", T("没有这个类型。", "No such kind."), field="kind")
    if data.department_code and not CODE.fullmatch(data.department_code):
        raise Invalid(
            "code_malformed",
            T("部门代码格式不对。", "The department code is malformed."),
            field="department_code",
        )
    if data.parent is not None:
        _check_parent(data, data.parent, org)
    return {
        "code": code,
        "kind": data.kind,
        "name": text_of(data.name, "name", 80),
        "name_en": text_of(data.name_en, "name_en", 120, needed=False),
        "region_id": data.region,
        "parent_id": data.parent,
        "department_code": data.department_code,
    }


def _check_parent(data: OrganisationData, parent: int, org: Organisation | None) -> None:
    above = Organisation.objects.filter(pk=parent, active=True).first()
    if above is None:
        raise Invalid("parent_unknown", T("没有这个上级机构。", "No such parent."), field="parent")
    if not within(data.region, above.region_id):
        raise Invalid(
            "parent_elsewhere",
            T("上级机构的区划不包含本机构。", "The parent's region does not contain this one."),
            field="parent",
        )
    if org is not None and above.pk in tree().subtree(org.pk):
        raise Invalid(
            "parent_below",
            T("上级机构不能是自己或下级。", "The parent cannot be itself or below."),
            field="parent",
        )


def _save(org: Organisation) -> None:
    try:
        with transaction.atomic():
            org.save()
    except IntegrityError as error:
        for name, field, said in _UNIQUE:
            if name in str(error):
                raise Conflict(f"organisation_{field}_taken", said, field=field) from error
        raise


_UNIQUE = (
    (
        "one_centre_a_region",
        "region",
        T("该区划已有一个中心。", "This region already has a centre."),
    ),
    (
        "one_department_a_region",
        "department_code",
        T("该区划已有这个部门。", "This region already has this department."),
    ),
    ("code", "code", T("代码已被使用。", "The code is taken.")),
)


def _facts(org: Organisation) -> dict[str, Any]:
    return {
        "code": org.code,
        "kind": org.kind,
        "region": org.region_id,
        "parent": org.parent_id,
        "department_code": org.department_code,
        "active": org.active,
    }
