"""The register of places: kept by hand or by CSV."""

import csv
import io
import re
from dataclasses import dataclass, replace

from django.db import transaction

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, DomainError, Invalid, NotFound
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.people.models import Post
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.tasks.actions.counting import columns
from mengding.tasks.models import Place
from mengding.tasks.queries import editions, visible

_CODE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")
COLUMNS = ("code", "name", "kind", "address", "lon", "lat", "every_days")
MOST_ROWS = 5000


@dataclass(frozen=True, slots=True)
class PlaceData:
    """A place. `every_days` None: as its kind says. Degrees, WGS-84."""

    code: str
    name: str
    kind: str
    lon: float
    lat: float
    address: str = ""
    contact_post: int | None = None
    every_days: int | None = None


def _fill(actor: Actor, row: Place, data: PlaceData) -> None:
    """Put checked data on a row; raises `Invalid` naming the field."""
    if not _CODE.match(data.code):
        raise _wrong(
            "code",
            T("编号由字母、数字、- 和 _ 组成。", "A code is made of letters, digits, - and _."),
        )
    for name, longest in (("name", 80), ("address", 200)):
        value = getattr(data, name)
        if (name == "name" and not value.strip()) or len(value) > longest or "\x00" in value:
            raise _wrong(
                name, T("请填写，最多 {n} 字。", "Fill in, at most {n} characters.").fill(n=longest)
            )
    known = next((k for k in editions.catalogue().place_kinds if k.code == data.kind), None)
    if known is None:
        raise _wrong("kind", T("未知的场所类型。", "Unknown kind of place."))
    every = known.every_days if data.every_days is None else data.every_days
    if not 1 <= every <= 366:
        raise _wrong("every_days", T("应在 1 到 366 之间。", "Must lie between 1 and 366."))
    if not (-180 <= data.lon <= 180 and -90 <= data.lat <= 90):
        raise _wrong("lon", T("经纬度超出范围。", "lon or lat is out of range."))
    found = locate.locate(data.lon, data.lat)
    if found.region_id is None:
        raise _wrong(
            "lat",
            T("该位置不在本平台覆盖范围内。", "This place is outside the area we cover."),
        )
    chain = locate.chain(found.region_id)
    require(actor, "places.keep", chain)
    if data.contact_post is not None:
        post = Post.objects.filter(pk=data.contact_post, active=True).first()
        if post is None:
            raise _wrong("contact_post", T("没有这个岗位。", "There is no such post."))
    row.code, row.name, row.kind = data.code, data.name.strip(), data.kind
    row.address, row.lon, row.lat = data.address.strip(), data.lon, data.lat
    row.contact_post_id, row.every_days = data.contact_post, every
    for column, value in columns(chain).items():
        setattr(row, column, value)


def _wrong(field: str, text: T) -> Invalid:
    return Invalid("place_invalid", text, field=field)


def _record(actor: Actor, row: Place, action: str) -> None:
    record(
        actor,
        Entry(
            kind="place",
            subject=row.pk,
            action=action,
            after={
                "code": row.code,
                "kind": row.kind,
                "region": row.region_id,
                "every_days": row.every_days,
                "active": row.active,
                "version": row.version,
            },
        ),
    )


@transaction.atomic
def create(actor: Actor, data: PlaceData) -> Place:
    """A new place; `Conflict` when the code is taken."""
    require(actor, "places.keep")
    row = Place(made_at=clock.now())
    _fill(actor, row, data)
    if Place.objects.filter(code=row.code).exists():
        raise Conflict(
            "code_taken",
            T("编号 {code} 已被使用。", "The code {code} is taken.").fill(code=row.code),
            field="code",
        )
    row.save(force_insert=True)
    _record(actor, row, "place.create")
    return row


def _locked(actor: Actor, place_id: int, version: int | None) -> Place:
    row = Place.objects.select_for_update().filter(pk=place_id).first()
    if row is None or not visible.can_see(actor, visible.places, row):
        raise NotFound("place_not_found", T("没有这个场所。", "There is no such place."))
    require(actor, "places.keep", row)
    if version is not None and version != row.version:
        raise Conflict(
            "version_conflict",
            T(
                "场所已被他人更新（您看到的是第 {yours} 版，现在是第 {current} 版）。",
                "The place has changed (you saw version {yours}, it is now {current}).",
            ).fill(yours=version, current=row.version),
            yours={"version": version},
            current={"version": row.version},
        )
    return row


