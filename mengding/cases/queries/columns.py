"""The columns a list of cases can have, as words: for exports, in the reader's language.

The console has the same ones under the same keys (`web/src/cases/list/columns.ts`).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from mengding.cases.queries.filtering import LOCAL
from mengding.cases.stages import STAGE_NAMES, Channel, Outcome, Stage
from mengding.core.text import T

Cell = str | int | None

CHANNEL_NAMES: dict[str, T] = {
    Channel.GRID: T("网格上报", "Grid worker"),
    Channel.PHONE: T("热线", "Phone"),
    Channel.WALK_IN: T("来访", "Walk-in"),
    Channel.WEB: T("公众端", "Public web"),
    Channel.OPEN311: T("Open311", "Open311"),
    Channel.TRANSFER: T("转办", "Transfer"),
    Channel.SENSOR: T("物联感知", "Sensor"),
    Channel.WARNING: T("预警发现", "Warning"),
    Channel.IMPORT: T("历史导入", "Import"),
}
GRADE_NAMES: dict[str, T] = {
    "general": T("一般", "General"),
    "important": T("重要", "Important"),
    "urgent": T("紧急", "Urgent"),
}
OUTCOME_NAMES: dict[str, T] = {
    Outcome.FIXED: T("已解决", "Fixed"),
    Outcome.NOT_FIXED: T("未解决", "Not fixed"),
    Outcome.NOT_OURS: T("不属本级", "Not ours"),
}
LIGHT_NAMES: dict[str, T] = {
    "red": T("已超时", "Overdue"),
    "yellow": T("将超时", "Due soon"),
    "green": T("正常", "On time"),
}
_YES = T("是", "Yes")


def _said(value: Any) -> str:
    return value.said() if isinstance(value, T) else str(value or "")


def _at(moment: datetime | None) -> str:
    return f"{moment.astimezone(LOCAL):%Y-%m-%d %H:%M}" if moment else ""


def _light(row: dict[str, Any]) -> str:
    return _said(LIGHT_NAMES[row["colour"]]) if row["colour"] else ""


def _matter(row: dict[str, Any]) -> str:
    name = _said(row["class_name"]) or row["class_code"]
    return f"{name}：{row['description']}" if row["description"] else name


def _place(row: dict[str, Any]) -> str:
    names = [_said(name) for name in row["place"]]
    return " ".join([*names[1:], row["address"]]).strip() or " ".join(names)


# key: (heading, what stands in the cell of a row made by `lists.listed`)
COLUMNS: dict[str, tuple[T, Callable[[dict[str, Any]], Cell]]] = {
    "due": (T("时限", "Deadline"), _light),
    "number": (T("编号", "Number"), lambda row: row["number"] or f"#{row['id']}"),
    "matter": (T("事项", "Matter"), _matter),
    "stage": (T("环节", "Stage"), lambda row: _said(STAGE_NAMES[Stage(row["stage"])])),
    "place": (T("地点", "Place"), _place),
    "lead": (T("主办单位", "Lead"), lambda row: _said(row["lead_org"])),
    "reported": (T("上报", "Reported"), lambda row: _at(row["reported_at"])),
    "due_at": (T("到期时间", "Due at"), lambda row: _at(row["due_at"])),
    "closed": (T("结束时间", "Ended"), lambda row: _at(row["closed_at"])),
    "updated": (T("最近更新", "Updated"), lambda row: _at(row["updated_at"])),
    "class_code": (T("类别代码", "Class code"), lambda row: row["class_code"]),
    "channel": (T("来源", "Channel"), lambda row: _said(CHANNEL_NAMES[row["channel"]])),
    "grade": (
        T("等级", "Grade"),
        lambda row: _said(GRADE_NAMES.get(row["grade"], row["grade"])),
    ),
    "owner": (T("责任中心", "Owner"), lambda row: _said(row["owner_org"])),
    "outcome": (
        T("结果", "Outcome"),
        lambda row: _said(OUTCOME_NAMES[row["outcome"]]) if row["outcome"] else "",
    ),
    "reports": (T("诉求数", "Reports"), lambda row: row["reports_count"]),
    "rework": (T("返工", "Rework"), lambda row: row["rework_count"]),
    "supervised": (
        T("督办", "Supervised"),
        lambda row: _YES.said() if row["supervised"] else "",
    ),
}
