"""What a whole archive needs before its first case: departments, wards, a catalogue."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mengding.core.text import T
from mengding.imports.boston.request import COLUMNS, read
from mengding.imports.rows import Reject, Row, Unreadable, csv_rows

SCHEME = "boston311"
MOST_CLASSES = 99
MOST_CONDITIONS = 9_999


@dataclass(frozen=True, slots=True)
class Plan:
    """Drawn up in one reading of the file. Small: it grows with types and limits, not rows.

    `classes`: type → class code. `conditions`: (type, limit amount, unit) → condition code.
    `departments`: the archive's name → our code. `catalogue`: the file to publish.
    """

    total: int
    classes: dict[str, str]
    conditions: dict[tuple[str, int, str], str]
    departments: dict[str, str]
    wards: tuple[int, ...]
    catalogue: bytes


def rows(path: Path) -> Iterator[Row]:
    """The lines of the archive (a CSV or a ZIP with one)."""
    return csv_rows(path, COLUMNS)


def draw_up(path: Path) -> Plan:
    """Read the file once; lines that will be rejected count in `total` only."""
    total = 0
    departments: Counter[str] = Counter()
    by_type: dict[str, Counter[str]] = defaultdict(Counter)
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    limits: dict[str, Counter[tuple[int, str]]] = defaultdict(Counter)
    wards: set[int] = set()
    for row in rows(path):
        total += 1
        try:
            request = read(row)
        except Reject:
            continue
        departments[request.department] += 1
        by_type[request.type][request.department] += 1
        reasons[request.type][request.reason] += 1
        limits[request.type][request.limit] += 1
        if request.ward is not None:
            wards.add(request.ward)
    codes = _department_codes(departments)
    classes, bigs = _class_codes(reasons)
    conditions: dict[tuple[str, int, str], str] = {}
    entries = []
    for name, code in classes.items():
        chosen = limits[name].most_common()
        if len(chosen) > MOST_CONDITIONS:
            raise Unreadable(T(f"{name}：时限过多", f"{name}: too many different limits"))
        # The most frequent limit comes first: what an operator would be offered first.
        for number, ((amount, unit), _) in enumerate(chosen, 1):
            conditions[name, amount, unit] = f"{code}-{number}"
        lead = codes[by_type[name].most_common(1)[0][0]]
        entries.append(_class(name, code, bigs[name], lead, [limit for limit, _ in chosen]))
    if not entries:
        raise Unreadable(T("文件中没有可导入的行。", "The file has no line that can be imported."))
    return Plan(
        total=total,
        classes=classes,
        conditions=conditions,
        departments=codes,
        wards=tuple(sorted(wards)),
        catalogue=_catalogue(entries, codes),
    )


def _department_codes(departments: Counter[str]) -> dict[str, str]:
    codes: dict[str, str] = {}
    for name in sorted(departments):
        plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name.lower())
        code = f"boston_{plain}"[:36]
        while code in codes.values():
            code += "x"
        codes[name] = code
    return codes


def _class_codes(reasons: dict[str, Counter[str]]) -> tuple[dict[str, str], dict[str, str]]:
    """Type → code, type → reason (its big class)."""
    bigs = {name: found.most_common(1)[0][0] for name, found in sorted(reasons.items())}
    order = sorted(set(bigs.values()))
    classes: dict[str, str] = {}
    smalls: Counter[str] = Counter()
    for name, big in bigs.items():
        smalls[big] += 1
        classes[name] = f"E{order.index(big) + 1:02d}{smalls[big]:02d}"
        if len(classes[name]) != 5:
            raise Unreadable(T("类别过多", f"more than {MOST_CLASSES} reasons, or types of one"))
    return classes, bigs


def _class(
    name: str, code: str, big: str, department: str, limits: list[tuple[int, str]]
) -> dict[str, Any]:
    return {
        "code": code,
        "kind": "event",
        "big_code": code[1:3],
        "big_zh": f"波士顿 {big}"[:40].strip(),
        "big_en": big[:80].strip(),
        "small_code": code[3:5],
        "zh": f"波士顿 {name}"[:40].strip(),
        "en": name[:120].strip(),
        "keywords_zh": [f"{name} 311"[:20].strip()],
        "grade": "general",
        "public": True,
        "confidential": False,
        "default_department": department,
        "description_zh": f"由波士顿 311 档案导入的类别：{name}"[:400],
        "conditions": [
            {
                "code": f"{code}-{number}",
                "filing_zh": f"波士顿档案：时限 {amount} {_UNITS[unit][0]}",
                "filing_en": f"Boston archive: to be done within {amount} {_UNITS[unit][1]}",
                "closing_zh": "以档案的办结记录为准",
                "closing_en": "As closed in the archive",
                "limit": {"amount": amount, "unit": unit},
            }
            for number, (amount, unit) in enumerate(limits, 1)
        ],
    }


_UNITS = {
    "urgent_minute": ("分钟", "minutes"),
    "urgent_hour": ("小时", "hours"),
    "natural_day": ("天（档案未给时限）", "days (the archive gives no target)"),
}


def _catalogue(entries: list[dict[str, Any]], codes: dict[str, str]) -> bytes:
    body = {
        "format": "mengding-catalogue/1",
        "scheme": SCHEME,
        "title_zh": "波士顿 311 档案的类别",
        "title_en": "Classes of the Boston 311 archive",
        "licence": "as the archive",
        "departments": [
            {"code": code, "zh": f"波士顿 {name}"[:80], "en": name[:120]}
            for name, code in codes.items()
        ],
        "classes": entries,
    }
    # The version follows from the content: the same file is the same version, loaded once.
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return json.dumps(body | {"version": digest[:12]}, ensure_ascii=False).encode()