@transaction.atomic
def update(actor: Actor, place_id: int, data: PlaceData, *, version: int | None = None) -> Place:
    """Replace what is known of a place; its code is fixed."""
    row = _locked(actor, place_id, version)
    if data.code != row.code:
        raise Invalid("code_fixed", T("编号不能更改。", "A code cannot change."), field="code")
    _fill(actor, row, data)
    row.version += 1
    row.save()
    _record(actor, row, "place.update")
    return row


@transaction.atomic
def set_active(actor: Actor, place_id: int, *, active: bool, version: int | None = None) -> Place:
    """Take a place out of the rounds, or back; nothing happens when it is so already."""
    row = _locked(actor, place_id, version)
    if row.active != active:
        row.active = active
        row.version += 1
        row.save(update_fields=["active", "version"])
        _record(actor, row, "place.restore" if active else "place.retire")
    return row


@dataclass(frozen=True, slots=True)
class Slip:
    """What is wrong with one line of a file."""

    line: int
    field: str
    text: T


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file holds, or would do."""

    created: int
    updated: int
    unchanged: int
    slips: list[Slip]


@transaction.atomic
def import_csv(actor: Actor, text: str, *, dry_run: bool = False) -> Imported:
    """Places from CSV with the header `COLUMNS`; the same code again is a change of that place.

    All or nothing: with a slip nothing is kept, and every slip is told with its line.
    """
    require(actor, "places.keep")
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    missing = {"code", "name", "kind", "lon", "lat"} - set(reader.fieldnames or ())
    if missing:
        raise Invalid(
            "csv_header",
            T("第一行缺少列：{names}。", "The first line lacks: {names}.").fill(
                names=", ".join(sorted(missing))
            ),
            field="csv",
        )
    made = changed = same = 0
    slips: list[Slip] = []
    seen: set[str] = set()
    for line, raw in enumerate(reader, start=2):
        if line > MOST_ROWS + 1:
            raise Invalid(
                "csv_long",
                T("一次最多 {n} 行。", "At most {n} lines at once.").fill(n=MOST_ROWS),
                field="csv",
            )
        try:
            with transaction.atomic():
                data = _row(raw)
                if data.code in seen:
                    raise _wrong("code", T("编号重复。", "This code stands there twice."))
                seen.add(data.code)
                match _take(actor, data):
                    case "place.create":
                        made += 1
                    case "place.update":
                        changed += 1
                    case _:
                        same += 1
        except DomainError as error:
            slips.append(Slip(line, error.field or "", error.text))
    if slips or dry_run:
        transaction.set_rollback(True)
    return Imported(made, changed, same, slips[:100])


def _row(raw: dict[str, str | None]) -> PlaceData:
    held = {name: (raw.get(name) or "").strip() for name in COLUMNS}
    try:
        lon, lat = float(held["lon"]), float(held["lat"])
    except ValueError as error:
        raise _wrong("lon", T("经纬度应为数字。", "lon and lat must be numbers.")) from error
    every = held["every_days"]
    if every and not every.isdecimal():
        raise _wrong("every_days", T("应为整数。", "Must be a whole number."))
    return PlaceData(
        code=held["code"],
        name=held["name"],
        kind=held["kind"],
        address=held["address"],
        lon=lon,
        lat=lat,
        every_days=int(every) if every else None,
    )


def _take(actor: Actor, data: PlaceData) -> str:
    row = Place.objects.select_for_update().filter(code=data.code).first()
    if row is None:
        create(actor, data)
        return "place.create"
    require(actor, "places.keep", row)
    data = replace(data, contact_post=row.contact_post_id)
    before = {name: getattr(row, name) for name in COLUMNS}
    _fill(actor, row, data)
    if all(getattr(row, name) == value for name, value in before.items()):
        return ""
    row.version += 1
    row.save()
    _record(actor, row, "place.update")
    return "place.update"
