"""What the API of emergency resources takes and gives."""

from datetime import date, datetime
from decimal import Decimal

from ninja import Field, Schema
from pydantic import ConfigDict

from mengding.resources import queries
from mengding.resources.actions import ResourceData
from mengding.resources.models import ResourceCondition, ResourceKind, ResourceState

ID = 2**63 - 1


class ResourceOut(Schema):
    """One entry of the inventory."""

    id: int
    kind: ResourceKind
    name: str
    lon: float
    lat: float
    address: str
    region: str = Field(description="Names of town, village and grid.")
    quantity: Decimal
    needed: Decimal = Field(description="How much there should be; 0: nothing is asked for.")
    unit: str
    expires_on: date | None
    days_left: int | None = Field(description="Days until it expires; negative: gone by.")
    organisation_id: int
    organisation_name: str
    contact_post_id: int | None
    contact: str | None = Field(description="The post to turn to, never a person's number.")
    state: ResourceState
    condition: ResourceCondition
    short: bool
    checked_at: datetime | None
    version: int


class ResourcePage(Schema):
    """A page of the inventory by id."""

    items: list[ResourceOut]
    next: str | None


class ResourceNearOut(ResourceOut):
    """One entry with its distance from the place asked about."""

    distance_m: int


class ResourceNearList(Schema):
    """The nearest first."""

    items: list[ResourceNearOut]


class ResourceEverything(Schema):
    """All that fits, for the map."""

    items: list[ResourceOut]
    more: bool = Field(description="Whether there are more than the map takes.")


class ResourceContactFilter(Schema):
    """Whose posts: of one organisation, or of any whose name holds `q`."""

    organisation: int | None = Field(None, ge=1, le=ID)
    q: str = Field("", max_length=80, description="Part of the organisation's name.")


class ResourceContact(Schema):
    """A post that an entry can name as its contact."""

    post: int
    label: str = Field(examples=["区水利局 处置人员 雨城区"])


class ResourceContactList(Schema):
    """At most 50, by name."""

    items: list[ResourceContact]


class ResourceFilter(Schema):
    """Filters; all that are given hold."""

    kind: str = Field("", max_length=12)
    state: str = Field("", max_length=8, description="Without: all but retired ones.")
    expiring: int | None = Field(None, ge=0, le=3660, description="Expires within so many days.")
    short: bool = Field(False, description="Less than there should be, or broken.")
    q: str = Field("", max_length=80, description="Part of the name, place or custodian.")

    def filters(self) -> queries.Filters:
        """As queries want them."""
        return queries.Filters(self.kind, self.state, self.expiring, self.short, self.q)


class ResourceNear(ResourceFilter):
    """A place in WGS-84 degrees."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    limit: int = Field(10, ge=1, le=100)


class ResourceCheckOut(Schema):
    """What somebody found."""

    id: int
    at: datetime
    recorded_at: datetime
    quantity: Decimal
    condition: ResourceCondition
    expires_on: date | None
    short: bool
    by: str | None = None
    case_id: int | None


class ResourceDetail(ResourceOut):
    """One entry with its last checks."""

    checks: list[ResourceCheckOut]


class ResourceIn(Schema):
    """An entry to keep."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "kind": "store",
                "name": "车岭镇防汛物资库",
                "lon": 103.2,
                "lat": 30.0,
                "address": "镇政府后院",
                "quantity": 120,
                "needed": 200,
                "unit": "条",
                "expires_on": "2027-06-30",
                "organisation": 1,
                "contact_post": None,
                "state": "ready",
            }
        },
    )

    kind: str = Field(max_length=12)
    name: str = Field(max_length=200)
    lon: float
    lat: float
    address: str = Field("", max_length=400)
    quantity: Decimal
    needed: Decimal = Decimal(0)
    unit: str = Field(max_length=40)
    expires_on: date | None = None
    organisation: int = Field(ge=1, le=ID)
    contact_post: int | None = Field(None, ge=1, le=ID)
    state: str = Field("ready", max_length=8)
    version: int | None = Field(None, ge=1, description="The version changed; see If-Match.")

    def data(self) -> ResourceData:
        """The entry as actions want it."""
        return ResourceData(**self.model_dump(exclude={"version"}))


class ResourceCheckIn(Schema):
    """What was found. `at`: when; it may be sent up to seven days later."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"quantity": 118, "condition": "good", "note": "两条破损"}},
    )

    quantity: Decimal
    condition: str = Field(max_length=8)
    expires_on: date | None = None
    at: datetime | None = None
    note: str = Field("", max_length=2000)
    make_case: bool = Field(False, description="Make a case of it at once when it is a shortage.")


class ResourceRoundIn(Schema):
    """Resources to look at by a day."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"title": "汛前检查", "due_on": "2027-05-31", "resources": [1]}
        },
    )

    title: str = Field(max_length=200)
    due_on: date
    resources: list[int] = Field(max_length=1000)


class ResourceRoundOut(Schema):
    """A round and how much of it is done."""

    id: int
    title: str
    due_on: date
    created_at: datetime
    closed_at: datetime | None
    items_count: int
    done_count: int
    late: bool


class ResourceRoundList(Schema):
    """Rounds, the next due first."""

    items: list[ResourceRoundOut]


class ResourceDueOut(Schema):
    """One resource of a round."""

    item: int
    round: int
    title: str
    due_on: date
    late: bool
    done: bool
    resource: ResourceOut


class ResourceDueList(Schema):
    """What has to be looked at, the next due first."""

    items: list[ResourceDueOut]


class ResourceRoundDetail(ResourceRoundOut):
    """A round with its items, what is left first."""

    items: list[ResourceDueOut]


class ResourceFileIn(Schema):
    """A CSV file as text; its heads in Chinese or English as the export writes them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "csv": "kind,name,lon,lat,quantity,unit,organisation\n"
                "store,防汛物资库,103.2,30.0,120,条,centre-511803102\n",
                "trial": True,
            }
        },
    )

    csv: str = Field(max_length=4_000_000)
    trial: bool = Field(True, description="Only check it.")


class ResourceFaultOut(Schema):
    """What is wrong in a line; the head is line 1."""

    line: int
    field: str
    text: str


class ResourceFileOut(Schema):
    """What an import did, or would do; with faults nothing was written."""

    created: int
    updated: int
    written: bool
    faults: list[ResourceFaultOut]
