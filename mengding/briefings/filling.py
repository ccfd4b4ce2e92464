"""From a template and the indicators to a document. Every number is asked for here, once."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mengding.briefings.blocks import (
    Bar,
    Bars,
    Block,
    Document,
    Figure,
    Figures,
    Findings,
    Heading,
    Line,
    Paragraph,
    Table,
    Trend,
)
from mengding.briefings.findings import TOWNS, Numbers, Part, change, findings, percent, rate_moved
from mengding.briefings.template import Checked, filled
from mengding.core import clock
from mengding.core.actor import Actor, ActorKind, Level, Role
from mengding.core.text import T
from mengding.indicators.definitions import BY_NAME, INDICATORS
from mengding.indicators.queries import Answer, Filters, Row, Value, cases_of, measure
from mengding.indicators.queries.labels import labels
from mengding.indicators.queries.sums import BEGINNING
from mengding.indicators.spans import Kind, Span, compared, span
from mengding.regions.models import Region

ZONE = ZoneInfo("Asia/Shanghai")

RATES: dict[str, bool] = {each.code: each.rate for each in INDICATORS}
_SAID = (
    "received", "closed", "open", "in_time_rate", "rework_rate", "satisfied_rate", "overdue",
)  # fmt: skip
# Counted on the day of the dispatch, but of interest as long as it lasts: taken from the beginning,
# as on the wall. What was overdue a period ago is not known any more.
_LASTING = "overdue"
_ROWS = 20  # most rows of a table or chart; the rest is one more
_OTHERS = T("其他", "Others")
_KINDS: dict[str, Kind] = {"day": "day", "week": "week", "month": "month"}


def reader(region: Region) -> Actor:
    """Who the numbers are counted for: a supervisor of the division, without confidential cases."""
    return Actor(
        kind=ActorKind.STAFF, role=Role.SUPERVISOR, region_id=region.pk, level=Level(region.level)
    )


def days_of(kind: str, day: date) -> Span:
    """The day, week or month that is over on the morning of `day`."""
    return span(_KINDS[kind], span(_KINDS[kind], day).since - timedelta(days=1))


class Filler:
    """Fills one template; keeps each answer of the indicators for the sections that share it."""

    def __init__(self, region: Region, kind: str, days: Span) -> None:
        self.region, self.kind, self.days = region, _KINDS[kind], days
        self.before, _ = compared(self.kind, days, days.until)
        self.actor = reader(region)
        self._by = _BY | {"region": _BELOW[Level(region.level)].zh}
        self._kept: dict[tuple[str, str, Span], Answer] = {}

    def fill(self, template: Checked) -> Document:
        """The document in Chinese, which official papers are written in."""
        values = self._values()
        blocks = [self._block(section, values) for section in template.sections]
        as_of = _moment(self._answer("", "").as_of)
        return Document(
            title=filled(template.title, values),
            below=(
                values["period"],
                f"数据截至 {as_of}，不含保密事项",
            ),
            blocks=tuple(blocks),
        )

    def _values(self) -> dict[str, str]:
        last = self.days.until - timedelta(days=1)
        period = _day(self.days.since)
        if last != self.days.since:
            period = f"{period}至{_day(last)}"
        return {
            "district": self.region.name,
            "period": period,
            "since": _day(self.days.since),
            "until": _day(last),
        }

    def _answer(self, by: str, step: str, days: Span | None = None) -> Answer:
        key = (by, step, days or self.days)
        if key not in self._kept:
            at, here = key[2], Filters(region=self.region.code)
            codes = [each.code for each in INDICATORS]
            found = measure(self.actor, codes, by, at.since, at.until, here, step=step)
            if not step:
                lasting = measure(self.actor, [_LASTING], by, BEGINNING, at.until, here)
                found = _with(found, lasting)
            self._kept[key] = found
        return self._kept[key]

    def _block(self, section: Mapping[str, Any], values: Mapping[str, str]) -> Block:
        match section["block"]:
            case "heading":
                return Heading(filled(section["text"], values))
            case "text":
                return Paragraph(filled(section["text"], values))
            case "figures":
                return self._figures(section["codes"])
            case "findings":
                return Findings(tuple(each.zh for each in findings(self.numbers())))
            case "table":
                return self._table(section)
            case "bars":
                return self._bars(section)
            case "cases":
                return self._cases(section)
            case _:
                return self._trend(section)

    def _figures(self, codes: Sequence[str]) -> Figures:
        now, before = self._answer("", "").total, self._answer("", "", self.before).total
        items = []
        for code in codes:
            value = now[code]
            if code == _LASTING:
                note = "含以前派遣的"
            elif not RATES[code]:
                note = change(value.n, before[code].n).zh
            elif value.share is None:
                note = "没有可算的案件"
            else:
                note = rate_moved(code, now, before).zh
            items.append(Figure(BY_NAME[code].name.zh, _shown(value), note))
        return Figures(tuple(items))

    def parts(self, by: str) -> list[Part]:
        """Towns, departments … in the order of their codes."""
        now, before = self._answer(by, ""), self._answer(by, "", self.before)
        was = {row.key: row.values for row in before.rows}
        keys = {row.key for row in now.rows} | set(was)
        here = {row.key: row.values for row in now.rows}
        named = labels(by, keys)
        return [
            Part(named[key][1], here.get(key, {}), was.get(key, {}))
            for key in sorted(keys, key=lambda key: named[key][0] or "~")
        ]

    def numbers(self) -> Numbers:
        """What the findings are made from."""
        return Numbers(
            names={code: BY_NAME[code].name for code in _SAID},
            now=self._answer("", "").total,
            before=self._answer("", "", self.before).total,
            towns=self.parts("region"),
            orgs=self.parts("org"),
            classes=self.parts("class"),
            unit=_BELOW[Level(self.region.level)],
            share=self.days.days / (self.days.days + self.before.days),
        )

    def _table(self, section: Mapping[str, Any]) -> Table:
        codes = section["codes"]
        parts = [
            part for part in self.parts(section["by"])
            if any(_of(part.now, code).n or _of(part.now, code).of for code in codes)
        ]  # fmt: skip
        if len(parts) > _ROWS:
            parts = [*parts[: _ROWS - 1], _together(parts[_ROWS - 1 :], *codes)]
        rows = [(part.name.zh, *(_shown(_of(part.now, code)) for code in codes)) for part in parts]
        total = self._answer("", "").total
        rows.append(("合计", *(_shown(_of(total, code)) for code in codes)))
        head = (self._by[section["by"]], *(BY_NAME[code].name.zh for code in codes))
        return Table(section.get("title") or f"按{self._by[section['by']]}", head, tuple(rows))

    def _cases(self, section: Mapping[str, Any]) -> Table:
        """The newest cases behind an indicator; no words of theirs and no names of people."""
        code = section["code"]
        since = BEGINNING if code == _LASTING else self.days.since
        found = cases_of(
            self.actor, code, since, self.days.until,
            Filters(region=self.region.code), limit=_ROWS,
        )  # fmt: skip
        rows = tuple(
            (
                row["number"] or f"#{row['id']}",
                row["class_name"].zh if row["class_name"] else "未分类",
                " ".join(row["place"][1:]),
                row["counted_org"].zh if row["counted_org"] else "–",
                f"{row['day'].month}-{row['day'].day}",
            )
            for row in found.items
        )
        name = BY_NAME[code].name.zh
        told = f"共 {found.total} 件" + (f"，列出最近 {_ROWS} 件" if found.next else "")
        return Table(
            f"{section.get('title') or f'{name}案件'}（{told}）",
            ("案号", "类别", "地点", "单位", "日期"),
            rows,
            words=True,
        )

    def _bars(self, section: Mapping[str, Any]) -> Bars:
        code, alone = section["code"], section["code"] == _LASTING
        parts = [
            part for part in self.parts(section["by"])
            if any(_of(each, code).n or _of(each, code).of
                   for each in ((part.now,) if alone else (part.now, part.before)))
        ]  # fmt: skip
        if len(parts) > _ROWS:
            parts = [*parts[: _ROWS - 1], _together(parts[_ROWS - 1 :], code)]
        items = tuple(
            Bar(
                part.name.zh,
                _size(_of(part.now, code)),
                0 if alone else _size(_of(part.before, code)),
                _shown(_of(part.now, code)),
            )
            for part in parts
        )
        title = section.get("title") or f"{BY_NAME[code].name.zh}（按{self._by[section['by']]}）"
        told = "含以前派遣的" if alone else "深色为本期，浅色为上期"
        return Bars(title, f"{told}；按代码顺序排列", items)

    def _trend(self, section: Mapping[str, Any]) -> Trend:
        # A day shows its fortnight, a week its seven days, a month its days.
        days = self.days
        if self.kind == "day":
            days = Span(days.until - timedelta(days=14), days.until)
        found = {row.step: row.values for row in self._answer("", "day", days).rows}
        steps = [days.since + timedelta(days=n) for n in range(days.days)]
        series = tuple(
            Line(
                BY_NAME[code].name.zh,
                tuple(float(_of(found.get(step, {}), code).n) for step in steps),
            )
            for code in section["codes"]
        )
        title = section.get("title") or "每日走势"
        return Trend(title, tuple(f"{step.month}-{step.day}" for step in steps), series)


_BY = {"org": "部门", "class": "类别", "channel": "来源"}
# What the divisions directly below are called; a grid has none and stands for itself.
_BELOW = {
    Level.DISTRICT: TOWNS,
    Level.TOWN: T("村社区", "villages"),
    Level.VILLAGE: T("网格", "grids"),
    Level.GRID: T("网格", "grids"),
}


def _with(found: Answer, other: Answer) -> Answer:
    """An answer with the numbers of another in the place of its own."""
    rows = {row.key: dict(row.values) for row in found.rows}
    for row in other.rows:
        rows.setdefault(row.key, {}).update(row.values)
    return Answer(
        [Row(key, None, values) for key, values in rows.items()],
        {**found.total, **other.total},
        found.as_of,
    )


def _of(values: Mapping[str, Value], code: str) -> Value:
    return values.get(code, Value(0, 0 if RATES[code] else None))


def _shown(value: Value) -> str:
    if value.of is None:
        return str(value.n)
    return "–" if value.share is None else percent(value.share)


def _size(number: Value) -> float:
    """How long a bar is: a count, or a rate in percent."""
    return number.n if number.of is None else 100 * (number.share or 0)


def _together(parts: Sequence[Part], *codes: str) -> Part:
    """Several as one: a rate is the share of the sums, never a mean of rates."""

    def summed(all_of: Sequence[Mapping[str, Value]]) -> dict[str, Value]:
        return {
            code: Value(
                sum(_of(each, code).n for each in all_of),
                sum(_of(each, code).of or 0 for each in all_of) if RATES[code] else None,
            )
            for code in codes
        }

    return Part(
        _OTHERS, summed([part.now for part in parts]), summed([part.before for part in parts])
    )


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _moment(at: Any) -> str:
    local = (at or clock.now()).astimezone(ZONE)
    return f"{_day(local.date())} {local:%H:%M}"
