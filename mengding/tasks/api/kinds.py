"""The task catalogue: kinds, kinds of places, checklists."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema
from pydantic import ConfigDict

from mengding.http.auth import allows
from mengding.people.api.caller import caller
from mengding.tasks.actions import editions as actions
from mengding.tasks.queries import editions as queries

router = Router()


class TaskCode(Schema):
    """A code with its texts."""

    code: str = Field(max_length=40)
    zh: str = Field(max_length=200)
    en: str = Field(max_length=400)


class TaskRule(Schema):
    """An event of the ledger that completes a task. Empty lists: any."""

    action: str = Field(max_length=48, examples=["case.receive"])
    classes: list[str] = Field([], max_length=50, description="Beginnings of class codes.")
    without: list[str] = Field([], max_length=50, description="Beginnings that do not count.")
    channels: list[str] = Field([], max_length=20)
    roles: list[str] = Field([], max_length=20)


class KindIn(Schema):
    """A kind of task without its code."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "zh": "入户走访",
                "en": "Household visit",
                "record": "visit",
                "purposes": [{"code": "notice", "zh": "送达通知", "en": "Deliver a notice"}],
                "results": [{"code": "met", "zh": "已见面", "en": "Met"}],
                "base": 1,
            }
        },
    )

    zh: str = Field(max_length=200, examples=["入户走访"])
    en: str = Field(max_length=400, examples=["Household visit"])
    hint_zh: str = Field("", max_length=400)
    hint_en: str = Field("", max_length=400)
    icon: str = Field("", max_length=20)
    record: str = Field(max_length=12, examples=["visit"])
    credited_by: list[TaskRule] = []
    purposes: list[TaskCode] = []
    results: list[TaskCode] = []
    active: bool = True
    base: int = Field(ge=0, description="The version of the catalogue this was made from.")


class KindOut(Schema):
    """A kind of task."""

    code: str
    zh: str
    en: str
    hint_zh: str
    hint_en: str
    icon: str
    record: str
    credited_by: list[TaskRule]
    purposes: list[TaskCode]
    results: list[TaskCode]
    active: bool


class ItemShape(TaskCode):
    """One question of a checklist; `class_code`, `words`: the case a "no" becomes."""

    class_code: str = Field(max_length=12, examples=["E0703"])
    words: str = Field(max_length=400)


class ChecklistIn(Schema):
    """A checklist without its code."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "zh": "消火栓检查",
                "en": "Hydrant check",
                "items": [
                    {
                        "code": "hose",
                        "zh": "水带齐全",
                        "en": "Hose present",
                        "class_code": "E0703",
                        "words": "水带缺失",
                    }
                ],
                "base": 1,
            }
        },
    )

    zh: str = Field(max_length=200, examples=["消火栓检查"])
    en: str = Field(max_length=400, examples=["Hydrant check"])
    items: list[ItemShape]
    base: int = Field(ge=0, description="The version of the catalogue this was made from.")


class ChecklistOut(Schema):
    """A checklist."""

    code: str
    zh: str
    en: str
    items: list[ItemShape]


class PlaceKindIn(Schema):
    """A kind of places without its code."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "zh": "消火栓",
                "en": "Fire hydrant",
                "checklist": "hydrant",
                "task": "key_place",
                "every_days": 30,
                "base": 1,
            }
        },
    )

    zh: str = Field(max_length=200, examples=["消火栓"])
    en: str = Field(max_length=400, examples=["Fire hydrant"])
    checklist: str = Field(max_length=40, examples=["hydrant"])
    task: str = Field(max_length=40, examples=["key_place"])
    every_days: int = Field(examples=[30])
    base: int = Field(ge=0, description="The version of the catalogue this was made from.")


class PlaceKindOut(TaskCode):
    """What is inspected: with which checklist, as which task, every how many days."""

    checklist: str
    task: str
    every_days: int


class CareShape(Schema):
    """What care visits may be for, how consent may be given, what may come of a visit."""

    scopes: list[TaskCode]
    ways: list[TaskCode]
    results: list[TaskCode]
    service_class: str


class TaskCatalogueOut(Schema):
    """The catalogue in force. `edition` 0: the bundled one, not in force yet."""

    edition: int
    title_zh: str
    title_en: str
    kinds: list[KindOut]
    place_kinds: list[PlaceKindOut]
    checklists: list[ChecklistOut]
    care: CareShape
    recheck_days: int


class TaskEdition(Schema):
    """A version of the catalogue."""

    version: int
    made_at: datetime
    made_by: int | None


class TaskEditionList(Schema):
    """Newest first."""

    items: list[TaskEdition]


def _shown() -> dict[str, Any]:
    known = queries.editions(1)
    return {**queries.document(), "edition": known[0]["version"] if known else 0}


@router.get(
    "/task-catalogue", response=TaskCatalogueOut, operation_id="task_catalogue",
    summary="任务目录 Task catalogue",
)  # fmt: skip
@allows("tasks.read")
def read_catalogue(request: HttpRequest) -> dict[str, Any]:
    """The catalogue in force, in both languages: the field app keeps it for offline use."""
    return _shown()


@router.get(
    "/task-catalogue/editions", response=TaskEditionList, operation_id="task_catalogue_editions",
    summary="目录版本 Editions",
)  # fmt: skip
@allows("tasks.configure")
def list_editions(request: HttpRequest) -> dict[str, Any]:
    """The last 50 versions."""
    return {"items": queries.editions()}


@router.put(
    "/task-catalogue/kinds/{code}", response=TaskCatalogueOut,
    operation_id="task_catalogue_put_kind", summary="任务类型 Put a kind",
)  # fmt: skip
@allows("tasks.configure")
def put_kind(request: HttpRequest, code: str, data: KindIn) -> dict[str, Any]:
    """Replace or add a kind; the whole becomes the next version."""
    return _put(request, "kinds", code, data.model_dump())


@router.put(
    "/task-catalogue/checklists/{code}", response=TaskCatalogueOut,
    operation_id="task_catalogue_put_checklist", summary="检查清单 Put a checklist",
)  # fmt: skip
@allows("tasks.configure")
def put_checklist(request: HttpRequest, code: str, data: ChecklistIn) -> dict[str, Any]:
    """Replace or add a checklist; inspections made keep the version they were made with."""
    return _put(request, "checklists", code, data.model_dump())


@router.put(
    "/task-catalogue/place-kinds/{code}", response=TaskCatalogueOut,
    operation_id="task_catalogue_put_place_kind", summary="场所类型 Put a kind of places",
)  # fmt: skip
@allows("tasks.configure")
def put_place_kind(request: HttpRequest, code: str, data: PlaceKindIn) -> dict[str, Any]:
    """Replace or add a kind of places."""
    return _put(request, "place_kinds", code, data.model_dump())


def _put(request: HttpRequest, part: str, code: str, data: dict[str, Any]) -> dict[str, Any]:
    base = data.pop("base")
    actions.put_part(caller(request), part, code, data, base=base)
    return _shown()
