"""/open/: a page of statistics, and the same and the cases as CSV, JSON and GeoJSON (RFC 7946)."""

import csv
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from mengding.core.errors import NotFound
from mengding.core.text import T, language
from mengding.http import problem
from mengding.http.ratelimit import limit
from mengding.opendata import queries
from mengding.opendata.models import Terms
from mengding.opendata.queries import COLUMNS, Line, Month, Statistics

PER_MINUTE = 60  # an address
SHOWN = 24  # months on the page
_HEAD = ("table", "code", "name", "received", "closed")
_CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


def _public(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Limited, cacheable, readable from any page; refusals as problem details."""

    @require_safe
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            limit(request, "opendata", PER_MINUTE)
            response = view(request, *args, **kwargs)
        except Exception as exc:  # noqa: BLE001 - told and, where the fault is ours, logged
            return problem.answer(request, exc)
        response["Access-Control-Allow-Origin"] = "*"
        response["Cache-Control"] = "public, max-age=600"
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
def statistics_csv(request: HttpRequest, text: str) -> StreamingHttpResponse:
    """The tables of a month; an empty field where a count is left out."""
    found = queries.statistics(queries.month(text))

    def rows() -> Iterator[tuple[object, ...]]:
        yield "total", "", "", _cell(found.received), _cell(found.closed)
        for table, lines in (("town", found.towns), ("class", found.groups)):
            for each in lines:
                counts = (_cell(each.received), _cell(each.closed))
                yield (table, each.code, each.name.said(), *counts)

    return _csv(_HEAD, rows(), f"statistics-{text}.csv")


@_public
def cases_csv(request: HttpRequest, text: str) -> StreamingHttpResponse:
    """The cases of a month: class, days, town, square; no words, no number, no exact place."""
    of = queries.month(text)
    rows = (tuple(_cell(row[name]) for name in COLUMNS) for row in queries.cases(of))
    return _csv(COLUMNS, rows, f"cases-{text}.csv")


@_public
def cases_geojson(request: HttpRequest, text: str) -> StreamingHttpResponse:
    """The same as points in the middle of their square; without geometry where there is none."""
    of = queries.month(text)
    response = StreamingHttpResponse(_features(of), content_type="application/geo+json")
    response["Content-Disposition"] = f'attachment; filename="cases-{text}.geojson"'
    return response


def _features(of: Month) -> Iterator[bytes]:
    yield b'{"type":"FeatureCollection","features":['
    for number, row in enumerate(queries.cases(of)):
        place = None
        if row["lon"] is not None:
            place = {"type": "Point", "coordinates": [row["lon"], row["lat"]]}
        facts = {name: row[name] for name in COLUMNS if name not in ("lon", "lat")}
        feature = {"type": "Feature", "geometry": place, "properties": facts}
        yield (b",\n" if number else b"\n") + msgspec.json.encode(feature)
    yield b"\n]}\n"


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
    """As CSV has it: nothing for nothing, yes and no for truth."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else value


class _Echo:
    """A file that hands back what is written to it, so that rows leave one by one."""

    def write(self, text: str) -> str:
        return text


def _csv(
    head: tuple[str, ...], rows: Iterator[tuple[object, ...]], name: str
) -> StreamingHttpResponse:
    def lines() -> Iterator[str]:
        writer = csv.writer(_Echo())
        yield "\ufeff" + writer.writerow(head)  # spreadsheets take UTF-8 only with a mark
        for row in rows:
            yield writer.writerow(row)

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _tables(found: Statistics) -> list[dict[str, Any]]:
    """The two tables of the page, with the length of each bar in percent of the longest."""
    tables = []
    for key, lines in (("towns", found.towns), ("groups", found.groups)):
        longest = max((each.received or 0 for each in lines), default=0) or 1
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
    "running": T("本月未完，数字仍会变化", "The month goes on: figures change"),
    "none": T(
        "还没有可以开放的月份：从上报后的第二天起。",
        "No month is open yet: the first begins the day after a report.",
    ),
    "few": T("不公布", "left out"),
    "download": T("下载本月数据", "Download this month"),
    "months": T("月份", "Month"),
    "cases": T("案件", "Cases"),
    "statistics": T("统计", "Statistics"),
    "of": T("数据截至", "Up to"),
    "terms": T("怎么处理的", "How it is made safe"),
    "home": T("首页", "Home"),
    "columns": T(
        "案件文件的列：上报日期、类别、乡镇、状态、结束日期、天数、是否按时、位置方格中心和方格边长（米）。",
        "Columns of the case files: day reported, class, town, state, day ended, days, in time or "
        "not, middle of the square and its side in metres.",
    ),
}


def _texts() -> dict[str, str]:
    return {"lang": "en" if language.get() == "en" else "zh-CN"} | {
        key: text.said() for key, text in _TEXTS.items()
    }


def _terms_say(held: Terms) -> str:
    return (
        T(
            "1 至 {most} 的数不公布；为防止用总数倒推，必要时更大的数也不公布。"
            "案件位置是方格的中心，每个方格里至少有 {least} 件；"
            "凑不够的换大方格，仍不够就不给位置。"
            "每月结束 {days} 天后定稿。",
            "Counts of 1 to {most} are left out; so are others, larger ones too, where the total "
            "would give them away. A case's place is the middle of a square that at least {least} "
            "cases share; where fewer do, the square is larger, or there is no place. A month is "
            "final {days} days after its end.",
        )
        .fill(most=held.threshold - 1, least=held.threshold, days=held.delay_days)
        .said()
    )
