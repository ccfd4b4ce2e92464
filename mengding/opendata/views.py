"""/open/: a page of statistics, and the same and the cases as CSV, JSON and GeoJSON (RFC 7946)."""

import csv
import io
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from mengding.core.errors import NotFound
from mengding.core.spreadsheet import harmless
from mengding.core.text import T, language
from mengding.http import problem
from mengding.http.ratelimit import limit
from mengding.opendata import queries
from mengding.opendata.models import Terms
from mengding.opendata.queries import COLUMNS, Line, Statistics

PER_MINUTE = 60  # an address
SHOWN = 24  # months on the page
_HEAD = ("table", "code", "name", "received", "closed")
_CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


def _public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Limited, cacheable where it succeeds, readable from any page; refusals as problem details.

    Answers are whole, not streamed: what fails or speaks later does so unguarded, as a cached 200.
    """

    @require_safe
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            limit(request, "opendata", PER_MINUTE)
            response = view(request, *args, **kwargs)
        except Exception as exc:  # noqa: BLE001 - told and, where the fault is ours, logged
            return problem.answer(request, exc)
        response["Access-Control-Allow-Origin"] = "*"
        response["Cache-Control"] = (
            "public, max-age=600" if response.status_code == 200 else "no-store"
        )
        patch_vary_headers(response, ["Accept-Language"])
        return response

    return guarded


@_public
def page(request: HttpRequest) -> HttpResponse:
    """The newest month, or the one of `?month=`."""
    try:
        known = queries.months()
    except NotFound as none:
        answer = render(request, "opendata.html", {"closed": none.text, "t": _texts()}, status=404)
        answer["Content-Security-Policy"] = _CSP
        return answer
    wanted = request.GET.get("month")
    chosen = queries.month(wanted) if wanted else (known[0] if known else None)
    found = queries.statistics(chosen) if chosen else None
    response = render(
        request,
        "opendata.html",
        {
            "t": _texts(),
            "months": known[:SHOWN],
            "chosen": chosen,
            "figures": found,
            "tables": _tables(found) if found else [],
            "terms": queries.terms(),
            "terms_say": _terms_say(queries.terms()),
        },
    )
    response["Content-Security-Policy"] = _CSP
    return response


@_public
def month_list(request: HttpRequest) -> HttpResponse:
    """Months that are open, newest first, with the terms they are published on."""
    held = queries.open_terms()
    return _json(
        {
            "months": [
                {"month": str(each), "until": each.until, "final": each.final}
                for each in queries.months()
            ],
            "threshold": held.threshold,
            "finest_zoom": held.finest,
        }
    )


@_public
def statistics_json(request: HttpRequest, text: str) -> HttpResponse:
    """One month in numbers; null where a count is left out."""
    found = queries.statistics(queries.month(text))
    return _json(
        {
            "month": str(found.month),
            "until": found.month.until,
            "final": found.month.final,
            "threshold": found.terms.threshold,
            "received": found.received,
            "closed": found.closed,
            "in_time_percent": found.in_time,
            "towns": [_line(each) for each in found.towns],
            "classes": [_line(each) for each in found.groups],
        }
    )


@_public
def statistics_csv(request: HttpRequest, text: str) -> HttpResponse:
    """The tables of a month; an empty field where a count is left out."""
    found = queries.statistics(queries.month(text))
    rows: list[tuple[object, ...]] = [("total", None, None, found.received, found.closed)]
    for table, lines in (("town", found.towns), ("class", found.groups)):
        rows += [(table, each.code, each.name, each.received, each.closed) for each in lines]
    return _csv(_HEAD, rows, f"statistics-{text}.csv")


@_public
def cases_csv(request: HttpRequest, text: str) -> HttpResponse:
    """The cases of a month: class, days, town, square; no words, no number, no exact place."""
    found = queries.cases(queries.month(text))
    rows = ([row[name] for name in COLUMNS] for row in found)
    return _csv(COLUMNS, rows, f"cases-{text}.csv")


@_public
def cases_geojson(request: HttpRequest, text: str) -> HttpResponse:
    """The same as points in the middle of their square; without geometry where there is none."""
    features = [_feature(row) for row in queries.cases(queries.month(text))]
    return HttpResponse(
        msgspec.json.encode({"type": "FeatureCollection", "features": features}),
        content_type="application/geo+json",
        headers={"Content-Disposition": f'attachment; filename="cases-{text}.geojson"'},
    )


def _feature(row: dict[str, Any]) -> dict[str, Any]:
    place = None
    if row["lon"] is not None:
        place = {"type": "Point", "coordinates": [row["lon"], row["lat"]]}
    facts = {
        name: row[name].said() if isinstance(row[name], T) else row[name]
        for name in COLUMNS
        if name not in ("lon", "lat")
    }
    return {"type": "Feature", "geometry": place, "properties": facts}


def _json(value: object) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(value), content_type="application/json")


def _line(line: Line) -> dict[str, Any]:
    return {
        "code": line.code,
        "name": line.name.said(),
        "received": line.received,
        "closed": line.closed,
    }


def _cell(value: object) -> object:
    """As CSV has it: nothing for nothing, yes and no for truth, no formulas."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, T):
        value = value.said()
    return harmless(value) if isinstance(value, str) else value


