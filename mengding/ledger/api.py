"""/ledger: what auditors read."""

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import Field, Query, Router, Schema

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.http.auth import allows
from mengding.http.fast import SHANGHAI, json_response
from mengding.http.paging import Paging
from mengding.http.request import actor_of
from mengding.ledger import actions, queries
from mengding.ledger.queries import Filters

router = Router(tags=["ledger"])
_BIGGEST = 2**63 - 1


class EventFilter(Schema):
    """Query parameters that narrow the events."""

    subject_kind: str = Field("", max_length=16, pattern=r"^[a-z0-9_]*$", examples=["case"])
    subject_id: int | None = Field(None, ge=0, le=_BIGGEST)
    number: str = Field("", max_length=24, description="A case number.", examples=["C0101…"])
    action: str = Field(
        "",
        max_length=400,
        pattern=r"^[a-z0-9_.,]*$",
        description='Codes, comma-separated; one ending in "." stands for all that begin so.',
        examples=["contact.reveal,ledger.export"],
    )
    account: int | None = Field(None, ge=0, le=_BIGGEST, description="Id of who did it.")
    since: datetime | None = Field(None, description="At or after; with time zone.")
    until: datetime | None = Field(None, description="Before; with time zone.")

    def filters(self) -> Filters:
        """As queries want them; raises `Invalid` naming the parameter."""
        for name in ("since", "until"):
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise Invalid(
                    "time_naive",
                    T("时间需要带时区。", "The time needs a time zone."),
                    field=name,
                )
        return Filters(
            subject_kind=self.subject_kind,
            subject_id=self.subject_id,
            number=self.number.strip(),
            actions=tuple(code for code in self.action.split(",") if code),
            account_id=self.account,
            since=self.since,
            until=self.until,
        )


class EventOut(Schema):
    """One event. `before` and `after` hold codes, ids, numbers and times, never words."""

    id: int
    subject_kind: str
    subject_id: int
    subject_name: str | None = Field(description="A case number, a name; null where none is known.")
    seq: int = Field(description="Number within the subject's chain, from 1.")
    at: datetime
    actor_kind: str
    account_id: int | None
    account_name: str | None
    post_id: int | None
    action: str
    before: dict[str, Any]
    after: dict[str, Any]
    has_words: bool
    request_id: str
    hash: str = Field(description="SHA-256 over the event and the hash before it, hex.")


class EventPage(Schema):
    """One page of events."""

    items: list[EventOut]
    next: str | None


class FaultOut(Schema):
    """One place where the ledger does not add up."""

    kind: str
    subject: int
    seq: int
    what: str = Field(description="gap, link, hash, head or words")


class Check(Schema):
    """The last nightly check; all null before the first."""

    checked_at: datetime | None = None
    events: int | None = None
    subjects: int | None = None
    at: str | None = Field(None, description="Position up to which `head` reaches.")
    head: str | None = Field(None, description="Digest over all events up to `at`; note it down.")
    faults_total: int | None = None
    faults: list[FaultOut] = Field(default_factory=list)


def _caller(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    assert actor is not None  # `allows` has made sure
    return actor


@router.get("/ledger/events", operation_id="ledger_events", response=EventPage)
@allows("ledger.read")
def list_events(
    request: HttpRequest, narrow: Query[EventFilter], paging: Query[Paging]
) -> HttpResponseBase:
    """Events, newest first."""
    items, following = queries.events(
        _caller(request), narrow.filters(), cursor=paging.cursor, limit=paging.limit
    )
    return json_response({"items": items, "next": following})


@router.get("/ledger/events.csv", operation_id="ledger_export", response=str)
@allows("ledger.read")
def export_events(request: HttpRequest, narrow: Query[EventFilter]) -> HttpResponseBase:
    """The same as CSV (UTF-8, RFC 4180), oldest first, streamed; the export is itself recorded."""
    actor, filters = _caller(request), narrow.filters()
    actions.exported(actor, narrow.model_dump(mode="json", exclude_defaults=True))
    name = f"ledger-{clock.now().astimezone(SHANGHAI):%Y%m%d-%H%M}.csv"
    return StreamingHttpResponse(
        _lines(queries.all_events(actor, filters)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/ledger/verify", operation_id="ledger_check", response=Check)
@allows("ledger.read")
def last_check(request: HttpRequest) -> dict[str, Any]:
    """The result of the last nightly check. `mengding check ledger` checks at once."""
    return queries.last_check(_caller(request)) or {}


class _Echo:
    def write(self, line: str) -> str:
        """Hand the line back instead of keeping it."""
        return line


def _lines(events: Iterator[dict[str, Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(EventOut.model_fields)
    for event in events:
        event["at"] = event["at"].astimezone(SHANGHAI).isoformat()
        for name in ("before", "after"):
            event[name] = json.dumps(event[name], ensure_ascii=False, separators=(",", ":"))
        yield writer.writerow(event.values())
