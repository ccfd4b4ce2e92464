"""Who sees what: nobody off duty anywhere, nobody's way without a reason, only in one's area."""

import json
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor
from mengding.demo.secrets import token
from mengding.duty.models import Interval
from mengding.ledger.models import Event
from mengding.people import actions as people
from mengding.people.models import Account, Organisation, Post
from mengding.positions import queries
from mengding.positions.models import Device, Fix, Look
from mengding.positions.protocol import Placed
from mengding.positions.store import Given, store
from mengding.positions.tests.made import LAT, LON, on_duty, pk
from mengding.regions.models import Region
from tests.matrix import HOME, TABLE

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
PLACE = (103.1234567, 30.1234567)


def call(method: str, path: str, user: str, body: Any = None) -> Any:
    return Client().generic(
        method,
        f"/api/v1{path}",
        json.dumps(body) if body is not None else "",
        "application/json",
        headers={"Authorization": f"Bearer {token(user)}", "Accept-Language": "en"},
    )


def seen_at(actor: Actor, *minutes_ago: float, place: tuple[float, float] = (LON, LAT)) -> None:
    """Store fixes of somebody."""
    now = clock.now()
    store(
        [
            Given(pk(actor), None, Placed(now - timedelta(minutes=m), *place, 8.0, mock=False))
            for m in minutes_ago
        ]
    )


@pytest.fixture
def on(db: None) -> Interval:
    """The grid worker has been on duty for three hours and was seen twice."""
    grid = who("grid")
    duty = on_duty(grid, clock.now() - timedelta(hours=3))
    seen_at(grid, 100, 4, place=PLACE)
    return duty


def end(duty: Interval) -> None:
    duty.ended_at = duty.off_recorded_at = clock.now()
    duty.ended_by = "worker"
    duty.save()


def listed(user: str) -> list[dict[str, Any]]:
    answer = call("GET", "/positions/on-duty", user)
    assert answer.status_code == 200, answer.content
    return list(answer.json()["items"])


def test_the_newest_position_of_those_on_duty(on: Interval) -> None:
    (row,) = listed("dispatch")
    assert row["account_id"] == who("grid").account_id
    assert row["name"] == "杨帆"
    assert row["town"] == "车岭镇"
    assert (row["last"]["lon"], row["last"]["lat"]) == PLACE
    assert [r["account_id"] for r in listed("town")] == [row["account_id"]]
    Fix.objects.all().delete()
    desk = on_duty(who("desk"), clock.now() - timedelta(hours=1))
    assert listed("town") == [row], "a post of the district is not the town's"
    assert {r["account_id"]: r["last"] is None for r in listed("supervise")} == {
        row["account_id"]: False,
        desk.account_id: True,
    }


ALL_SEEING = ("dispatch", "supervise")


def telling(*places: tuple[float, float], by: Iterable[str]) -> dict[str, set[str]]:
    """Which operations tell one of the places to whom: every GET operation there is."""
    found: dict[str, set[str]] = {}
    asked = 0
    for key, row in TABLE.items():
        method, path = key.split(" ")
        if method != "GET":
            continue
        account = str(who("grid").account_id)
        path = path.replace("/accounts/{pk}", f"/accounts/{account}")
        path = re.sub(r"\{[^}]*\}", "1", path) + re.sub(r"\{[^}]*\}", "1", row.query)
        for user in by:
            answer = call("GET", path, user)
            asked += answer.status_code == 200
            said = answer.getvalue().decode("utf-8", "replace")
            # Cut, not rounded, to some ten metres: a coarser copy would be found as well.
            if any(f"{lon:.7f}"[:8] in said and f"{lat:.7f}"[:7] in said for lon, lat in places):
                found.setdefault(path.partition("?")[0], set()).add(user)
    assert asked > 100, "most of it was read"
    return found


def test_off_duty_nobody_is_anywhere_and_on_duty_nobody_s_way(on: Interval) -> None:
    earlier = (103.1765432, 30.0765432)
    seen_at(who("grid"), 50, place=earlier)
    mine = {"/positions/own": {"grid"}}
    # That the search finds what is there.
    assert telling(PLACE, by=ALL_SEEING) == {"/positions/on-duty": set(ALL_SEEING)}
    way = telling(earlier, by=("grid", *ALL_SEEING))
    assert way == mine, "where somebody was takes a reason (POST /positions/looks)"
    end(on)
    assert listed("dispatch") == listed("supervise") == []
    assert telling(PLACE, earlier, by=HOME.values()) == mine


def test_one_s_own_way_needs_no_reason(on: Interval) -> None:
    end(on)
    mine = call("GET", "/positions/own", "grid").json()
    assert [fix[1:3] for fix in mine["fixes"]] == [list(PLACE)] * len(mine["fixes"])


def reason(**changes: Any) -> dict[str, Any]:
    now = clock.now()
    return {
        "accounts": [who("grid").account_id],
        "since": (now - timedelta(hours=4)).isoformat(),
        "until": now.isoformat(),
        "purpose": "核对走水事件的到场经过",
        **changes,
    }


