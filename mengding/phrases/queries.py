"""Reading standard texts: those to configure, and those to use, filled for one case."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet

from mengding.cases import queries as cases
from mengding.cases.models import Case
from mengding.cases.stages import STAGE_NAMES, Stage
from mengding.catalogue import queries as catalogue
from mengding.core import clock
from mengding.core.actor import Actor, ActorKind, Level
from mengding.core.errors import Invalid, NotFound
from mengding.core.text import T, language
from mengding.people import queries as people
from mengding.phrases.models import Phrase
from mengding.phrases.variables import USES, fill
from mengding.policy.permissions import in_area
from mengding.regions import locate

_LOCAL = ZoneInfo("Asia/Shanghai")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LISTED = (
    *("id", "code", "verb", "title_zh", "title_en", "text_zh", "text_en", "organisation_id"),
    *("active", "version", "updated_at"),
)


def manageable(actor: Actor, organisation_id: int | None) -> bool:
    """Whether texts of this organisation (None: of the whole district) lie in the actor's area."""
    if actor.kind is ActorKind.SYSTEM or actor.level is Level.DISTRICT:
        return True
    owner = people.organisation(organisation_id) if organisation_id else None
    return owner is not None and in_area(actor, locate.chain(owner.region_id))


def configured(
    actor: Actor, *, verb: str = "", words: str = "", active: bool | None = None
) -> QuerySet[Phrase, dict[str, Any]]:
    """All texts, retired ones too, as dictionaries; everything that is given holds.

    Texts are no secret between the centres of a district, so all are listed; `manageable` says
    which of them the actor may change.
    """
    rows = Phrase.objects.all()
    if verb:
        rows = rows.filter(verb=known_use(verb))
    if active is not None:
        rows = rows.filter(active=active)
    if words := words.strip():
        rows = rows.filter(
            Q(code__icontains=words)
            | Q(title_zh__icontains=words)
            | Q(title_en__icontains=words)
            | Q(text_zh__icontains=words)
            | Q(text_en__icontains=words)
        )
    found: QuerySet[Phrase, dict[str, Any]] = rows.values(
        *_LISTED, organisation_name=F("organisation__name")
    )
    return found


def known_use(verb: str) -> str:
    """The verb; `Invalid` when no text can be used for it."""
    if verb not in USES:
        raise Invalid(
            "verb_unknown",
            T("没有“{verb}”这个用途。", "There is no use “{verb}”.").fill(verb=verb[:20]),
            field="verb",
        )
    return verb


def usable(actor: Actor, verb: str, case_id: int | None = None) -> list[dict[str, Any]]:
    """The texts a post may use for a verb, in the reader's language, the own ones first.

    With a case they are filled with its facts; `missing` names variables it has no fact for
    (a blank stands in their place). Raises NotFound for a case the actor may not see.
    """
    rows = Phrase.objects.filter(verb=known_use(verb), active=True)
    rows = rows.filter(Q(organisation=None) | Q(organisation__in=_own_and_above(actor)))
    facts = facts_of(cases.get_case(actor, case_id)) if case_id is not None else None
    lang = language.get()
    found: list[dict[str, Any]] = []
    for row in rows.order_by(F("organisation").desc(nulls_last=True), "code"):
        text = (row.text_en if lang == "en" else "") or row.text_zh
        filled, missing = (text, []) if facts is None else fill(text, facts, lang)
        found.append(
            {
                "id": row.pk,
                "code": row.code,
                "verb": row.verb,
                "title": (row.title_en if lang == "en" else "") or row.title_zh,
                "text": filled,
                "missing": missing,
            }
        )
    return found


def _own_and_above(actor: Actor) -> list[int]:
    """The actor's organisation and those above it."""
    known = people.tree()
    found: list[int] = []
    at = actor.org_id
    while at is not None and at not in found:
        found.append(at)
        org = known.by_id.get(at)
        at = org.parent_id if org else None
    return found


def one(phrase_id: int) -> Phrase:
    """One text; raises NotFound."""
    row = Phrase.objects.filter(pk=phrase_id).first()
    if row is None:
        raise NotFound("phrase_not_found", T("没有这条用语。", "There is no such text."))
    return row


def facts_of(case: Case) -> dict[str, T]:
    """What the variables stand for in one case; nothing about the person who reported it."""
    names = locate.names(case.grid_id or case.village_id or case.town_id or case.district_id)
    # The village, not its committee: 蒙山村村委会 → 蒙山村, 永兴社区居委会 → 永兴社区.
    region = "".join(name.removesuffix("村委会").removesuffix("居委会") for name in names[1:])
    facts = {
        "case_number": _same(case.number or f"#{case.pk}"),
        "region": _same(region),
        "place": _same(case.address or region),
        "stage": STAGE_NAMES[Stage(case.stage)],
        "reported": _day(case.reported_at),
        "today": _day(clock.now()),
    }
    if case.case_class_id:
        facts["class"] = catalogue.class_by_id(case.case_class_id).name
    for name, org_id in (
        ("org", case.lead_org_id or case.proposed_org_id),
        ("centre", case.owner_org_id),
    ):
        if org := people.organisation(org_id) if org_id else None:
            facts[name] = T(org.name, org.name_en or org.name)
    if due := case.handle_due_at or case.due_at:
        local = due.astimezone(_LOCAL)
        facts["due"] = T(f"{_day(due).zh} {local:%H:%M}", f"{_day(due).en} {local:%H:%M}")
    return facts


def _same(text: str) -> T:
    return T(text, text)


def _day(moment: datetime) -> T:
    local = moment.astimezone(_LOCAL)
    return T(f"{local.month}月{local.day}日", f"{local.day} {_MONTHS[local.month - 1]}")
