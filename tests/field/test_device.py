"""What a phone says of itself: shifted positions, made-up ones, room that may be kept."""

from typing import Any

import pytest

from tests.desk.hands import built, call
from tests.field.hands import PHONE, Worker, photo
from tests.field.test_offline import reported

pytestmark = [pytest.mark.browser, built]
# As a wrapper does that passes the device's word on; browsers themselves say nothing.
WRAPPED = """
const plain = navigator.geolocation.watchPosition.bind(navigator.geolocation);
navigator.geolocation.watchPosition = (yes, no, how) => plain((at) => yes({
  timestamp: at.timestamp,
  coords: { longitude: at.coords.longitude, latitude: at.coords.latitude,
            accuracy: at.coords.accuracy, isMock: true },
}), no, how);
window.persisted = 0;
navigator.storage.persisted = async () => window.persisted > 0;
navigator.storage.persist = async () => { window.persisted += 1; return true; };
"""


def test_a_shifted_made_up_position_and_room_to_keep(browser: Any, server: str) -> None:
    from mengding.regions.geometry import from_wgs84

    there = (103.0281, 30.1502)
    lon, lat = from_wgs84(*there, "gcj02")
    device = {"longitude": lon, "latitude": lat, "accuracy": 12}
    context = browser.new_context(**{**PHONE, "geolocation": device})
    context.add_init_script(WRAPPED)
    worker = Worker(context, server)
    page = worker.page
    worker.sign_in("grid")
    worker.go("me", "[data-test=gcj02]")
    page.check("[data-test=gcj02]")  # once, for everything
    worker.warm()
    uploads: list[str] = []
    page.on(
        "request",
        lambda asked: (
            uploads.append(asked.url)
            if asked.method == "PATCH" and "/uploads/" in asked.url
            else None
        ),
    )
    worker.offline()
    picture = photo(401)
    for words in ("护栏松动，坐标偏移。", "护栏松动，同一张照片。"):
        worker.go("report", "[data-test=camera-report]")
        page.wait_for_function("() => document.querySelector('[data-test=place]').innerText")
        worker.shoot(picture)
        page.fill("#report-words", words)
        page.tap("[data-test=send]")
        page.wait_for_selector("[data-test=today-outbox]")
    page.tap("[data-test=keep] .main")  # asked when something waits that nobody else has
    page.wait_for_selector("[data-test=keep]", state="detached")
    assert page.evaluate("window.persisted") == 1
    worker.offline(False)
    worker.wait_sent()
    (case,) = reported(server, "护栏松动，坐标偏移。")
    assert case["lon"] == pytest.approx(there[0], abs=2e-5)
    assert case["lat"] == pytest.approx(there[1], abs=2e-5)
    (shown,) = call(server, "desk", f"/evidence?subject_kind=case&subject_id={case['id']}")["items"]
    assert shown["mock"] is True
    assert len(reported(server, "护栏松动，同一张照片。")) == 1
    assert len(uploads) == 1, "the same photo goes up once, in one piece"
    worker.leave()
