"""What a list of cases is narrowed by, as query parameters."""

from datetime import datetime

from ninja import Field, Schema

from mengding.cases.queries import Filters
from mengding.cases.stages import Channel, Stage
from mengding.core.errors import Invalid
from mengding.core.text import T

_MOMENTS = ("since", "until", "due_since", "due_until", "closed_since", "closed_until")


class CaseFilter(Schema):
    """Query parameters that narrow a list of cases."""

    q: str = Field("", max_length=100, description="Words in number, class, address, text, reply.")
    stage: list[Stage] = Field(default_factory=list)
    open: bool | None = None
    class_code: list[str] = Field(default_factory=list, description="Codes or prefixes: E04")
    region: str = Field("", max_length=20, description="Division code; everything below it.")
    lead_org: int | None = Field(None, ge=0, lt=2**63)
    owner_org: int | None = Field(None, ge=0, lt=2**63)
    channel: Channel | None = None
    grade: str = ""
    colour: str = Field(
        "", description="green, yellow, red or grey (none): the light of the current stage."
    )
    supervised: bool | None = None
    rework: bool | None = Field(None, description="Sent back for rework at least once, or never.")
    help: bool | None = Field(None, description="Help was asked for and not answered yet.")
    since: datetime | None = Field(None, description="Reported at or after; with time zone.")
    until: datetime | None = Field(None, description="Reported before; with time zone.")
    days: int | None = Field(None, ge=1, le=3660, description="Reported in so many days; 1: today.")
    due_since: datetime | None = Field(None, description="Open and due at or after.")
    due_until: datetime | None = Field(None, description="Open and due before.")
    closed_since: datetime | None = Field(None, description="Ended at or after.")
    closed_until: datetime | None = Field(None, description="Ended before.")
    ids: list[int] = Field(
        default_factory=list, max_length=200, description="These cases only, as far as visible."
    )
    bbox: str = Field("", description="west,south,east,north in WGS-84 degrees.")

    def filters(self) -> Filters:
        """The filters as queries want them; raises `Invalid` naming the parameter."""
        for name in _MOMENTS:
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise Invalid(
                    "time_naive",
                    T("时间需要带时区。", "The time needs a time zone."),
                    field=name,
                )
        return Filters(
            text=self.q,
            stages=tuple(self.stage),
            open=self.open,
            classes=tuple(code for code in self.class_code if code),
            region_code=self.region,
            lead_org_id=self.lead_org,
            owner_org_id=self.owner_org,
            channel=self.channel.value if self.channel else "",
            grade=self.grade,
            colour=self.colour,
            supervised=self.supervised,
            rework=self.rework,
            help=self.help,
            **{name: getattr(self, name) for name in _MOMENTS},
            days=self.days,
            ids=tuple(pk for pk in self.ids if 0 < pk < 2**63),
            bbox=_box(self.bbox),
        )


def _box(text: str) -> tuple[float, float, float, float] | None:
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise Invalid(
            "bbox_bad",
            T("范围应为 西,南,东,北。", "bbox is west,south,east,north."),
            field="bbox",
        ) from error
    return west, south, east, north
