"""The real service worker on a bad line: nothing lost, nothing doubled."""

import random
from typing import Any

import pytest

from tests.desk.conftest import Served
from tests.desk.hands import call
from tests.field.faults import BadLine
from tests.field.hands import PHONE, WEB, Worker, digest, photo

built = pytest.mark.skipif(
    not (WEB / "dist" / "field.html").exists(), reason="the app is not built (no Node.js)"
)
pytestmark = [pytest.mark.browser, built]
REPORTS = 8
SEED = 20261130


def test_a_bad_line_loses_nothing_and_doubles_nothing(
    browser: Any, served: Served, server: str
) -> None:
    line = BadLine(served.port, SEED)
    rng = random.Random(SEED)
    try:
        line.rate = 0
        worker = Worker(browser.new_context(**PHONE), line.base)
        worker.sign_in("grid")
        worker.warm()
        line.rate = 0.45
        pictures = [photo(900 + n) for n in range(REPORTS)]
        for n in range(REPORTS):
            worker.offline(rng.random() < 0.5)
            worker.go("report", "[data-test=camera-report]")
            worker.shoot(pictures[n])
            worker.page.fill("#report-words", f"故障演练第 {n} 条，路面坑洼。")
            worker.page.tap("[data-test=send]")
            worker.page.wait_for_selector("[data-test=today]")
            if rng.random() < 0.4:
                worker.page.reload()  # in the middle of it
            if n == REPORTS // 2:
                served.stop()
                served.start()
        worker.offline(False)
        other = worker.look()  # a second window sends too, and does not send twice
        other.goto(f"{line.base}/field/outbox")
        for _ in range(240):
            if not worker.waiting():
                break
            worker.page.evaluate("() => window.dispatchEvent(new Event('online'))")
            worker.page.wait_for_timeout(1000)
        line.rate = 0
        worker.wait_sent()
    finally:
        line.stop()
    found = call(server, "desk", "/cases?sort=-reported_at&limit=100")["items"]
    lost = doubled = 0
    for n in range(REPORTS):
        mine = [each for each in found if each["description"] == f"故障演练第 {n} 条，路面坑洼。"]
        lost += not mine
        doubled += max(0, len(mine) - 1)
        for each in mine:
            shown = call(server, "desk", f"/evidence?subject_kind=case&subject_id={each['id']}")
            digests = [one["sha256"] for one in shown["items"]]
            lost += digest(pictures[n]) not in digests
            doubled += max(0, len(digests) - 1)
    faults = sum(count for name, count in line.happened.items() if name != "none")
    print(f"\nfaults={faults} lost={lost} doubled={doubled} {dict(line.happened)}")
    assert (lost, doubled) == (0, 0)
    assert faults > 10
    worker.leave()
