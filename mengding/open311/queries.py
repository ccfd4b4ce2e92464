"""What is read: services, requests, updates, in the reader's language."""

import os
from datetime import datetime, timedelta
from typing import Any

from mengding.cases.queries.open311 import (
    PublicFilters,
    public_report,
    public_reports,
    public_updates,
)
from mengding.cases.stages import ENDED, STAGE_NAMES, Stage
from mengding.catalogue import queries as catalogue
from mengding.catalogue.models import CaseClass
from mengding.catalogue.queries import CaseClassInfo
from mengding.core import clock
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.open311.arguments import bad
from mengding.open311.attributes import of_class
from mengding.open311.masking import mask
from mengding.open311.shapes import (
    Definition,
    Discovery,
    Endpoint,
    Service,
    ServiceRequest,
    Update,
    w3c,
)
from mengding.people import queries as people
from mengding.people.models import Account
from mengding.regions import locate
from mengding.regions.models import Region

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
SPAN = timedelta(days=90)
_ENDED = frozenset(stage.value for stage in ENDED)


def require_jurisdiction(jurisdiction_id: str) -> None:
    """Ours is the district's code; empty means ours. Raises `NotFound` naming the parameter."""
    if (
        jurisdiction_id
        and not Region.objects.filter(level="district", active=True, code=jurisdiction_id).exists()
    ):
        raise NotFound(
            "jurisdiction_unknown",
            T("本平台不服务于该辖区。", "This server does not serve that jurisdiction."),
            field="jurisdiction_id",
        )


def discovery(url: str) -> Discovery:
    """`url`: where the API answers, without a slash at its end."""
    changeset = w3c(catalogue.active_version().published_at)
    district = Region.objects.filter(level="district", active=True).order_by("code").first()
    centre = people.centre_of(district) if district else None
    contact = os.environ.get("MENGDING_OPEN311_CONTACT") or (
        T(centre.name, centre.name_en or centre.name).said() if centre else ""
    )
    test = Account.objects.filter(is_demo=True).exists()
    key = T(
        "向本平台安全管理员申请令牌（含 case.receive 权限），作为 api_key 提交。",
        "Ask this platform's security administrator for a token with case.receive; send it as "
        "api_key.",
    )
    return Discovery(
        changeset=changeset,
        contact=contact,
        key_service=key.said(),
        endpoints=[
            Endpoint(
                specification=SPECIFICATION,
                url=url,
                changeset=changeset,
                type="test" if test else "production",
                formats=["text/xml", "application/json"],
            )
        ],
    )


def services() -> list[Service]:
    """Public classes of the active catalogue, by code."""
    return [
        Service(
            service_code=found.code,
            service_name=found.name.said(),
            description=T(found.description_zh, found.name.en).said(),
            metadata=bool(of_class(found)),
            type="realtime",
            keywords=",".join(found.keywords_zh),
            group=found.big.said(),
        )
        for found in catalogue.classes(catalogue.active_version())
        if _is_public(found)
    ]


def service(code: str) -> CaseClassInfo:
    """A public class of the active catalogue; `NotFound` names `service_code`."""
    found = catalogue.edition(catalogue.active_version()).by_code.get(code)
    if found is None or not _is_public(found):
        raise _no_service(code)
    return found


def definition(code: str) -> Definition:
    """The further questions of a service."""
    return Definition(service_code=code, attributes=of_class(service(code)))


def _is_public(found: CaseClassInfo) -> bool:
    return found.public and not found.confidential


def _no_service(code: str) -> NotFound:
    return NotFound(
        "service_unknown",
        T("没有服务 {c}。", "There is no service {c}.").fill(c=code[:20]),
        field="service_code",
    )


def require_services(codes: tuple[str, ...]) -> None:
    """Raises `NotFound` for a code that never was a public class; old requests keep old ones."""
    if not codes:
        return
    known = catalogue.edition(catalogue.active_version()).by_code
    old = [code for code in codes if code not in known or not _is_public(known[code])]
    if not old:
        return
    found = set(
        CaseClass.objects.filter(code__in=old, public=True, confidential=False)
        .exclude(version__status="draft")
        .values_list("code", flat=True)
    )
    for code in old:
        if code not in found:
            raise _no_service(code)


