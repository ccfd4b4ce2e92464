"""Every operation × every role × inside and outside of the post's area, against `matrix.TABLE`."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client

from mengding.briefings import actions as briefings
from mengding.cases import actions as cases
from mengding.cases.models import Approval, Report
from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, org, report, spot, who
from mengding.clocks.models import Clock
from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor
from mengding.core.cache import forget_everything
from mengding.core.clock import now
from mengding.demo.secrets import token as demo_token
from mengding.duty import actions as duty
from mengding.escalation.models import Alarm
from mengding.evidence import actions as evidence
from mengding.evidence.models import Purpose
from mengding.http.api import declared
from mengding.outreach import actions as outreach
from mengding.outreach.actions import MaterialData
from mengding.people import actions as people
from mengding.people.models import Account, Organisation, Post
from mengding.people.queries import actor_in_post
from mengding.phrases.models import Phrase
from mengding.policy.permissions import ROLES
from mengding.regions.models import Region
from mengding.resources import actions as resources
from mengding.resources import checking
from mengding.resources.actions import ResourceData
from mengding.scores import actions as evaluation
from mengding.scores import periods
from mengding.scores import queries as scores
from mengding.scores.tests import made as month_of_work
from mengding.supervision.models import Demand
from mengding.tasks.tests.made import field_work
from mengding.urls import api
from mengding.warnings.models import Alert, Spot, Trial
from mengding.warnings.rules import SHIPPED, document
from tests.matrix import ADMIN, EVERY, HOME, OPEN311, PUBLIC, ROLE_OF, TABLE, WORKING, Row

VILLAGE = "511803102201"  # in the town of the demo's grid worker
ELSEWHERE = "511803105"  # another town
REFUSED = {401, 403}
HIDDEN = {403, 404}


@dataclass
class World:
    """Tokens by role letter and the ids that paths, queries and bodies are filled with."""

    home: dict[str, str]
    away: dict[str, str]
    narrow: dict[str, dict[str, str]]  # noun → role letter → token with that noun's scope only
    ids: dict[str, str]


def _post(letter: str, town: Region, index: int) -> Post:
    """A new account with this role in the other town."""
    account, _ = people.create_account(
        SYSTEM, username=f"away.{ROLE_OF[letter]}", name=f"外镇{index}", password="Away-Town-2026"
    )
    # A handler's reach is its organisation, so it gets one that has no part in the case.
    place = "dept-sanitation" if letter == "H" else f"centre-{town.code}"
    made = people.create_post(
        SYSTEM,
        account=account.pk,
        role=ROLE_OF[letter],
        organisation=Organisation.objects.get(code=place).pk,
        region=None if letter == "H" else town.pk,
    )
    return Post.objects.get(pk=made["id"] if isinstance(made, dict) else made.pk)


def _issue(post: int, name: str, scopes: list[str]) -> str:
    return people.issue_token(SYSTEM, post=post, name=name, scopes=scopes)[1]


def _build() -> World:
    case = case_at(Stage.HANDLING)
    other = report(village=VILLAGE).case
    clock = Clock.objects.filter(case_id=case.pk).earliest("pk")
    photo = evidence.attach(
        who("desk"), "case", case.pk, io.BytesIO(b"%PDF-1.4\n%%EOF\n"), Purpose.FILE, name="a.pdf"
    )
    asked = case_at(Stage.HANDLING)
    cases.request_extension(who("handler"), asked.pk, amount=1, reason="缺料")
    case_at(Stage.CLOSED)
    drawn = cases.draw_cases(
        who("supervise"), since=now() - timedelta(days=1), until=now() + timedelta(days=1), size=1
    )
    cases.supervise(who("supervise"), asked.pk, demand="今日答复")
    Spot.objects.create(code="test", name="x", region=Region.objects.get(code=VILLAGE), capacity=9)
    town = Region.objects.get(code=ELSEWHERE)
    away: dict[str, str] = {}
    narrow: dict[str, dict[str, str]] = {"regions": {}, "catalogue": {}}
    for index, letter in enumerate(ROLE_OF):
        scopes = [action for action, roles in ROLES.items() if ROLE_OF[letter] in roles]
        away[letter] = _issue(_post(letter, town, index).pk, "外镇", scopes)
        own = Post.objects.get(account__username=HOME[letter]).pk
        for noun, held in narrow.items():
            held[letter] = _issue(own, f"只有{noun}", [f"{noun}.read"])
    victim, _ = people.create_account(
        SYSTEM, username="victim", name="受试", password="Village-Post-2026"
    )
    village = Region.objects.get(code=VILLAGE)
    station = Organisation.objects.get(code=f"centre-{VILLAGE}").pk
    made = people.create_post(
        SYSTEM, account=victim.pk, role="collector", organisation=station, region=village.pk
    )
    post = made["id"] if isinstance(made, dict) else made.pk
    spare, _ = people.issue_token(SYSTEM, post=post, name="备用", scopes=["regions.read"])
    ids: dict[str, Any] = {
        "case": case.pk,
        "case_id": case.pk,
        "other_case": other.pk,
        "report": Report.objects.get(case=case).pk,
        "report_id": Report.objects.get(case=case).pk,
        "clock_id": clock.pk,
        "approval_id": Approval.objects.get(case=asked).pk,
        "draw_id": drawn.pk,
        "evidence_id": photo.pk,
        "region": village.pk,
        "org": station,
        "account": victim.pk,
        "district": Region.objects.get(code="511803").pk,
        "briefing_id": briefings.make(
            who("review"), template="day", region=Region.objects.get(code="511803").pk
        ).pk,
        "template_code": "probe",
        "post": post,
        "token": spare.pk,
        "alarm_id": Alarm.objects.create(
            kind="lag",
            key="test",
            organisation_id=case.owner_org_id,
            role="dispatcher",
            since=now(),
            raised_at=now(),
            told_at=now(),
            case=case,
        ).pk,
        "warning_id": Alert.objects.create(
            kind="repeat",
            key="test",
            region=village,
            organisation_id=case.owner_org_id,
            observed=3,
            expected=1,
            threshold=3,
            since=now(),
            until=now(),
            raised_at=now(),
            seen_at=now(),
        ).pk,
        "demand_id": Demand.objects.get(case=asked).pk,
        "phrase_id": Phrase.objects.earliest("pk").pk,
        "version": 1,
        **field_work(),
        "period_id": 1,  # none is closed
        "run_id": 1,  # somebody else's: not found
        "trial_id": Trial.objects.create(
            district=Region.objects.get(code="511803"),
            document=document(SHIPPED),
            kinds=["overdue"],
            against=0,
            total=1,
            state="done",
            asked_at=now(),
            finished_at=now(),
        ).pk,
        "look_id": 1,
        "device_id": 1,
        "filter": 1,
        "sha256": "0" * 64,  # nobody's: not found
    }
    ids |= _resource()
    ids |= _duty(village.pk, station, post)
    return World(
        home={letter: demo_token(name) for letter, name in HOME.items()},
        away=away,
        narrow=narrow,
        ids={name: str(value) for name, value in ids.items()},
    )


def _duty(village: int, station: int, post: int) -> dict[str, Any]:
    """A team of the village with a shift, a line of its roster, a swap both agreed on, leave."""
    mate, _ = people.create_account(
        SYSTEM, username="mate", name="同伴", password="Village-Post-2026"
    )
    other = people.create_post(
        SYSTEM, account=mate.pk, role="collector", organisation=station, region=village
    ).pk
    by = who("supervise")
    team = duty.save_team(by, duty.TeamData("township", "甲队", village, members=[post, other])).pk
    shift = duty.save_shift(
        by, duty.ShiftData(village, "甲班", time(8), time(18), list(range(7)))
    ).pk
    slot = duty.add_slot(by, team=team, shift=shift, post=post, day=date(2099, 1, 1)).pk
    swap = duty.ask_swap(_in_post(post), slot, other=other).pk
    duty.answer_swap(_in_post(other), swap, agree=True)
    leave = duty.ask_leave(
        _in_post(post), kind="leave", first=date(2099, 2, 1), last=date(2099, 2, 2)
    ).pk
    closure = duty.close_area(
        by, region=village, reason="rain", first=date(2099, 2, 1), last=date(2099, 2, 2)
    ).pk
    return {
        "team_id": team,
        "shift_id": shift,
        "slot_id": slot,
        "swap_id": swap,
        "leave_id": leave,
        "closure_id": closure,
    }


def _in_post(post: int) -> Actor:
    account = Post.objects.values_list("account_id", flat=True).get(pk=post)
    actor = actor_in_post(account, post)
    assert actor is not None
    return actor


def _resource() -> dict[str, Any]:
    """A store of the handler's organisation in the village, a round over it, a shortage; a
    notice and material for the village."""
    lon, lat = spot(VILLAGE)
    data = ResourceData(
        kind="store", name="库房", lon=lon, lat=lat, quantity=Decimal(1), needed=Decimal(5),
        unit="件", organisation=org("dept-urban_management"),
    )  # fmt: skip
    row = resources.create(who("supervise"), data)
    begun = checking.open_round(who("supervise"), "检查", date(2099, 1, 1), [row.pk])
    short = checking.check(who("grid"), row.pk, checking.Found(Decimal(1), "good"))
    told = outreach.publish(who("supervise"), "通知", "请知悉。", region=VILLAGE, asks=True)
    paper = outreach.add_material(
        who("supervise"), MaterialData("law", "普法", "要点。", region=VILLAGE)
    )
    return {
        "resource_id": row.pk,
        "round_id": begun.pk,
        "check_id": short.pk,
        "lon": lon,
        "lat": lat,
        "bulletin_id": told.pk,
        "material_id": paper.pk,
        **_appeal(),
    }


def _appeal() -> dict[str, Any]:
    """An appeal of the grid worker against a frozen month."""
    month_of_work.task(1)
    missed = month_of_work.task(13, done=None)
    with clock.at(month_of_work.FROZEN):
        periods.freeze(who("sysadmin"), month_of_work.OCTOBER)
        worker = who("grid")
        figure = scores.newest(month_of_work.OCTOBER, worker.account_id)[0]
        row = evaluation.appeal(worker, figure.pk, [missed.pk], "道路塌方")
    return {
        "appeal_id": row.pk,
        "grid_account": worker.account_id,
        "region_id": Region.objects.get(code=VILLAGE).pk,
        "month": "2026-10",
    }


@pytest.fixture(scope="module")
def made(world: str, django_db_blocker: Any) -> Iterator[World]:
    """The objects of this module, in one transaction that is rolled back at its end."""
    with django_db_blocker.unblock():
        with transaction.atomic():
            yield _build()
            transaction.set_rollback(True)
        forget_everything()


_PK = {
    "/regions": "region",
    "/organisations": "org",
    "/accounts": "account",
    "/posts": "post",
    "/tokens": "token",
    "/catalogue": "version",
    "/calendars": "version",
    "/filters": "filter",
}


def _fill(text: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace(f"{{int:{name}}}", value).replace(f"{{{name}}}", value)
    return text


def _address(key: str, row: Row, ids: dict[str, str]) -> tuple[str, str]:
    method, path = key.split(" ")
    ids = {**ids, "page": "overview", "code": "C0101" if "/catalogue" in path else VILLAGE}
    for start, name in _PK.items():
        if path.startswith(start):
            ids["pk"] = ids[name]
    filled = _fill(path + row.query, ids)
    assert "{" not in filled, f"{key}: {filled}"
    return method, f"/api/v1{filled}"


def call(key: str, row: Row, made: World, token: str | None) -> int:
    """The status of one call, whatever it did undone."""
    method, path = _address(key, row, made.ids)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    client = Client(raise_request_exception=False)
    with transaction.atomic():
        if row.body == "form":
            file = io.BytesIO(b"%PDF-1.4\n%%EOF\n")
            file.name = "b.pdf"
            form = {"subject_kind": "case", "subject_id": made.ids["case"], "file": file}
            answer = client.post(path, form, headers=headers)
        else:
            answer = client.generic(
                method, path, _fill(row.body, made.ids), "application/json", headers=headers
            )
        transaction.set_rollback(True)
    assert answer.status_code < 500, (key, answer.status_code, answer.content[:300])
    return int(answer.status_code)


def test_the_table_has_every_operation_and_no_other() -> None:
    operations = {f"{found.method} {found.path}" for found in declared(api)}
    assert operations - set(TABLE) == set(), "who may call these? Say so in tests/matrix.py"
    assert set(TABLE) - operations == set(), "these are gone"


def test_every_operation_declares_a_permission() -> None:
    for found in declared(api):
        key = f"{found.method} {found.path}"
        if not found.path.startswith("/session"):
            assert found.action, f"{key} declares no permission"
        assert found.public == (TABLE[key].roles == PUBLIC), key


@pytest.mark.parametrize("key", TABLE)
def test_roles_in_their_area(key: str, made: World) -> None:
    row = TABLE[key]
    wrong: list[tuple[str, object]] = []
    for letter, token in made.home.items():
        status = call(key, row, made, token)
        if row.roles == PUBLIC:
            continue  # anybody is tested below
        if (letter in row.roles) == (status in REFUSED):
            wrong.append((ROLE_OF[letter], status))
        if letter in row.roles and row.area and status == 404 and key not in _MAY_BE_MISSING:
            wrong.append((ROLE_OF[letter], "not found in the own area"))
    assert not wrong, f"{key}: {wrong}"


# What these name is not there in the case of the test: no picture, nothing to assist.
_MAY_BE_MISSING = {
    # A team, line or swap of others: no business of a post that is not in it.
    "GET /duty/roster",
    "POST /duty/swaps/{int:swap_id}/answer",
    "POST /duty/swaps/{int:swap_id}/withdraw",
    "GET /evidence/{int:evidence_id}/preview",
    "GET /evidence/{int:evidence_id}/thumb",
    "POST /cases/{int:case_id}/assist_accept",
    "POST /cases/{int:case_id}/assist_done",
    "POST /cases/{int:case_id}/grant",
    "POST /cases/{int:case_id}/refuse",
    "POST /reports/{int:report_id}/contact",
    # The grid worker's, not the mediator's.
    "GET /tasks/{int:task_id}",
    "POST /tasks/{int:task_id}/complete",
}


@pytest.mark.parametrize("key", [key for key, row in TABLE.items() if row.area])
def test_nobody_reaches_into_another_area(key: str, made: World) -> None:
    row = TABLE[key]
    found = {ROLE_OF[letter]: call(key, row, made, token) for letter, token in made.away.items()}
    wrong = {role: status for role, status in found.items() if status not in HIDDEN}
    assert not wrong, f"{key} from another town: {wrong}"


@pytest.mark.parametrize("key", TABLE)
def test_strangers(key: str, made: World) -> None:
    row = TABLE[key]
    anonymous = call(key, row, made, None)
    unknown = call(key, row, made, "mg_nobody")
    if row.roles == PUBLIC:
        assert anonymous != 403
        return
    assert anonymous == 401
    assert unknown == 401


@pytest.mark.parametrize(
    "key", [key for key, row in TABLE.items() if "/session" not in key and row.roles != PUBLIC]
)
def test_a_token_reaches_no_further_than_its_scopes(key: str, made: World) -> None:
    row = TABLE[key]
    noun = "catalogue" if "/regions" in key else "regions"
    for letter in row.roles:
        assert call(key, row, made, made.narrow[noun][letter]) == 403, ROLE_OF[letter]


def _items(path: str, token: str) -> Any:
    answer = Client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.parametrize("letter", WORKING)
def test_lists_show_the_own_area_only(letter: str, made: World) -> None:
    mine = int(made.ids["case"])
    here = {row["id"] for row in _items("/cases?limit=200", made.home[letter])["items"]}
    there = {row["id"] for row in _items("/cases?limit=200", made.away[letter])["items"]}
    assert mine in here
    assert mine not in there
    case = report(village=VILLAGE).case  # near by, alike and open
    query = f"/cases/duplicates?lon={case.lon}&lat={case.lat}&class_code=C0101&text=井盖丢失"
    assert _items(query, made.away[letter])["items"] == []


def test_confidential_cases_are_for_mediators_and_who_took_them_in(made: World) -> None:
    case = report(class_code="S0101", by="desk").case
    assert case.confidential
    row = replace(TABLE["GET /cases/{int:case_id}"])
    there = replace(made, ids={**made.ids, "case_id": str(case.pk)})
    seen = {
        letter
        for letter, token in made.home.items()
        if call("GET /cases/{int:case_id}", row, there, token) == 200
    }
    assert seen == {"D", "M"}


def test_contact_is_shown_to_who_needs_it_only(made: World) -> None:
    from mengding.cases.contacts import ContactData

    key = "POST /reports/{int:report_id}/contact"
    case = case_at(Stage.HANDLING)
    from mengding.cases import contacts

    first = Report.objects.get(case=case).pk
    contacts.store(first, ContactData(name="王女士", phone="13812345678"))
    there = replace(made, ids={**made.ids, "report_id": str(first)})
    shown = {
        letter for letter, token in made.home.items() if call(key, TABLE[key], there, token) == 200
    }
    assert shown == set(TABLE[key].roles)
    assert org("dept-urban_management") in case.order_org_ids


def _open311(key: str, made: World, token: str | None) -> int:
    path, row = OPEN311[key]
    path, body = (_fill(text, {**made.ids, "village": VILLAGE}) for text in (path, row.body))
    with transaction.atomic():
        answer = Client().generic(
            key.split(" ")[0],
            f"/open311/v2/{path}",
            body + (f"&api_key={token}" if token else ""),
            "application/x-www-form-urlencoded",
        )
        transaction.set_rollback(True)
    assert answer.status_code < 500, (key, answer.content)
    return int(answer.status_code)


def test_open311_has_no_address_outside_the_table(made: World) -> None:
    from mengding.open311 import urls

    names = {str(pattern.name) for pattern in urls.urlpatterns} - {"nowhere"}
    assert names == {key.split(" ")[1] for key in OPEN311}
    for name in names:
        if f"POST {name}" not in OPEN311:
            path = _fill(OPEN311[f"GET {name}"][0], {"report": "1"})
            assert Client().post(f"/open311/v2/{path}").status_code in {404, 405}, name


@pytest.mark.parametrize("key", OPEN311)
def test_open311(key: str, made: World) -> None:
    row = OPEN311[key][1]
    if row.roles == PUBLIC:
        assert _open311(key, made, None) in {200, 404}
        return
    assert _open311(key, made, None) in REFUSED
    assert _open311(key, made, "mg_nobody") in REFUSED
    for letter in ROLE_OF:
        status = _open311(key, made, made.home[letter])
        if letter in row.roles:
            assert status in {200, 201}, ROLE_OF[letter]
        else:
            assert status in HIDDEN, ROLE_OF[letter]
        # No key for elsewhere, none without the scope.
        assert _open311(key, made, made.away[letter]) in HIDDEN, ROLE_OF[letter]
        assert _open311(key, made, made.narrow["regions"][letter]) in HIDDEN, ROLE_OF[letter]


@pytest.mark.parametrize("letter", ROLE_OF)
def test_the_admin_site(letter: str, made: World) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(Account.objects.get(username=HOME[letter]))
    models = {model._meta.label: model for model in admin.site._registry}
    assert set(models) == set(ADMIN), "who may see these? Say so in tests/matrix.py"
    logging.disable(logging.CRITICAL)  # a refused page is logged with its traceback
    try:
        for label, (look, add) in ADMIN.items():
            opts = models[label]._meta
            path = f"/admin/{opts.app_label}/{opts.model_name}/"
            assert (client.get(path).status_code == 200) == (letter in look), label
            assert (client.get(f"{path}add/").status_code == 200) == (letter in add), label
    finally:
        logging.disable(logging.NOTSET)


def test_rows_are_well_formed() -> None:
    for key, row in TABLE.items():
        assert row.roles == PUBLIC or set(row.roles) <= set(EVERY), key
        if row.body and row.body != "form":
            json.loads(_fill(row.body, dict.fromkeys(_BODY_NAMES, "1")))


_BODY_NAMES = (
    *("case", "other_case", "report", "org", "region", "account", "post", "sha256"),
    *("resource_id", "lon", "grid_account", "lat", "place_id", "consent_id"),
    *("team_id", "shift_id", "slot_id", "district"),
)
