"""A worker's phone: its position is read on duty only; own way, who looked, other apps."""

import json
from typing import Any

import pytest

from tests.desk.hands import built, has_axe
from tests.field.hands import PHONE, Worker, call

pytestmark = [pytest.mark.browser, built, has_axe]
# How often a page asks the device where it is.
COUNTED = (
    "window.asked = 0; const plain = navigator.geolocation.watchPosition;"
    "navigator.geolocation.watchPosition = (...all) =>"
    " { window.asked += 1; return plain.apply(navigator.geolocation, all); };"
)


def move(worker: Worker, lon: float, lat: float) -> None:
    worker.context.set_geolocation({"longitude": lon, "latitude": lat, "accuracy": 9})


def own_way(server: str, username: str) -> dict[str, Any]:
    return call(server, username, "/positions/own")


def test_a_phone_says_where_it_is_on_duty_only(server: str, browser: Any) -> None:
    context = browser.new_context(**PHONE)
    context.add_init_script(COUNTED)
    worker = Worker(context, server)
    page = worker.page
    sent: list[Any] = []

    def sending(request: Any) -> None:
        if request.url.endswith("/api/v1/positions") and request.method == "POST":
            sent.extend(json.loads(request.post_data)["fixes"])

    page.on("request", sending)
    move(worker, 103.02, 30.12)
    worker.sign_in("grid")
    page.wait_for_selector("[data-test=duty-tap]")
    page.wait_for_timeout(1500)
    assert page.evaluate("window.asked") == 0, "off duty the position is not even read"
    assert page.locator("[data-test=sender]").count() == 0

    page.tap("[data-test=duty-tap]")
    page.wait_for_selector("[data-test=sender]")
    page.wait_for_timeout(500)
    move(worker, 103.04, 30.14)
    for _ in range(120):
        if own_way(server, "grid")["fixes"]:
            break
        page.wait_for_timeout(1000)
    assert page.evaluate("window.asked") == 1
    assert worker.serious() == []

    page.tap("[data-test=duty-tap]")
    page.wait_for_selector("[data-test=sender]", state="detached")
    page.wait_for_timeout(1000)
    before = len(sent)
    for n in range(3):
        move(worker, 103.05 + n / 100, 30.15)
        page.wait_for_timeout(400)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.wait_for_timeout(1500)
    assert len(sent) == before, "off duty nothing is noted and nothing is sent"
    way = own_way(server, "grid")
    assert 1 <= len(way["fixes"]) <= before
    # What the device knew of the time before duty was neither sent nor kept.
    assert {(fix["lon"], fix["lat"]) for fix in sent} == {(103.04, 30.14)}
    assert way["fixes"][0][1:3] == [103.04, 30.14]

    # A supervisor looks; the worker reads it.
    account = call(server, "grid", "/session")["account_id"]
    call(server, "supervise", "/positions/looks", {
        "accounts": [account], "since": way["since"], "until": way["until"],
        "purpose": "核对走水事件的到场经过",
    })  # fmt: skip
    worker.go("way", "[data-test=own-way]")
    page.wait_for_selector("[data-test=kept]:has-text('30 天')")
    page.focus("[data-test=moment]")
    page.keyboard.press("ArrowRight")
    assert worker.serious() == []
    page.tap("[data-test=looks]")
    page.wait_for_selector("[data-test=looked]:has-text('孙立新')")
    assert "核对走水事件的到场经过" in page.inner_text("[data-test=looked]")
    assert worker.serious() == []

    # Another app: its settings once, then never again.
    worker.go("way/devices", "[data-test=add-device]")
    page.tap("[data-test=add-device]")
    page.fill("[data-test=device-name]", "巡逻手机")
    page.tap("[data-test=connect]")
    page.wait_for_selector("[data-test=made]")
    secret = page.inner_text("[data-test=made] dl div:nth-child(2) code")
    assert len(secret.replace("-", "")) == 24
    assert worker.serious() == []
    page.tap("[data-test=done]")
    page.wait_for_selector("[data-test=device-list]:has-text('巡逻手机')")
    assert secret not in page.content()
    page.tap("[data-test=device-list] button")
    page.tap("[data-test=revoke]")
    page.wait_for_selector("[data-test=device-list]:has-text('已撤销')")
    worker.leave()
