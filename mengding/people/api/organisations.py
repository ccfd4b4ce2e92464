"""/organisations: centres, departments, companies, teams."""

from typing import Any, Literal

from ninja import Field, Query, Router, Schema, Status

from mengding.http.auth import allows
from mengding.http.paging import Paging, paginate
from mengding.http.request import Request
from mengding.http.versions import versioned, wanted_version
from mengding.people import actions, queries
from mengding.people.api.caller import caller

router = Router(tags=["organisations"])
Kind = Literal["centre", "department", "company", "team"]


class OrganisationIn(Schema):
    """What an organisation is made of; `region` and `parent` are ids."""

    code: str = Field(max_length=40, examples=["urban-mengdingshan"])
    kind: Kind
    name: str = Field(max_length=80, examples=["蒙顶山镇综合执法队"])
    name_en: str = Field("", max_length=120)
    region: int = Field(examples=[1])
    parent: int | None = None
    department_code: str = Field("", max_length=40, examples=["urban_management"])
    version: int | None = Field(None, description="The version changed; see If-Match.")


class OrganisationOut(Schema):
    """One organisation."""

    id: int
    code: str
    kind: str
    name: str
    name_en: str
    region_id: int
    parent_id: int | None
    department_code: str
    active: bool
    version: int


class OrganisationRow(OrganisationOut):
    """One organisation of a list."""

    posts: int = Field(..., description="Active posts in it.")


class OrganisationPage(Schema):
    """A page of organisations by code."""

    items: list[OrganisationRow]
    next: str | None


class OrganisationFilter(Schema):
    """Filters; all that are given hold."""

    kind: Kind | None = None
    region: int | None = Field(None, description="The region with everything below it.")
    department_code: str | None = Field(None, max_length=40)
    active: bool | None = None


class Colleague(Schema):
    """A post of my organisation with its holder's name."""

    id: int
    account_id: int
    name: str
    role: str
    organisation_id: int
    region_id: int


class StaffPost(Colleague):
    """A post with its holder's name and where it acts."""

    region_name: str
    region_name_en: str


class DependentsOfOrganisation(Schema):
    """One sort of things that hang on it; all of them have to go first."""

    code: str = Field(..., examples=["posts"])
    text: str = Field(..., examples=["2 个在用岗位"])
    count: int
    names: list[str]
    blocks: bool


@router.get("/organisations", response=OrganisationPage)
@allows("organisations.read")
def list_organisations(
    request: Request, paging: Query[Paging], wanted: Query[OrganisationFilter]
) -> dict[str, Any]:
    """Organisations by code."""
    rows = queries.organisations(caller(request), **wanted.dict())
    items, after = paginate(rows, "code", str, cursor=paging.cursor, limit=paging.limit)
    return {"items": items, "next": after}


@router.get("/organisations/{pk}", response=OrganisationOut)
@allows("organisations.read")
def get_organisation(request: Request, pk: int) -> dict[str, Any]:
    """One organisation."""
    return queries.one(queries.organisations(caller(request)), pk)


@router.post("/organisations", response={201: OrganisationOut})
@allows("organisations.manage")
def create_organisation(request: Request, data: OrganisationIn) -> Status[Any]:
    """A new organisation."""
    return Status(201, actions.create_organisation(caller(request), _data(data)))


@router.put("/organisations/{pk}", response=OrganisationOut)
@allows("organisations.manage")
@versioned
def update_organisation(request: Request, pk: int, data: OrganisationIn) -> Any:
    """Replace an organisation's facts (its code is fixed)."""
    version = wanted_version(request, data.version)
    return actions.update_organisation(caller(request), pk, _data(data), version=version)


@router.post(
    "/organisations/{pk}/deactivate",
    response=OrganisationOut,
)
@allows("organisations.manage")
def deactivate_organisation(request: Request, pk: int) -> Any:
    """Close an organisation. 422 with `dependents` while something hangs on it."""
    return actions.deactivate_organisation(caller(request), pk)


@router.post(
    "/organisations/{pk}/activate",
    response=OrganisationOut,
)
@allows("organisations.manage")
def activate_organisation(request: Request, pk: int) -> Any:
    """Open a closed organisation again."""
    return actions.activate_organisation(caller(request), pk)


@router.get("/organisations/{pk}/dependents", response=list[DependentsOfOrganisation])
@allows("organisations.manage")
def list_organisation_dependents(request: Request, pk: int) -> list[dict[str, Any]]:
    """What hangs on an organisation: posts, organisations below it, open cases."""
    return [each.facts() for each in queries.dependents_of(caller(request), pk)]


@router.get("/organisations/{pk}/staff", response=list[StaffPost])
@allows("organisations.staff")
def list_staff(request: Request, pk: int) -> list[dict[str, Any]]:
    """Who holds which post in an organisation."""
    return queries.staff(caller(request), pk)


@router.get("/colleagues", response=list[Colleague])
@allows("organisations.read")
def list_colleagues(request: Request) -> list[dict[str, Any]]:
    """The active posts of my organisation and those below it."""
    return queries.colleagues(caller(request))


def _data(data: OrganisationIn) -> actions.OrganisationData:
    return actions.OrganisationData(**data.dict(exclude={"version"}))
