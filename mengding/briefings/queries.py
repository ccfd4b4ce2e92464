"""Reading briefings: those of divisions inside the actor's area."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from django.db.models import Max, Q, QuerySet

from mengding.briefings.blocks import printable
from mengding.briefings.changes import changes
from mengding.briefings.filling import RATES, ZONE, Filler, days_of
from mengding.briefings.models import Briefing, Schedule, Template
from mengding.briefings.template import check
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.evidence.store import store
from mengding.people.queries import known_names
from mengding.policy.permissions import require
from mengding.regions import queries as regions
from mengding.regions.models import Region

_GONE = T("没有这份简报。", "There is no such briefing.")


def names(ids: set[int]) -> dict[int, str]:
    """How the ledger calls briefings."""
    return {
        row.pk: f"{row.get_kind_display()} {row.since}"
        for row in Briefing.objects.filter(pk__in=ids)
    }


def template_names(ids: set[int]) -> dict[int, str]:
    """How the ledger calls templates."""
    return {row.pk: f"{row.name} v{row.version}" for row in Template.objects.filter(pk__in=ids)}


def templates() -> list[Template]:
    """The newest version of each."""
    newest = Template.objects.values("code").annotate(newest=Max("version"))
    wanted = Q(pk__in=[])
    for row in newest:
        wanted |= Q(code=row["code"], version=row["newest"])
    return list(Template.objects.filter(wanted).order_by("code"))


def template(code: str) -> Template:
    """The newest version of one."""
    found = Template.objects.filter(code=code).order_by("-version").first()
    if found is None:
        raise NotFound("template_unknown", T("没有这个模板。", "There is no such template."))
    return found


def versions(code: str) -> list[dict[str, Any]]:
    """Every version of a template, newest first, with what changed in it."""
    rows = list(Template.objects.filter(code=code).order_by("version"))
    if not rows:
        raise NotFound("template_unknown", T("没有这个模板。", "There is no such template."))
    before: list[Template | None] = [None, *rows[:-1]]
    found = []
    for was, row in zip(before, rows, strict=True):
        said = changes(was.spec if was else None, row.spec)
        if was is not None and was.name != row.name:
            said = [T("改了名称", "Changed the name"), *said]
        found.append({
            "version": row.version, "name": row.name, "kind": row.kind, "spec": row.spec,
            "created_at": row.created_at, "changed": said,
        })  # fmt: skip
    return found[::-1]


def preview(actor: Actor, *, kind: str, spec: Any) -> dict[str, Any]:
    """What a template would give for the actor's own division and the period that is over now.

    Nothing is kept. `Invalid` names the place in the template.
    """
    require(actor, "briefings.templates")
    ready = check(printable(spec), RATES)
    place = Region.objects.get(pk=actor.region_id or 0)
    days = days_of(kind, clock.now().astimezone(ZONE).date())
    return Filler(place, kind, days).fill(ready).to_json()


def schedules(actor: Actor) -> list[Schedule]:
    """Those of divisions in the actor's area."""
    require(actor, "briefings.read")
    rows = Schedule.objects.filter(region__in=regions.area(actor)).select_related("region")
    return list(rows.order_by("template_code", "region__code"))


def visible(actor: Actor) -> QuerySet[Briefing]:
    """Of divisions in the actor's area, without their documents."""
    require(actor, "briefings.read")
    return (
        Briefing.objects.filter(region__in=regions.area(actor))
        .select_related("region", "template")
        .defer("document", "region__boundary", "template__spec")
    )


def briefing(actor: Actor, briefing_id: int) -> Briefing:
    """One; `NotFound` also for what lies outside the actor's area."""
    found = visible(actor).defer(None).select_related("remark").filter(pk=briefing_id).first()
    if found is None:
        raise NotFound("briefing_unknown", _GONE)
    return found


def whole(row: Briefing) -> dict[str, Any]:
    """The document with the editor's words in front."""
    document = dict(row.document)
    if row.remark is not None and row.remark.text:
        words = {"kind": "paragraph", "text": row.remark.text}
        document["blocks"] = [words, *document["blocks"]]
    return document


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of a document."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def shown_digest(row: Briefing) -> str:
    """Of all that a reader is shown, the editor's words too."""
    return digest(whole(row))


def file_of(row: Briefing, kind: Literal["pdf", "docx"]) -> bytes | None:
    """The kept file of a signed briefing; None of a draft."""
    sha256 = row.pdf_sha256 if kind == "pdf" else row.docx_sha256
    if not sha256:
        return None
    with store().get(key_of(sha256)) as file:
        return file.read()


def key_of(sha256: str) -> str:
    """Where a briefing's file is kept."""
    return f"briefings/{sha256[:2]}/{sha256}"


def people_of(rows: list[Briefing]) -> dict[int, str]:
    """Names of who made and signed them."""
    ids = {pk for row in rows for pk in (row.made_by, row.signed_by) if pk is not None}
    return known_names(ids)