def _csv(head: Iterable[str], rows: Iterable[Iterable[object]], name: str) -> HttpResponse:
    text = io.StringIO()
    text.write("\ufeff")  # spreadsheets take UTF-8 only with a mark
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return HttpResponse(
        text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _tables(found: Statistics) -> list[dict[str, Any]]:
    """The tables that are told, with the length of each bar in percent of the longest."""
    tables = []
    for key, lines in (("towns", found.towns), ("groups", found.groups)):
        if not lines:
            continue
        longest = max(each.received or 0 for each in lines) or 1
        tables.append(
            {
                "title": _texts()[key],
                "lines": [
                    {
                        "name": each.name.said(),
                        "received": each.received,
                        "closed": each.closed,
                        "bar": round(100 * (each.received or 0) / longest),
                    }
                    for each in lines
                ],
            }
        )
    return tables


_TEXTS: dict[str, T] = {
    "title": T("数据开放", "Open data"),
    "lead": T(
        "本区受理和办结了哪些事。不含诉求文字、联系方式、案号和准确位置；不含保密事项。",
        "What was reported here and what became of it. No words, no contact data, no case numbers, "
        "no exact places; nothing confidential.",
    ),
    "received": T("受理", "Reported"),
    "closed": T("其中已结案", "Closed of these"),
    "in_time": T("按时处置", "Handled in time"),
    "towns": T("按乡镇街道", "By town"),
    "groups": T("按类别", "By class"),
    "name": T("名称", "Name"),
    "running": T("尚未定稿，数字仍会变化", "Not final: figures change"),
    "none": T(
        "还没有可以开放的月份：从上报后的第二天起。",
        "No month is open yet: the first begins the day after a report.",
    ),
    "few": T("不公布", "left out"),
    "too_few": T("本月案件太少，不公布。", "Too few cases this month: nothing is told."),
    "download": T("下载本月数据", "Download this month"),
    "months": T("月份", "Month"),
    "cases": T("案件", "Cases"),
    "statistics": T("统计", "Statistics"),
    "of": T("数据截至", "Up to"),
    "terms": T("怎么处理的", "How it is made safe"),
    "home": T("首页", "Home"),
    "columns": T(
        "案件文件的列：上报日期、类别、乡镇、状态、结束日期、天数、是否按时、位置方格中心和方格边长（米）。"
        "空着的是不公布的；状态 not_closed 是未结案（未结或不予受理）。",
        "Columns of the case files: day reported, class, town, state, day ended, days, in time or "
        "not, middle of the square and its side in metres. What is left out is empty; the state "
        "not_closed is open or declined.",
    ),
}


def _texts() -> dict[str, str]:
    return {"lang": "en" if language.get() == "en" else "zh-CN"} | {
        key: text.said() for key, text in _TEXTS.items()
    }


def _terms_say(held: Terms) -> list[str]:
    """Paragraphs: exactly what `disclosure` does, in words."""
    return [
        text.fill(most=held.threshold - 1, least=held.threshold, days=held.delay_days).said()
        for text in _SAY
    ]


_SAY = (
    T(
        "全月不足 {least} 件的，什么都不公布。乡镇和类别的件数是 1 至 {most} 的不公布；"
        "已结案或未结案的件数是 1 至 {most} 的，不公布结案数；"
        "为防止倒推，必要时更大的数乃至整张表也不公布。"
        "按时处置的比例，按时和超时各至少 {least} 件才公布。",
        "Of a month with fewer than {least} cases nothing is told. Counts of 1 to {most} by town "
        "or class are left out; where the closed or those not closed are 1 to {most}, the closed "
        "are; so are larger counts, or a whole table, where they would give these away. The share "
        "handled in time is told where at least {least} were in time and at least {least} late.",
    ),
    T(
        "案件文件写什么，与统计一并决定：件数不公布的乡镇、类别，在文件里空着；"
        "结案数不公布的乡镇，案件的状态、结束日期、天数、是否按时和类别空着，结案数不公布的类别，案件的类别空着"
        "（全区结案数都不公布时，类别仍写出）。"
        "不足 {least} 件的小类只写大类，必要时更大的也是。"
        "位置是方格的中心，同一乡镇的同一方格里至少有 {least} 件，"
        "凑不够的换大方格，仍不够就不给位置。把日期、乡镇、类别放在一起看，仍可能只有一件。",
        "What the case files say is decided together with the statistics: "
        "towns and classes without a count are empty in them; where a town has no count "
        "of closed, the state, the day ended, the days, in time or not and the class of its cases "
        "are empty, and where a class has none, the class is (unless no count of closed is told at "
        "all). Classes with fewer than {least} cases, and larger ones where needed, are given as "
        "their group. A place is the middle of a square that at least {least} cases of one town "
        "share; where fewer do, the square is larger, or there is no place. Day, town and class "
        "together may still point at a single case.",
    ),
    T(
        "每月结束 {days} 天后定稿，不再标明“仍会变化”；之后办结、作废、并案或改类别的仍会更新。",
        "A month is final {days} days after its end and no longer marked as changing; cases that "
        "are closed, voided, merged or given another class later still change it.",
    ),
)
