"""The objects of GeoReport v2, fields in the order of the standard. Pure.

Times are text already (W3C, +08:00), because both formats write them alike. None is `null` in
JSON and an empty element in XML.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

SHANGHAI = ZoneInfo("Asia/Shanghai")


def w3c(moment: datetime | None) -> str | None:
    """The instant in China Standard Time, to the second, with its offset."""
    return moment.astimezone(SHANGHAI).isoformat(timespec="seconds") if moment else None


class Endpoint(msgspec.Struct):
    """One interface of this server. `type`: production or test."""

    specification: str
    url: str
    changeset: str | None
    type: str
    formats: list[str]


class Discovery(msgspec.Struct):
    changeset: str | None
    contact: str
    key_service: str
    endpoints: list[Endpoint]


class Service(msgspec.Struct):
    """One class of matters. `keywords` separated by commas; `group`: the class above."""

    service_code: str
    service_name: str
    description: str
    metadata: bool
    type: str
    keywords: str
    group: str


class Value(msgspec.Struct):
    key: str
    name: str


class Attribute(msgspec.Struct):
    """One further question. `datatype` as in the standard; `values` for the two list types."""

    variable: bool
    code: str
    datatype: str
    required: bool
    datatype_description: str | None
    order: int
    description: str
    values: list[Value] = []


class Definition(msgspec.Struct):
    service_code: str
    attributes: list[Attribute]


class Posted(msgspec.Struct):
    """The answer to a new request."""

    service_request_id: str
    service_notice: str | None
    account_id: str | None = None


class Issued(msgspec.Struct):
    """The answer to a token."""

    service_request_id: str
    token: str


class ServiceRequest(msgspec.Struct):
    """One report as the public sees it. `lat`/`long` in degrees, WGS-84."""

    service_request_id: str
    status: str
    status_notes: str | None
    service_name: str
    service_code: str
    description: str
    agency_responsible: str | None
    service_notice: str | None
    requested_datetime: str | None
    updated_datetime: str | None
    expected_datetime: str | None
    address: str | None
    address_id: str | None
    zipcode: str | None
    lat: float | None
    long: float | None
    media_url: str | None


class Update(msgspec.Struct):
    """Something that happened to a request. `status`: after it."""

    update_id: str
    service_request_id: str
    status: str
    updated_datetime: str | None
    description: str
    media_url: str | None = None


class PostedUpdate(msgspec.Struct):
    update_id: str


class Error(msgspec.Struct):
    """`code`: the HTTP status."""

    code: int
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a resource answers: one object, or a list of `item` elements inside `root`."""

    root: str
    body: msgspec.Struct | list[msgspec.Struct]
    item: str = ""
    status: int = 200
