"""Reports without a signal: from a cold start, over a killed browser, and nobody else's."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error

from tests.desk.hands import CHROMIUM, call
from tests.field.conftest import ARGS
from tests.field.hands import PHONE, WEB, Worker, digest, photo

built = pytest.mark.skipif(
    not (WEB / "dist" / "field.html").exists(), reason="the app is not built (no Node.js)"
)
pytestmark = [pytest.mark.browser, built]


def reported(server: str, words: str) -> list[dict[str, Any]]:
    """The cases with these words."""
    found = call(server, "desk", "/cases?sort=-reported_at&limit=50")["items"]
    return [each for each in found if each["description"] == words]


def photos(server: str, case: int) -> list[str]:
    """Digests of what is attached to a case."""
    found = call(server, "desk", f"/evidence?subject_kind=case&subject_id={case}")["items"]
    return sorted(each["sha256"] for each in found)


def test_a_report_with_two_photos_from_a_cold_start_without_a_network(
    browser: Any, server: str
) -> None:
    worker = Worker(browser.new_context(**PHONE), server)
    worker.sign_in("grid")
    worker.warm()
    worker.page.close()

    worker.offline()
    worker.page = worker.look()
    worker.go("", "[data-test=today]")  # cold: nothing but what lies on the device
    worker.page.wait_for_selector("[data-test=offline]")
    one, two = photo(1), photo(2)
    worker.go("report", "[data-test=camera-report]")
    worker.shoot(one)
    worker.shoot(two, "more-report")
    words = "村口两盏路灯不亮，晚上看不清路。"
    worker.page.fill("#report-words", words)
    worker.page.wait_for_selector("[data-chip=C0137][aria-pressed=true]")  # suggested here
    assert "水月村" in worker.page.inner_text("[data-test=place]")
    worker.page.wait_for_timeout(600)
    worker.page.reload()  # the draft was on the device from the first photo on
    worker.page.wait_for_selector("[data-test=resumed]")
    assert worker.page.locator("[data-test=shot]").count() == 2
    assert worker.page.input_value("#report-words") == words
    worker.page.tap("[data-test=send]")
    worker.page.wait_for_selector("[data-test=today-outbox]")
    waiting = worker.waiting()
    assert [each["path"] for each in waiting] == ["/reports"] + ["/evidence/attach"] * 2
    assert {each["state"] for each in waiting} == {"waiting"}
    worker.go("outbox", "[data-test=outbox] article")
    assert reported(server, words) == []

    worker.offline(False)
    worker.wait_sent()
    (case,) = reported(server, words)
    assert photos(server, case["id"]) == sorted([digest(one), digest(two)])
    detail = call(server, "desk", f"/evidence?subject_kind=case&subject_id={case['id']}")["items"]
    assert {each["accuracy_m"] for each in detail} == {12.0}  # the seal went along
    assert case["class_code"] == "C0137"
    worker.leave()


def test_a_trained_person_files_in_twenty_seconds_and_six_taps(browser: Any, server: str) -> None:
    worker = Worker(browser.new_context(**PHONE), server)
    worker.sign_in("grid")
    worker.warm()
    worker.go("", "[data-test=next]")
    begun = time.monotonic()
    with worker.page.expect_file_chooser() as chooser:
        worker.tap("[data-tab=report]")  # opens the camera at once
    worker.taps += 2  # the shutter and “use photo”, in the camera
    worker.page.wait_for_timeout(3000)  # that takes a hand about three seconds
    chooser.value.set_files([{"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo(7)}])
    worker.page.wait_for_selector("[data-test=shot]")
    worker.tap("#report-words")
    # Dictated: about four characters a second.
    words = "小学门口井盖松动，过车就响。"
    worker.page.locator("#report-words").press_sequentially(words, delay=250)
    worker.page.wait_for_selector("[data-chip][aria-pressed=true]")
    worker.tap("[data-test=send]")
    worker.page.wait_for_selector("[data-test=today]")
    seconds = time.monotonic() - begun
    print(f"\nreport: taps={worker.taps} seconds={seconds:.1f}")
    worker.wait_sent()
    assert len(reported(server, words)) == 1
    assert worker.taps <= 6
    # How quick a busy machine is says nothing about a phone; the figure is printed.
    worker.leave()


def test_what_is_dictated_counts_while_it_is_being_said(browser: Any, server: str) -> None:
    """A voice keyboard composes; the words count before the composition has ended."""
    worker = Worker(browser.new_context(**PHONE), server)
    page = worker.page
    worker.sign_in("grid")
    worker.warm()
    worker.go("report", "[data-test=camera-report]")
    page.tap("#report-words")
    session = worker.context.new_cdp_session(page)
    words = "路灯不亮，晚上看不清。"
    for end in range(2, len(words) + 1):
        said = {"text": words[:end], "selectionStart": end, "selectionEnd": end}
        session.send("Input.imeSetComposition", said)
    page.wait_for_selector("[data-chip=C0137][aria-pressed=true]")  # no composition has ended
    page.tap("[data-test=send]")
    page.wait_for_selector("[data-test=today]")
    worker.wait_sent()
    assert len(reported(server, words)) == 1
    worker.leave()


def test_a_killed_browser_sends_when_it_is_started_again(
    driver: Any, server: str, tmp_path: Path
) -> None:
    def started() -> Any:
        return driver.chromium.launch_persistent_context(
            str(tmp_path / "phone"), executable_path=CHROMIUM, args=ARGS, **PHONE
        )

    worker = Worker(started(), server)
    worker.sign_in("grid")
    worker.warm()
    worker.offline()
    for number in range(3):
        worker.go("report", "[data-test=camera-report]")
        worker.shoot(photo(20 + number))
        worker.page.fill("#report-words", f"河边护栏断了，第 {number} 处。")
        worker.page.tap("[data-test=send]")
        worker.page.wait_for_selector("[data-test=today-outbox]")
    worker.go("report", "[data-test=camera-report]")
    worker.shoot(photo(29))  # and a draft
    ids = [each["id"] for each in worker.waiting()]
    assert len(ids) == 6
    session = worker.context.new_cdp_session(worker.page)
    with suppress(Error):  # nobody is left to answer
        session.send("Browser.crash")
    again = Worker(started(), server)
    again.go("", "[data-test=today]")
    again.page.wait_for_function("() => localStorage.getItem('field.heard') !== null")
    again.page.wait_for_timeout(3000)
    if again.page.locator("[data-test=expired]").count():  # the crash took the cookie along
        again.sign_in_again("grid")
    again.wait_sent()
    done = [each["id"] for each in again.writes()]
    assert sorted(done) == sorted(ids)
    for number in range(3):
        (case,) = reported(server, f"河边护栏断了，第 {number} 处。")
        assert photos(server, case["id"]) == [digest(photo(20 + number))]
    again.go("report", "[data-test=resumed]")
    assert again.page.locator("[data-test=shot]").count() == 1
    again.leave()


def test_what_waits_is_its_account_s_own(browser: Any, server: str) -> None:
    worker = Worker(browser.new_context(**PHONE), server)
    worker.sign_in("grid")
    worker.warm()
    worker.offline()
    worker.go("report", "[data-test=camera-report]")
    words = "池塘边没有护栏，孩子常去玩水。"
    worker.page.fill("#report-words", words)
    worker.page.tap("[data-test=send]")
    worker.page.wait_for_selector("[data-test=today-outbox]")
    worker.go("me", "[data-test=sign-out]")
    worker.page.tap("[data-test=sign-out]")
    assert "1 条" in worker.page.inner_text("[data-test=out-words]")
    worker.page.tap("[data-test=out]")
    worker.page.wait_for_selector("#username")
    worker.go("", "#username")  # offline or not: nobody is here any more
    worker.offline(False)
    worker.go("sign-in", "[data-test=others]")

    worker.sign_in("handler")  # the first one's session has ended before this begins
    worker.go("outbox", "[data-test=outbox-empty]")
    assert words not in worker.page.content()
    worker.page.wait_for_timeout(2000)
    assert reported(server, words) == []
    assert [each["state"] for each in worker.writes()] == ["waiting"]
    worker.go("me", "[data-test=sign-out]")
    worker.page.tap("[data-test=sign-out]")
    worker.page.tap("[data-test=out]")
    worker.page.wait_for_selector("#username")

    worker.sign_in("grid")
    worker.wait_sent()
    assert len(reported(server, words)) == 1
    worker.leave()


def test_an_expired_session_keeps_nobody_from_work(browser: Any, server: str) -> None:
    worker = Worker(browser.new_context(**PHONE), server)
    worker.sign_in("grid")
    worker.warm()
    cookies = worker.context.cookies()
    worker.context.clear_cookies()
    worker.go("", "[data-test=expired]")
    worker.page.wait_for_selector("[data-test=today]")
    worker.go("report", "[data-test=camera-report]")
    words = "山路塌方，碎石挡住半边路。"
    worker.page.fill("#report-words", words)
    worker.page.tap("[data-test=send]")
    worker.page.wait_for_selector("[data-test=today-outbox]")
    assert reported(server, words) == []
    assert cookies
    worker.sign_in_again("grid")
    worker.wait_sent()
    assert len(reported(server, words)) == 1
    worker.leave()
