"""HTTP shapes of standard texts."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from mengding.http.auth import allows
from mengding.http.paging import Paging, paginate
from mengding.http.versions import versioned, wanted_version
from mengding.people.api.caller import caller
from mengding.phrases import actions, queries
from mengding.phrases.actions import PhraseData
from mengding.phrases.models import Phrase
from mengding.phrases.variables import USES, VARIABLES

router = Router(tags=["phrases"])


class Filled(Schema):
    """A text ready to be put into a field, in the reader's language."""

    id: int
    code: str
    verb: str
    title: str
    text: str = Field(examples=["您反映的路灯问题（C0137202611240012）已派综合行政执法局处理。"])
    missing: list[str] = Field(description="Variables without a fact; a blank stands for each.")


class FilledList(Schema):
    """The texts for one use, those of the own organisation first."""

    items: list[Filled]


class Use(Schema):
    """Which texts, and for which case."""

    verb: str = Field(max_length=20, examples=["reply"])
    case: int | None = Field(None, ge=1, le=2**63 - 1, description="Fill with its facts.")


class PhraseOut(Schema):
    """One text as it is configured."""

    id: int
    code: str
    verb: str
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    organisation_id: int | None = Field(description="null: the whole district")
    organisation_name: str | None
    active: bool
    version: int
    updated_at: datetime
    mine: bool = Field(description="Whether I may change it.")


class PhrasePage(Schema):
    """A page of texts by code."""

    items: list[PhraseOut]
    next: str | None


class PhraseFilter(Schema):
    """Filters; all that are given hold."""

    verb: str = Field("", max_length=20)
    q: str = Field("", max_length=100, description="Part of the code, a title or a text.")
    active: bool | None = None


class PhraseIn(Schema):
    """A text to keep. `code` is made from the verb when it is empty, and fixed afterwards."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "verb": "reply",
                "title_zh": "已派单",
                "title_en": "Sent to a department",
                "text_zh": "您反映的{class}问题已派{org}处理，我们会在{due}前回复您。",
                "text_en": "Your report about {class} went to {org}.",
                "organisation": None,
            }
        },
    )

    verb: str = Field(max_length=20)
    title_zh: str = Field(max_length=200)
    title_en: str = Field("", max_length=400)
    text_zh: str = Field(max_length=4000)
    text_en: str = Field("", max_length=4000)
    code: str = Field("", max_length=60)
    organisation: int | None = Field(None, ge=1, le=2**63 - 1)
    version: int | None = Field(None, ge=1, description="The version changed; see If-Match.")

    def data(self) -> PhraseData:
        """The text as actions want it."""
        return PhraseData(**self.model_dump(exclude={"version"}))


class PhraseVersionIn(Schema):
    """The version the caller knows."""

    version: int | None = Field(None, ge=1, examples=[1])


class VariableOut(Schema):
    """A variable, what it is called and what it looks like."""

    name: str
    label: str
    sample_zh: str
    sample_en: str


class UseOut(Schema):
    """What a text may be used for."""

    verb: str
    label: str


class Vocabulary(Schema):
    """What a text may be about."""

    variables: list[VariableOut]
    uses: list[UseOut]


@router.get("/phrases", response=FilledList, operation_id="phrases_use", summary="可用用语 Texts")
@allows("phrases.read")
def use_phrases(request: HttpRequest, wanted: Query[Use]) -> dict[str, Any]:
    """The texts my post may use for a verb, filled with the facts of a case."""
    return {"items": queries.usable(caller(request), wanted.verb, wanted.case)}


@router.get(
    "/phrases/all", response=PhrasePage, operation_id="phrases_list", summary="用语维护 All texts"
)
@allows("phrases.edit")
def list_phrases(
    request: HttpRequest, paging: Query[Paging], narrow: Query[PhraseFilter]
) -> dict[str, Any]:
    """All texts by code, retired ones too."""
    actor = caller(request)
    rows = queries.configured(actor, verb=narrow.verb, words=narrow.q, active=narrow.active)
    items, after = paginate(rows, "code", str, cursor=paging.cursor, limit=paging.limit)
    for row in items:
        row["mine"] = queries.manageable(actor, row["organisation_id"])
    return {"items": items, "next": after}


@router.get(
    "/phrases/variables", response=Vocabulary, operation_id="phrases_variables",
    summary="用语变量 Variables",
)  # fmt: skip
@allows("phrases.edit")
def list_variables(request: HttpRequest) -> dict[str, Any]:
    """The variables a text may hold and the verbs it may be used for."""
    return {
        "variables": [
            {
                "name": name,
                "label": each.label.said(),
                "sample_zh": each.sample.zh,
                "sample_en": each.sample.en,
            }
            for name, each in VARIABLES.items()
        ],
        "uses": [{"verb": verb, "label": label.said()} for verb, label in USES.items()],
    }


def _out(request: HttpRequest, row: Phrase) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in PhraseOut.model_fields if hasattr(row, name)},
        "organisation_name": row.organisation.name if row.organisation else None,
        "mine": queries.manageable(caller(request), row.organisation_id),
    }


@router.post(
    "/phrases", response={201: PhraseOut}, operation_id="phrases_create", summary="新增用语 Add"
)
@allows("phrases.edit")
def create_phrase(request: HttpRequest, data: PhraseIn) -> Status[dict[str, Any]]:
    """A new text. An unknown variable is refused by name."""
    return Status(201, _out(request, actions.create(caller(request), data.data())))


@router.put(
    "/phrases/{int:phrase_id}", response=PhraseOut, operation_id="phrases_update",
    summary="修改用语 Change",
)  # fmt: skip
@allows("phrases.edit")
@versioned
def update_phrase(request: HttpRequest, phrase_id: int, data: PhraseIn) -> dict[str, Any]:
    """Replace a text. What it was used for stays as it was written."""
    version = wanted_version(request, data.version)
    return _out(request, actions.update(caller(request), phrase_id, data.data(), version=version))


@router.post(
    "/phrases/{int:phrase_id}/retire", response=PhraseOut, operation_id="phrases_retire",
    summary="停用 Retire",
)  # fmt: skip
@allows("phrases.edit")
@versioned
def retire_phrase(request: HttpRequest, phrase_id: int, data: PhraseVersionIn) -> dict[str, Any]:
    """Nobody is offered the text any more."""
    return _set_active(request, phrase_id, data, active=False)


@router.post(
    "/phrases/{int:phrase_id}/restore", response=PhraseOut, operation_id="phrases_restore",
    summary="恢复使用 Bring back",
)  # fmt: skip
@allows("phrases.edit")
@versioned
def restore_phrase(request: HttpRequest, phrase_id: int, data: PhraseVersionIn) -> dict[str, Any]:
    """Offer a retired text again."""
    return _set_active(request, phrase_id, data, active=True)


def _set_active(
    request: HttpRequest, phrase_id: int, data: PhraseVersionIn, *, active: bool
) -> dict[str, Any]:
    version = wanted_version(request, data.version)
    row = actions.set_active(caller(request), phrase_id, active=active, version=version)
    return _out(request, row)