def span(
    names: tuple[str, str], since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime]:
    """Both ends of a span of at most 90 days; the last 90 where neither is given.

    `names`: what the parameters are called.
    """
    try:
        if since is None:
            until = until or clock.now()
            since = until - SPAN
        elif until is None:
            until = since + SPAN
    except OverflowError as error:
        raise bad(names[0] if since else names[1], _FAR) from error
    if until < since:
        text = T("不能早于 {start}。", "Cannot be before {start}.").fill(start=names[0])
        raise bad(names[1], text)
    if until - since > SPAN:
        raise bad(names[1], T("时间跨度不能超过 90 天。", "The span may not exceed 90 days."))
    return since, until


_FAR = T("时间超出范围。", "Out of range.")


def request_not_found() -> NotFound:
    """The one answer for what does not exist and for what is not public."""
    return NotFound(
        "request_unknown",
        T("没有这个诉求编号。", "There is no such service request."),
        field="service_request_id",
    )


def request_id(text: str) -> int | None:
    """The report's id; None for what cannot be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def requests(filters: PublicFilters, *, page: int, size: int) -> list[ServiceRequest]:
    """One page, newest first."""
    return _shown(public_reports(filters, offset=(page - 1) * size, limit=size))


def request(text: str) -> ServiceRequest:
    """One request; `NotFound`."""
    number = request_id(text)
    row = public_report(number) if number is not None else None
    if row is None:
        raise request_not_found()
    return _shown([row])[0]


def _shown(rows: list[dict[str, Any]]) -> list[ServiceRequest]:
    divisions = locate.locate_index() if rows else None
    codes: dict[int, str] = {}
    agencies: dict[int | None, str | None] = {None: None}
    shown: list[ServiceRequest] = []
    for row in rows:
        found = catalogue.class_by_id(row["case__case_class_id"])
        lead = row["case__lead_org_id"]
        if lead not in agencies:
            org = people.organisation(lead)
            agencies[lead] = T(org.name, org.name_en or org.name).said() if org else None
        place = (
            row["case__grid_id"] or row["case__village_id"]
            or row["case__town_id"] or row["case__district_id"]
        )  # fmt: skip
        if place not in codes and divisions is not None:
            codes[place] = divisions.chain(place).path.rsplit(".", 1)[-1]
        reply = row["case__reply__text"]
        shown.append(
            ServiceRequest(
                service_request_id=str(row["id"]),
                status="closed" if row["case__closed_at"] else "open",
                status_notes=mask(reply) if reply else None,
                service_name=found.name.said(),
                service_code=found.code,
                description=mask(row["description"]),
                agency_responsible=agencies[lead],
                service_notice=_notice(found, row["case__condition_id"]),
                requested_datetime=w3c(row["received_at"]),
                updated_datetime=w3c(row["case__updated_at"]),
                expected_datetime=w3c(row["case__handle_due_at"] or row["case__due_at"]),
                address=mask(row["address"]) or None,
                address_id=codes[place],
                zipcode=None,
                lat=row["lat"],
                long=row["lon"],
                media_url=row["media_url"] or None,
            )
        )
    return shown


def _notice(found: CaseClassInfo, condition_id: int | None) -> str | None:
    """What will have been done when the case is closed: its closing condition."""
    for condition in found.conditions if condition_id else ():
        if condition.id == condition_id:
            return condition.closing.said()
    return None


def updates(
    since: datetime | None,
    until: datetime | None,
    ids: list[int] | None,
    *,
    page: int,
    size: int,
) -> list[Update]:
    """One page, newest first; see `cases.queries.open311.public_updates`."""
    found = public_updates(since, until, ids, offset=(page - 1) * size, limit=size)
    return [
        Update(
            update_id=f"{update.event_id}-{update.report_id}",
            service_request_id=str(update.report_id),
            status="closed" if update.stage in _ENDED else "open",
            updated_datetime=w3c(update.at),
            description=STAGE_NAMES[Stage(update.stage)].said()
            if update.words is None
            else mask(update.words),
        )
        for update in found
    ]
