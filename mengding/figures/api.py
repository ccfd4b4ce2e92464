"""/figures: numbers for screens."""

from dataclasses import replace
from datetime import date, datetime
from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from mengding.cases.stages import Stage
from mengding.core.kept import Kept
from mengding.core.text import language
from mengding.figures import queries
from mengding.http.auth import allows
from mengding.http.fast import encode, json_response
from mengding.http.request import actor_of
from mengding.indicators import actions as indicators
from mengding.indicators.queries import state

router = Router(tags=["figures"])
FRESH = 1.0  # s
_answers = Kept[bytes](FRESH)
_near = Kept[bool](FRESH)


class Area(Schema):
    """The division whose cases are counted."""

    code: str = Field(examples=["511803"])
    level: str = Field(examples=["district"])
    name: str = Field(examples=["名山区"])


class Today(Schema):
    """Since midnight: in and out (`closed` of them after a check); and what is open now.

    All but `due_soon` are the indicators of these names.
    """

    received: int
    ended: int = Field(description="Ended in any way: closed, declined, void or merged.")
    closed: int
    open: int
    overdue: int = Field(description="Of what departments have to handle (超时待处置).")
    due_soon: int = Field(description="Not overdue yet, but within the hour if nothing happens.")


class InTime(Schema):
    """按时处置率 of this month so far: `n` of `of` were handled in time."""

    n: int
    of: int


class Before(Schema):
    """Yesterday: in and out up to the same time of day; open 24 hours ago."""

    received: int
    ended: int
    open: int


class StageFigures(Schema):
    """One stage."""

    stage: Stage
    open: int
    overdue: int = Field(description="Of these past the limit they are running under.")
    entered: int = Field(description="Arrivals today, from the ledger; a second one counts again.")


class PlaceFigures(Schema):
    """One division below the area; without code: cases that lie in none."""

    code: str | None
    name: str = Field(examples=["蒙顶山镇"])
    open: int
    overdue: int


class ClassFigures(Schema):
    """One class; code "" for cases not classified yet, null for the sum of the others."""

    code: str | None
    name: str = Field(examples=["路灯"])
    open: int
    overdue: int


class Day(Schema):
    """In and out of one day."""

    day: date
    received: int
    ended: int


class NewCase(Schema):
    """One of the newest cases: no words of anybody, no address, no contact data."""

    id: int
    number: str | None
    class_name: str | None
    place: str = Field(description="Town and village.", examples=["蒙顶山镇 蒙山村"])
    stage: Stage
    at: datetime
    colour: Literal["green", "yellow", "red", "grey"] | None


class Wall(Schema):
    """All figures of one moment."""

    at: datetime
    as_of: datetime | None = Field(description="The counted figures are right up to then.")
    waiting: int = Field(description="What happened and is not in them yet; up to 1,000.")
    area: Area | None
    today: Today
    in_time: InTime
    before: Before
    stages: list[StageFigures]
    places: list[PlaceFigures]
    classes: list[ClassFigures]
    days: list[Day] = Field(description="Oldest first; the last one is today so far.")
    newest: list[NewCase] = Field(description="Without confidential ones.")
    spots: list[list[float]] = Field(
        description="[lon, lat] of the longest overdue cases, to about 100 m; without "
        "confidential ones."
    )


@router.get("/figures/wall", operation_id="figures_wall", summary="大屏 Wall screen", response=Wall)
@allows("figures.read")
def read_wall(request: HttpRequest, days: Literal["14", "30"] = "14") -> HttpResponse:
    """Figures over what my post may see, at most a second old; numbers as on the dashboards."""
    actor = actor_of(request)
    assert actor is not None  # `allows` has made sure
    actor = replace(actor, request_id="")  # one key for every request of this post

    # The wall asks because something happened just now: it does not wait for the worker's round.
    near = _near.get("", indicators.keep_near)

    def make() -> bytes:
        far = state()  # before the figures: what comes in between is no lie
        said = {"as_of": far["as_of"], "waiting": 0 if near else far["waiting"]}
        return encode(queries.wall(actor, int(days)) | said)

    return json_response(_answers.get((actor, language.get(), days), make))
