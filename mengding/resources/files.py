"""The inventory from a CSV file: everything is checked first, faults by line and field."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction

from mengding.core.actor import Actor
from mengding.core.errors import DomainError, Invalid
from mengding.core.text import T
from mengding.people.models import ADMINISTRATORS, ROLE_NAMES, Organisation, Post
from mengding.policy.permissions import require
from mengding.resources import actions, queries
from mengding.resources.actions import ResourceData
from mengding.resources.models import Resource, ResourceKind, ResourceState

MOST = 5000
_NEEDED = ("kind", "name", "lon", "lat", "quantity", "unit", "organisation")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a line (the head is line 1). `field` empty: the line as a whole."""

    line: int
    field: str
    text: T


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do when `faults` were empty."""

    created: int
    updated: int
    faults: tuple[Fault, ...]


class _Undo(Exception):
    """Ends the transaction of a trial."""


def import_csv(actor: Actor, text: str, *, trial: bool = False) -> Imported:
    """Create or update entries by (organisation, kind, name). All or nothing.

    Heads are the names of `queries.COLUMNS` in either language. With faults, or in a trial,
    nothing is written. Raises `Invalid` naming `csv` for a file that is none.
    """
    require(actor, "resources.keep")
    rows = _rows(text)
    faults: list[Fault] = []
    created = updated = 0
    try:
        with transaction.atomic():
            orgs = dict(Organisation.objects.filter(active=True).values_list("code", "pk"))
            for line, row in rows:
                try:
                    with transaction.atomic():
                        new = _take(actor, row, orgs)
                    created, updated = created + new, updated + (not new)
                except DomainError as error:
                    faults.append(Fault(line, error.field or "", error.text))
            if faults or trial:
                raise _Undo
    except _Undo:
        pass
    return Imported(created, updated, tuple(faults[:500]))


def _rows(text: str) -> list[tuple[int, dict[str, str]]]:
    heads = {said: key for key, both in queries.COLUMNS.items() for said in (*both, key)}
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), strict=True)
    try:
        lines = [(reader.line_num, line) for line in reader if any(cell.strip() for cell in line)]
    except csv.Error as error:
        raise Invalid(
            "csv_invalid",
            T("不是有效的 CSV：{why}。", "Not a valid CSV: {why}.").fill(why=str(error)),
            field="csv",
        ) from error
    names = [heads.get(cell.strip(), "") for cell in lines[0][1]] if lines else []
    if lacking := [key for key in _NEEDED if key not in names]:
        raise Invalid(
            "columns_missing",
            T("缺少列：{names}。", "Columns are missing: {names}.").fill(
                names=T(
                    "、".join(queries.COLUMNS[key].zh for key in lacking),
                    ", ".join(queries.COLUMNS[key].en for key in lacking),
                )
            ),
            field="csv",
        )
    if len(lines) - 1 > MOST:
        raise Invalid(
            "csv_long", T("最多 {n} 行。", "At most {n} lines.").fill(n=MOST), field="csv"
        )
    return [
        (number, {name: cell.strip() for name, cell in zip(names, line, strict=False) if name})
        for number, line in lines[1:]
    ]


def _take(actor: Actor, row: Mapping[str, str], orgs: Mapping[str, int]) -> bool:
    """Create or update one entry; whether it was created."""
    org = orgs.get(row.get("organisation", ""))
    if org is None:
        raise Invalid(
            "organisation_unknown",
            T("没有这个机构代码。", "No organisation has this code."),
            field="organisation",
        )
    data = ResourceData(
        kind=_code(row.get("kind", ""), ResourceKind),
        name=row.get("name", "").removeprefix("'"),
        lon=_number(row, "lon"),
        lat=_number(row, "lat"),
        address=row.get("address", "").removeprefix("'"),
        quantity=_amount(row, "quantity"),
        needed=_amount(row, "needed") if row.get("needed") else Decimal(0),
        unit=row.get("unit", ""),
        expires_on=_day(row.get("expires_on", "")),
        organisation=org,
        state=_code(row.get("state", ""), ResourceState) or ResourceState.READY.value,
        contact_post=_contact(row.get("contact", ""), orgs),
    )
    known = (
        Resource.objects.filter(organisation=org, kind=data.kind, name=data.name)
        .exclude(state=ResourceState.RETIRED)
        .first()
    )
    if known is None:
        actions.create(actor, data)
        return True
    kept = {} if "contact" in row else {"contact_post": known.contact_post_id}
    actions.update(actor, known.pk, ResourceData(**_fields(data) | kept))
    return False


def _fields(data: ResourceData) -> dict[str, Any]:
    return {name: getattr(data, name) for name in data.__slots__}


def _code(said: str, choices: Any) -> str:
    """The code of what is said as a code or by its Chinese label; unknown ones as they are."""
    known: dict[str, str] = {label: value for value, label in choices.choices}
    return known.get(said, said)


def _contact(said: str, orgs: Mapping[str, int]) -> int | None:
    """The post said as organisation/role or organisation/role/region: codes, the role also by its
    Chinese name."""
    if not said:
        return None
    org, role, region = (part.strip() for part in f"{said}//".split("/")[:3])
    roles = {text.zh: code.value for code, text in ROLE_NAMES.items()}
    rows = Post.objects.filter(
        active=True, organisation=orgs.get(org, 0), role=roles.get(role, role)
    )
    if region:
        rows = rows.filter(region__code=region)
    found = rows.exclude(role__in=sorted(ADMINISTRATORS)).order_by("pk").first()
    if found is None:
        raise Invalid(
            "post_unknown",
            T(
                "没有这个岗位；写作 机构代码/岗位，例：dept-water/处置员。",
                "There is no such post; write organisation/role, as dept-water/handler.",
            ),
            field="contact",
        )
    return found.pk


def _number(row: Mapping[str, str], field: str) -> float:
    try:
        return float(row.get(field, ""))
    except ValueError:
        raise Invalid("number_bad", T("应为数字。", "Not a number."), field=field) from None


def _amount(row: Mapping[str, str], field: str) -> Decimal:
    try:
        return Decimal(row.get(field, "").replace(",", ""))
    except InvalidOperation:
        raise Invalid("number_bad", T("应为数字。", "Not a number."), field=field) from None


def _day(said: str) -> date | None:
    if not said:
        return None
    try:
        return date.fromisoformat(said.replace("/", "-"))
    except ValueError:
        raise Invalid(
            "day_bad",
            T("日期应写作 2027-06-30。", "Write a day as 2027-06-30."),
            field="expires_on",
        ) from None
