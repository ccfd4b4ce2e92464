"""Our own format: one JSON object a line, with the moments of the steps taken so far."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mengding.cases.actions import Message
from mengding.cases.stages import Channel, Outcome
from mengding.core.text import T
from mengding.imports.journey import Closing, Journey
from mengding.imports.rows import Reject, Row, json_rows
from mengding.imports.standing import Standing, degrees, first_condition, moment

FIELDS = {
    "source_ref", "channel", "class_code", "condition", "description", "address", "lon", "lat",
    "region_code", "media_url", "attributes", "reported_at", "filed_at", "dispatched_at",
    "department", "accepted_at", "fed_back_at", "report", "reply", "closed_at", "outcome",
    "finding",
}  # fmt: skip


class CaseFile:
    """Only `reported_at` and a place are always needed; a class from `filed_at` on."""

    source = "cases"
    plan: object = None

    def __init__(self, path: Path, plan: object = None) -> None:
        self.path = path
        self._standing = Standing(path)
        self.total = sum(1 for _ in self.rows())

    def rows(self) -> Iterator[Row]:
        """The records of the file."""
        return json_rows(self.path)

    def ref(self, row: Row) -> str:
        """The file's own reference, or the place in the file."""
        return row.text("source_ref") or self._standing.reference(row)

    def take(self, row: Row) -> None:
        """Carry one case; raises `Reject` or what the actions refuse with."""
        if row.problem:
            raise row.problem
        if unknown := sorted(set(row.values) - FIELDS):
            raise Reject(unknown[0][:40], "unknown_field", T("未知字段", "unknown field"))
        for name, value in row.values.items():
            if name not in ("attributes", "lon", "lat") and not isinstance(value, str | None):
                raise Reject(name, "type", T("应为文字", "must be text"))
        attributes = row.values.get("attributes") or {}
        if not isinstance(attributes, dict):
            raise Reject("attributes", "type", T("应为对象", "must be an object"))
        reported = moment(row.values.get("reported_at"), "reported_at")
        if reported is None:
            raise Reject("reported_at", "missing", T("缺少时间", "the time is missing"))
        code, condition = row.text("class_code"), row.text("condition")
        steps = {
            name: moment(row.values.get(name), name)
            for name in ("filed_at", "dispatched_at", "accepted_at", "fed_back_at", "closed_at")
        }
        if steps["filed_at"] and not condition:
            condition = first_condition(code, "class_code")
        closing = None
        if closed := steps.pop("closed_at"):
            outcome = _choice(Outcome, row.text("outcome"), "outcome")
            closing = Closing(closed, outcome, row.text("finding"))
        self._standing.carry(
            Journey(
                Message(
                    text=row.text("description"),
                    channel=_choice(Channel, row.text("channel") or "import", "channel"),
                    class_code=code,
                    lon=degrees(row.values.get("lon"), "lon"),
                    lat=degrees(row.values.get("lat"), "lat"),
                    address=row.text("address"),
                    region_code=row.text("region_code") or None,
                    source=self.source,
                    source_ref=self.ref(row),
                    attributes=attributes,
                    media_url=row.text("media_url"),
                ),
                reported,
                condition=condition,
                department=row.text("department"),
                report=row.text("report"),
                reply=row.text("reply"),
                closing=closing,
                **steps,
            )
        )


def _choice(options: Any, value: str, name: str) -> Any:
    try:
        return options(value)
    except ValueError as error:
        text = T("应为其中之一：{all}", "must be one of: {all}").fill(all=", ".join(options))
        raise Reject(name, "choice", text) from error