def test_a_way_takes_a_reason_that_its_owner_reads(on: Interval) -> None:
    end(on)
    assert call("GET", "/positions/looks/1", "supervise").status_code == 404
    was = call(
        "GET",
        f"/positions/was-on-duty?since={(clock.now() - timedelta(hours=4)):%Y-%m-%dT%H:%M:%SZ}"
        f"&until={clock.now():%Y-%m-%dT%H:%M:%SZ}",
        "supervise",
    ).json()["items"]
    assert [row["account_id"] for row in was] == [who("grid").account_id]
    assert "fixes" not in was[0]
    before = Event.objects.filter(action="positions.look").count()
    made = call("POST", "/positions/looks", "supervise", reason())
    assert made.status_code == 201, made.content
    look = made.json()["id"]
    event = Event.objects.get(action="positions.look", subject_id=look)
    assert Event.objects.filter(action="positions.look").count() == before + 1
    assert event.account_id == who("supervise").account_id
    assert event.after["accounts"] == [who("grid").account_id]
    assert "走水" not in json.dumps([event.before, event.after], ensure_ascii=False)
    ways = call("GET", f"/positions/looks/{look}", "supervise").json()
    (way,) = ways["people"]
    assert [fix[1:3] for fix in way["fixes"]] == [list(PLACE)] * 2
    # Nobody else's, not for long, and the person concerned knows.
    assert call("GET", f"/positions/looks/{look}", "review").status_code == 404
    for user in ("dispatch", "grid", "handler", "audit", "desk"):
        assert call("GET", f"/positions/looks/{look}", user).status_code == 403
    with clock.at(clock.now() + timedelta(minutes=31)):
        late = call("GET", f"/positions/looks/{look}", "supervise")
    assert late.status_code == 422
    assert late.json()["code"] == "look_expired"
    (told,) = call("GET", "/positions/own/looks", "grid").json()["items"]
    assert told["reader"] == "孙立新"
    assert told["role"] == "Supervisor"
    assert told["purpose"] == "核对走水事件的到场经过"
    assert call("GET", "/positions/own/looks", "handler").json()["items"] == []


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"purpose": "  看 看 "}, "purpose_missing", "purpose"),
        ({"purpose": "x" * 201}, "purpose_missing", "purpose"),
        ({"accounts": []}, "people_count", "accounts"),
        ({"accounts": [10**9]}, "not_on_duty_then", "accounts"),
        ({"since": "2026-01-01T00:00:00+08:00"}, "span_long", "until"),
        ({"until": "2020-01-01T00:00:00+08:00"}, "span_empty", "until"),
        ({"since": "2020-01-01T00:00:00Z", "until": "2020-01-01T01:00:00Z"}, "expired", "since"),
        ({"since": "2026-01-01T00:00:00"}, "zone_missing", "since"),
    ],
)
def test_a_look_names_what_is_wrong(on: Interval, changes: Any, code: str, field: str) -> None:
    if code == "span_long":
        changes = {"since": (clock.now() - timedelta(hours=25)).isoformat()}
    answer = call("POST", "/positions/looks", "supervise", reason(**changes))
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.content
    assert answer.json()["field"] == field
    assert not Look.objects.exists()


def test_a_way_shows_only_time_on_duty_in_the_area(on: Interval) -> None:
    """A supervisor of another town is not even told that the person was on duty."""
    end(on)
    town = Region.objects.get(code="511803105")
    centre = Organisation.objects.get(code="centre-511803105").pk
    people.create_account(SYSTEM, username="outer", name="外镇督办", password="Outer-Town-2026")
    outer = Account.objects.get(username="outer")
    people.create_post(
        SYSTEM, account=outer.pk, role="supervisor", organisation=centre, region=town.pk
    )
    post = Post.objects.get(account=outer)
    key = people.issue_token(
        SYSTEM, post=post.pk, name="x", scopes=["positions.look", "positions.read"]
    )[1]
    answer = Client().post(
        "/api/v1/positions/looks", reason(), content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert answer.json()["code"] == "not_on_duty_then"


def test_devices_are_secrets_of_their_owner(db: None) -> None:
    made = call("POST", "/positions/devices", "grid", {"client": "traccar", "name": "我的手机"})
    assert made.status_code == 201, made.content
    secret = made.json()["secret"]
    assert made.json()["path"] == "/api/v1/positions/osmand"
    assert len(secret.replace("-", "")) == 24
    shown = call("GET", "/positions/devices", "grid").content.decode()
    assert secret not in shown
    row = Device.objects.get(pk=made.json()["id"])
    assert secret.encode() not in bytes(row.digest)
    pk = row.pk
    assert call("POST", f"/positions/devices/{pk}/revoke", "handler", {}).status_code == 404
    assert call("GET", "/positions/devices", "handler").json()["items"] == []
    gone = call("POST", f"/positions/devices/{pk}/revoke", "grid", {})
    assert gone.json()["revoked_at"] is not None
    again = call("POST", f"/positions/devices/{pk}/revoke", "grid", {})
    assert again.json()["revoked_at"] == gone.json()["revoked_at"]
    assert Event.objects.filter(action="device.revoke", subject_id=pk).count() == 1


def test_few_devices(db: None) -> None:
    for n in range(5):
        body = {"client": "owntracks", "name": f"手机{n}", "crs": "gcj02"}
        assert call("POST", "/positions/devices", "grid", body).status_code == 201
    full = call("POST", "/positions/devices", "grid", {"client": "traccar", "name": "又一台"})
    assert full.json()["code"] == "devices_full"
    for body, field in (
        ({"client": "traccar", "name": "  "}, "name"),
        ({"client": "icq", "name": "x"}, "client"),
    ):
        wrong = call("POST", "/positions/devices", "handler", body)
        assert wrong.status_code == 422
        assert field in wrong.content.decode()


def test_a_long_way_is_thinned_evenly(db: None) -> None:
    since = clock.now()
    assert queries._step(since, since + timedelta(hours=24)) == 15
    assert queries._step(since, since + timedelta(minutes=90)) == 1


@pytest.fixture(autouse=True)
def _nobody_else_on_duty(db: None) -> None:
    Interval.objects.all().delete()
