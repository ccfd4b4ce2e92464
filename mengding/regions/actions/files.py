"""Whole files of divisions: boundaries as GeoJSON, codes and names as CSV. All or nothing."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from mengding.core.actor import Actor, Level
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.policy.permissions import require
from mengding.regions import codes, geometry
from mengding.regions.actions.store import (
    Draft,
    check_name,
    check_shapes,
    one_writer,
    parent_missing,
    require_area,
    store,
)
from mengding.regions.geometry import Crs, Problem
from mengding.regions.models import Region
from mengding.regions.setting import grid_digits

# Names the old `crs` member of GeoJSON may give for what we take as WGS-84.
_WGS84 = ("CRS84", "EPSG::4326", "EPSG:4326", "EPSG::4490", "EPSG:4490")
_COLUMNS = (
    ("county_code", "county"),
    ("town_code9", "town"),
    ("village_code12", "village"),
)
# The same columns as a spreadsheet made by people calls them.
_CHINESE = {
    "区县代码": "county_code",
    "区县": "county",
    "镇街代码": "town_code9",
    "镇街": "town",
    "村社区代码": "village_code12",
    "村社区": "village",
}
_LEVELS = (Level.DISTRICT, Level.TOWN, Level.VILLAGE)


@dataclass(slots=True)
class ImportReport:
    """What an import did, or would do. With problems nothing was written."""

    dry_run: bool
    written: bool = False
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@transaction.atomic
def import_geojson(
    actor: Actor,
    data: object,
    *,
    crs: Crs,
    level: Level,
    code_property: str = "code",
    name_property: str = "name",
    dry_run: bool = False,
    founding: str | None = None,
) -> ImportReport:
    """Boundaries of one level from a GeoJSON FeatureCollection (decoded, or text or bytes).

    `code_property` and `name_property` name the properties with code and name. Divisions are
    created or updated; a feature without name keeps the name already stored.
    """
    require(actor, "regions.manage")
    one_writer()
    drafts: dict[str, Draft] = {}
    problems: list[Problem] = []
    features, complaint = _features(data)
    if complaint is not None:
        problems.append(Problem("geojson_invalid", "GeoJSON", complaint))
    known = {row.code: row for row in Region.objects.filter(level=level.value)}
    parents = set(
        Region.objects.filter(level=codes.PARENTS[level], active=True).values_list(
            "code", flat=True
        )
    )
    for number, feature in enumerate(features, start=1):
        draft, found = _feature(feature, number, crs, level, code_property, name_property, known)
        problems += found
        if draft is None:
            continue
        label = f"{draft.name or known[draft.code].name} {draft.code}"
        above = codes.parent_code(draft.code)
        if draft.code in drafts:
            text = T("这个代码在文件中出现两次。", "The file has this code twice.")
            problems.append(Problem("code_repeated", label, text))
        elif above is not None and above not in parents:
            problems.append(Problem("parent_unknown", label, parent_missing(above)))
        else:
            drafts[draft.code] = draft
    return _finish(actor, list(drafts.values()), problems, dry_run, founding)


@transaction.atomic
def import_divisions_csv(
    actor: Actor, data: bytes | str, *, dry_run: bool = False, founding: str | None = None
) -> ImportReport:
    """Codes and names from CSV: village_code12, village, town_code9, town, county_code, county.

    Other columns are ignored. UTF-8, or GB 18030 as spreadsheets write it. `founding`: the code
    of a district that is being founded, and lies in nobody's area yet.
    """
    require(actor, "regions.manage")
    one_writer()
    drafts, problems = read_divisions(data)
    inactive = Region.objects.filter(code__in=drafts, active=False)
    problems += [_inactive(f"{row.name} {row.code}") for row in inactive]
    return _finish(actor, list(drafts.values()), problems, dry_run, founding)


def _finish(
    actor: Actor,
    drafts: list[Draft],
    problems: list[Problem],
    dry_run: bool,
    founding: str | None,
) -> ImportReport:
    """Check what the file holds as a whole and write it, unless something is wrong."""
    require_area(actor, [draft.code for draft in drafts], founding)
    problems = problems + check_shapes(drafts)
    report = ImportReport(dry_run=dry_run, problems=problems)
    if problems:
        return report
    # A dry run does everything and then takes it back: so it cannot promise what fails later.
    mark = transaction.savepoint()
    stored = store(actor, drafts, founding=founding)
    report.created, report.updated = stored.created, stored.updated
    report.unchanged, report.cleared = stored.unchanged, stored.cleared
    report.written = not dry_run
    if dry_run:
        transaction.savepoint_rollback(mark)
    else:
        transaction.savepoint_commit(mark)
    return report


def _features(data: object) -> tuple[list[Any], T | None]:
    if isinstance(data, bytes | str):
        try:
            data = json.loads(data)
        except (ValueError, RecursionError) as error:
            return [], T(f"不是有效的 JSON：{error}。", f"Not valid JSON: {error}.")
    if not isinstance(data, Mapping):
        return [], T("应为 GeoJSON 对象。", "Must be a GeoJSON object.")
    if "crs" in data and not str(_crs_name(data["crs"])).endswith(_WGS84):
        return [], T(
            "文件的 crs 成员写明了另一种坐标系，请先转换为经纬度。",
            "The file's crs member names another coordinate system; convert it to longitude and "
            "latitude first.",
        )
    found = [data] if data.get("type") == "Feature" else data.get("features")
    if data.get("type") not in ("Feature", "FeatureCollection") or not isinstance(found, list):
        return [], T("应为 GeoJSON 的 FeatureCollection。", "Must be a GeoJSON FeatureCollection.")
    if not found:
        return [], T("文件中没有要素。", "The file has no features.")
    return found, None


def _crs_name(member: object) -> object:
    properties = member.get("properties") if isinstance(member, Mapping) else None
    return properties.get("name") if isinstance(properties, Mapping) else member


def _feature(
    feature: object,
    number: int,
    crs: Crs,
    level: Level,
    code_property: str,
    name_property: str,
    known: Mapping[str, Region],
) -> tuple[Draft | None, list[Problem]]:
    label = f"#{number}"
    properties = feature.get("properties") if isinstance(feature, Mapping) else None
    if not isinstance(feature, Mapping) or not isinstance(properties, Mapping):
        text = T("不是带 properties 的 Feature。", "Not a Feature with properties.")
        return None, [Problem("feature_invalid", label, text)]
    code, name = properties.get(code_property), properties.get(name_property)
    if isinstance(code, int) and not isinstance(code, bool):
        code = str(code)
    name = name.strip() if isinstance(name, str) else None
    label = f"{name} {label}" if name else label
    if not isinstance(code, str) or not code:
        text = T("缺少属性“{name}”（代码）。", "Has no property “{name}” with its code.")
        return None, [Problem("code_missing", label, text.fill(name=code_property))]
    row = known.get(code)
    if name or row:
        label = f"{name or (row.name if row else '')} {code}"
    else:
        label = f"{code} {label}"
    problems: list[Problem] = []
    try:
        codes.check(code, level, grid_digits())
        if name or row is None:
            check_name(name or "")
    except Invalid as error:
        problems.append(Problem(error.code, label, error.text))
    if row is not None and not row.active:
        problems.append(_inactive(label))
    shape, found = geometry.read(feature.get("geometry"), crs, label)
    problems += found
    if problems:
        return None, problems
    return Draft(code, name or None, boundary=geometry.to_geojson(shape)), []


def _inactive(label: str) -> Problem:
    text = T("已停用，请先恢复启用。", "Is out of use; bring it back into use first.")
    return Problem("region_inactive", label, text)


def read_divisions(data: bytes | str) -> tuple[dict[str, Draft], list[Problem]]:
    """Drafts by code from the CSV file, and every problem with its line."""
    try:
        text = _decoded(data) if isinstance(data, bytes) else data
        reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline=""), strict=True)
        heads = [head.strip() for head in reader.fieldnames or []]
        reader.fieldnames = [_CHINESE.get(head, head) for head in heads]
        rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        said = T(f"不是有效的 CSV：{error}。", f"Not a valid CSV file: {error}.")
        return {}, [Problem("csv_invalid", "CSV", said)]
    missing = [c for pair in _COLUMNS for c in pair if c not in (reader.fieldnames or [])]
    if missing or not rows:
        listed = ", ".join(missing)
        said = T(f"缺少列 {listed}。", f"Columns {listed} are missing.")
        empty = T("文件中没有行。", "The file has no rows.")
        return {}, [Problem("columns_missing", "CSV", said if missing else empty)]
    drafts: dict[str, Draft] = {}
    problems: list[Problem] = []
    villages: set[str] = set()
    for line, row in rows:
        problems += _division(line, row, drafts, villages)
    return drafts, problems


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def _division(
    line: int, row: Mapping[str, Any], drafts: dict[str, Draft], villages: set[str]
) -> list[Problem]:
    """Add the three divisions of one line; returns what is wrong with it."""
    problems: list[Problem] = []
    above = ""
    for level, (code_column, name_column) in zip(_LEVELS, _COLUMNS, strict=True):
        code, name = (row[code_column] or "").strip(), (row[name_column] or "").strip()
        label = T(f"第 {line} 行 {name}", f"line {line} {name}").said()
        try:
            codes.check(code, level, grid_digits())
            check_name(name)
        except Invalid as error:
            column = code_column if error.field == "code" else name_column
            problems.append(Problem(error.code, label, error.text, line=line, column=column))
            return problems
        if not code.startswith(above):
            text = T("代码 {code} 不属于 {above}。", "Code {code} does not belong to {above}.")
            text = text.fill(code=code, above=above)
            problems.append(Problem("parent_differs", label, text, line=line, column=code_column))
            return problems
        known = drafts.setdefault(code, Draft(code, name))
        if known.name != name:
            text = T("{code} 前面叫“{name}”。", "{code} was called “{name}” before.")
            text = text.fill(code=code, name=known.name)
            problems.append(Problem("name_differs", label, text, line=line, column=name_column))
        if level is Level.VILLAGE and code in villages:
            text = T("{code} 出现两次。", "{code} is there twice.").fill(code=code)
            problems.append(Problem("code_repeated", label, text, line=line, column=code_column))
        above = code
    villages.add(above)
    return problems
