"""Requests of another Open311 server as CSV, with the field names of GeoReport v2."""

from collections.abc import Iterator
from pathlib import Path

from mengding.cases.actions import Message
from mengding.cases.stages import Channel, Outcome
from mengding.catalogue import queries as catalogue
from mengding.core.text import T
from mengding.imports.journey import Closing, Journey
from mengding.imports.rows import Reject, Row, csv_rows
from mengding.imports.standing import Standing, degrees, first_condition, moment

NEEDED = ("requested_datetime",)


class Open311Csv:
    """`service_code` is a class of the active catalogue, or `service_name` names one when the
    code is empty; `region_code` may stand for lat/long.

    A closed request is carried through all steps: filed and dispatched when it was requested,
    closed at `updated_datetime`.
    """

    source = "open311-csv"
    plan: object = None

    def __init__(self, path: Path, plan: object = None) -> None:
        self.path = path
        self._standing = Standing(path)
        self.total = sum(1 for _ in self.rows())

    def rows(self) -> Iterator[Row]:
        """The records of the file."""
        return csv_rows(self.path, NEEDED)

    def ref(self, row: Row) -> str:
        """The other server's number, or the place in the file."""
        return row.text("service_request_id") or self._standing.reference(row)

    def take(self, row: Row) -> None:
        """Carry one request; raises `Reject` or what the actions refuse with."""
        code = row.text("service_code") or _class_named(row.text("service_name"))
        condition = first_condition(code, "service_code")
        requested = moment(row.text("requested_datetime"), "requested_datetime")
        if requested is None:
            raise Reject("requested_datetime", "missing", T("缺少时间", "the time is missing"))
        status = row.text("status") or "open"
        if status not in ("open", "closed"):
            text = T("未知状态：{v}", "unknown status: {v}").fill(v=status[:40])
            raise Reject("status", "unknown", text)
        message = Message(
            text=row.text("description"),
            channel=Channel.OPEN311,
            class_code=code,
            lon=degrees(row.text("long"), "long"),
            lat=degrees(row.text("lat"), "lat"),
            address=row.text("address"),
            region_code=row.text("region_code") or None,
            source=self.source,
            source_ref=self.ref(row),
            media_url=row.text("media_url"),
        )
        if status == "open":
            self._standing.carry(Journey(message, requested))
            return
        closed = moment(row.text("updated_datetime"), "updated_datetime")
        if closed is None:
            text = T("已结束的诉求需要时间", "a closed request needs its time")
            raise Reject("updated_datetime", "missing", text)
        notes = row.text("status_notes")
        self._standing.carry(
            Journey(
                message,
                requested,
                filed_at=requested,
                condition=condition,
                dispatched_at=requested,
                accepted_at=requested,
                fed_back_at=closed,
                report=notes or "（导入）No notes were given.",
                reply=notes,
                closing=Closing(closed, Outcome.FIXED, "导入时已结束 closed before the import"),
            )
        )


def _class_named(name: str) -> str:
    """The code of the one class of that name, Chinese or English."""
    edition = catalogue.edition(catalogue.active_version())
    found = [
        c.code
        for c in edition.classes
        if name and name.casefold() in (c.name.zh.casefold(), c.name.en.casefold())
    ]
    if len(found) != 1:
        text = T("没有或不止一个这样的类别：{v}", "no class, or several, of this name: {v}")
        raise Reject("service_name" if name else "service_code", "class_unknown", text.fill(v=name))
    return found[0]
