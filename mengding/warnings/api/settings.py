"""/warnings/settings: what a district may set, its history, what other values would have given."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from mengding.http.auth import allows
from mengding.http.fast import json_response
from mengding.people.api.caller import caller
from mengding.warnings import actions, queries

router = Router(tags=["warnings"])
_EXAMPLE = {"kinds": {"repeat": {"on": True, "days": 30, "least": 4}}, "without": ["E0110"]}


class WarningLimit(Schema):
    """One setting: as shipped, its least and its most; `whole`: a whole number."""

    name: str
    shipped: float
    least: float
    most: float
    whole: bool


class WarningClass(Schema):
    """A class that warnings look at."""

    code: str
    name: Any


class SettingChange(Schema):
    """One field that a version changed."""

    field: str
    before: Any
    after: Any


class SettingsVersion(Schema):
    """One version: who made it and what it changed."""

    version: int
    made_at: datetime
    made_by: str | None
    changes: list[SettingChange]


class WarningSettings(Schema):
    """In force (version 0: as shipped), what may be set, and the history, newest first."""

    version: int
    document: dict[str, Any]
    limits: dict[str, list[WarningLimit]]
    classes: list[WarningClass]
    history: list[SettingsVersion]


class WarningSettingsIn(Schema):
    """The next version. What is not named is as shipped. `version`: the one it was made from."""

    version: int = Field(ge=0, le=2**31 - 1, examples=[0])
    document: dict[str, Any] = Field(examples=[_EXAMPLE])


class SettingsTrialIn(Schema):
    """Settings to try. `kinds`: only these; none: all."""

    document: dict[str, Any] = Field(examples=[_EXAMPLE])
    kinds: list[str] = Field([], max_length=6, examples=[["repeat"]])


class SettingsTrialRow(Schema):
    """Warnings of one kind that the days would have given, with these settings and with those in
    force."""

    kind: str
    tried: int
    current: int


class SettingsTrial(Schema):
    """A trial: waiting, running, done, cancelled or failed, with its progress (`done` of `total`)
    and the kinds counted so far (`counting`: the one just now), over so many days up to now.

    `document`: what is tried; `changes`: how it differs from version `against`, in force when it
    was asked for. `mine`: asked for by who reads this. `error`: why it failed. `worker`: whether
    there is a worker; where there is none it waits."""

    id: int
    state: str
    done: int
    total: int
    days: int
    kinds: list[str]
    items: list[SettingsTrialRow]
    counting: str | None
    against: int
    document: dict[str, Any]
    changes: list[SettingChange]
    asked_at: datetime
    asked_by: str | None
    mine: bool
    finished_at: datetime | None
    error: str | None
    worker: bool


class NewestTrial(Schema):
    """The one that matters to me, if any."""

    trial: SettingsTrial | None


@router.get("/warnings/settings", response=WarningSettings, operation_id="warnings_settings")
@allows("warnings.configure")
def get_settings(request: HttpRequest) -> Any:
    """The settings of my district."""
    return json_response(queries.settings(caller(request)))


@router.post(
    "/warnings/settings",
    response={201: WarningSettings},
    operation_id="warnings_settings_publish",
)
@allows("warnings.configure")
def publish_settings(request: HttpRequest, data: WarningSettingsIn) -> Status[dict[str, Any]]:
    """Publish the next version; in force at once."""
    actor = caller(request)
    actions.publish(actor, data.document, version=data.version)
    return Status(201, queries.settings(actor))


@router.post(
    "/warnings/settings/preview",
    response={202: SettingsTrial},
    operation_id="warnings_settings_preview",
)
@allows("warnings.configure")
def preview_settings(request: HttpRequest, data: SettingsTrialIn) -> Status[dict[str, Any]]:
    """Have it counted how many warnings the last 90 days would have given; changes nothing.

    The worker does it: ask for the trial until its state is done. One at a time for a district:
    asking for other settings replaces one's own, and is a conflict while a colleague's is under
    way, whose id is `existing`."""
    actor = caller(request)
    row = actions.ask(actor, data.document, data.kinds)
    return Status(202, queries.trial(actor, row.pk))


@router.get(
    "/warnings/settings/preview",
    response=NewestTrial,
    operation_id="warnings_settings_previews",
)
@allows("warnings.configure")
def newest_preview(request: HttpRequest) -> Any:
    """The trial under way in my district, whoever asked for it; else my own last."""
    return json_response({"trial": queries.newest_trial(caller(request))})


@router.get(
    "/warnings/settings/preview/{int:trial_id}",
    response=SettingsTrial,
    operation_id="warnings_settings_preview_get",
)
@allows("warnings.configure")
def get_preview(request: HttpRequest, trial_id: int) -> Any:
    """How far a trial of my district is, and what it counted."""
    return json_response(queries.trial(caller(request), trial_id))


@router.post(
    "/warnings/settings/preview/{int:trial_id}/cancel",
    response=SettingsTrial,
    operation_id="warnings_settings_preview_cancel",
)
@allows("warnings.configure")
def cancel_preview(request: HttpRequest, trial_id: int) -> Any:
    """Call off a trial of one's own; one that has ended stays as it is."""
    actor = caller(request)
    actions.call_off(actor, trial_id)
    return json_response(queries.trial(actor, trial_id))
