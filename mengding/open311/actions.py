"""What comes in: new requests, and updates from other systems."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from django.db import IntegrityError, transaction

from mengding.cases import actions as cases
from mengding.cases.actions import Message
from mengding.cases.contacts import ContactData
from mengding.cases.models import Report
from mengding.cases.queries.open311 import public_case_of
from mengding.cases.stages import Channel
from mengding.catalogue.queries import CaseClassInfo
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.evidence.actions import attach_own
from mengding.evidence.models import Purpose
from mengding.open311.models import RemoteUpdate
from mengding.open311.queries import request_not_found
from mengding.policy.permissions import require

MOST_MEDIA = 5


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request as posted, every part checked by itself."""

    service: CaseClassInfo
    description: str
    lat: float | None
    lon: float | None
    address: str
    address_id: str
    attributes: dict[str, Any]
    contact: ContactData
    media_url: str


def post_request(
    actor: Actor, new: NewRequest, media: Iterable[tuple[str, IO[bytes]]] = ()
) -> Report:
    """Take a request in with its photos, or nothing at all.

    Raises `Invalid` naming the field, `NotAllowed` when the key may not take reports there.
    """
    with transaction.atomic():
        report = cases.receive(
            actor,
            Message(
                text=new.description,
                channel=Channel.OPEN311,
                class_code=new.service.code,
                lon=new.lon,
                lat=new.lat,
                address=new.address,
                region_code=new.address_id or None,
                contact=new.contact,
                source="open311",
                attributes=new.attributes,
                media_url=new.media_url,
            ),
        )
        for count, (name, file) in enumerate(media, 1):
            if count > MOST_MEDIA:
                raise Invalid(
                    "media_many",
                    T("最多 {n} 个文件。", "At most {n} files.").fill(n=MOST_MEDIA),
                    field="media",
                )
            attach_own(actor, "case", report.case_id, file, Purpose.REPORT, name=name)
    return report


@dataclass(frozen=True, slots=True)
class NewUpdate:
    """What another system says about a request. `status`, `updated_at`: as it sees them."""

    report_id: int
    update_id: str
    description: str
    status: str = ""
    updated_at: datetime | None = None
    media_url: str = ""


@transaction.atomic
def post_update(actor: Actor, new: NewUpdate) -> RemoteUpdate:
    """Note on the case what another system says; see the package on why it is a note.

    Raises `NotAllowed`, `NotFound` for a request the public does not see, `Invalid` naming
    `update_id` when this key has sent it before.
    """
    require(actor, "case.note")
    assert actor.account_id is not None  # every token hangs on an account's post
    case_id = public_case_of(new.report_id)
    if case_id is None:
        raise request_not_found()
    try:
        with transaction.atomic():
            update = RemoteUpdate.objects.create(
                account_id=actor.account_id,
                update_id=new.update_id,
                report_id=new.report_id,
                status=new.status,
                updated_at=new.updated_at,
                received_at=clock.now(),
            )
    except IntegrityError as error:
        if "remote_update_once" not in str(error):
            raise
        raise Invalid(
            "update_repeated",
            T("更新 {id} 已经收到过。", "Update {id} was received before.").fill(id=new.update_id),
            field="update_id",
        ) from error
    head = f"Open311 {new.update_id}" + (f" ({new.status})" if new.status else "")
    words = [head, new.description, new.media_url]
    cases.note(actor, case_id, text="\n".join(part for part in words if part))
    return update
