"""What goes out with no window open, and a phone that is full."""

import io
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.desk.conftest import Served
from tests.desk.hands import built
from tests.field.faults import BadLine
from tests.field.hands import PHONE, Worker, photo
from tests.field.test_offline import photos, reported

pytestmark = [pytest.mark.browser, built]
SYNCING = {**PHONE, "permissions": ["geolocation", "background-sync"]}
TAGS = "async () => (await navigator.serviceWorker.ready).sync.getTags()"
# As after ten tries: what pauses must not sleep through the return of the network.
LONG_PAUSE = """async () => {
  const { name } = (await indexedDB.databases()).find((each) => /-field-\\d+$/.test(each.name));
  const db = await new Promise((yes) => {
    const ask = indexedDB.open(name);
    ask.onsuccess = () => yes(ask.result);
  });
  const tx = db.transaction("writes", "readwrite");
  const all = tx.objectStore("writes").getAll();
  await new Promise((yes) => (all.onsuccess = yes));
  for (const each of all.result) {
    tx.objectStore("writes").put({ ...each, next: Date.now() + 300_000, tries: 10 });
  }
  await new Promise((yes) => (tx.oncomplete = yes));
  db.close();
}"""
# As Safari and Firefox are.
WITHOUT_SYNC = "delete ServiceWorkerRegistration.prototype.sync; delete window.SyncManager;"


@pytest.fixture
def line(served: Served, server: str) -> Iterator[BadLine]:
    found = BadLine(served.port, 1, rate=0)
    yield found
    found.stop()


def until(page: Any, true: Callable[[], Any], seconds: int = 120) -> None:
    for _ in range(seconds * 2):
        if true():
            return
        page.wait_for_timeout(500)
    raise AssertionError("it did not come")


def write_away(worker: Worker, line: BadLine, words: str, picture: bytes) -> None:
    """A report with a photo while nothing gets through; then the window is closed."""
    line.down = True
    worker.go("report", "[data-test=camera-report]")
    worker.shoot(picture)
    worker.page.fill("#report-words", words)
    worker.page.tap("[data-test=send]")
    worker.page.wait_for_selector("[data-test=today-outbox]")
    worker.page.evaluate(LONG_PAUSE)


def test_with_no_window_open_the_worker_sends_when_the_network_is_back(
    browser: Any, server: str, line: BadLine
) -> None:
    worker = Worker(browser.new_context(**SYNCING), line.base)
    worker.sign_in("grid")
    worker.warm()
    words, picture = "水沟盖板断了，窗口已关。", photo(301)
    write_away(worker, line, words, picture)
    assert worker.page.evaluate(TAGS) == ["outbox"]  # the browser was asked
    other = worker.context.new_page()
    worker.page.close()
    registrations: list[dict[str, Any]] = []
    session = worker.context.new_cdp_session(other)
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: registrations.extend(said["registrations"]),
    )
    session.send("ServiceWorker.enable")
    until(other, lambda: registrations)
    assert reported(server, words) == []

    line.down = False
    # What the browser does when it sees the network again.
    session.send("ServiceWorker.dispatchSyncEvent", {
        "origin": line.base, "registrationId": registrations[0]["registrationId"],
        "tag": "outbox", "lastChance": False,
    })  # fmt: skip
    until(other, lambda: reported(server, words))
    (case,) = reported(server, words)
    until(other, lambda: photos(server, case["id"]))
    assert [each.url for each in worker.context.pages] == ["about:blank"]
    worker.page = worker.look()
    worker.go("outbox", "[data-test=sent]")  # and the app knows
    worker.wait_sent()
    assert len(reported(server, words)) == 1
    worker.leave()


def test_without_background_sync_the_next_start_sends(
    browser: Any, server: str, line: BadLine
) -> None:
    context = browser.new_context(**PHONE)
    context.add_init_script(WITHOUT_SYNC)
    worker = Worker(context, line.base)
    worker.sign_in("grid")
    worker.warm()
    assert not worker.page.evaluate("'sync' in ServiceWorkerRegistration.prototype")
    words, picture = "河堤塌了一角，窗口已关。", photo(302)
    write_away(worker, line, words, picture)
    worker.page.close()
    line.down = False
    worker.page = worker.look()
    assert reported(server, words) == []
    worker.go("", "[data-test=today]")  # nothing is tapped
    worker.wait_sent()
    (case,) = reported(server, words)
    assert len(photos(server, case["id"])) == 1
    worker.leave()


# Whether a megabyte more is refused.
PROBE = """async () => {
  const db = await new Promise((yes) => {
    const ask = indexedDB.open("probe", 1);
    ask.onupgradeneeded = () => ask.result.createObjectStore("p");
    ask.onsuccess = () => yes(ask.result);
  });
  const end = await new Promise((yes) => {
    const tx = db.transaction("p", "readwrite");
    tx.objectStore("p").put(new Uint8Array(1e6), 1);
    tx.oncomplete = () => yes("kept");
    tx.onabort = () => yes(tx.error?.name);
  });
  db.close();
  return end === "QuotaExceededError";
}"""


def heavy(seed: int) -> bytes:
    """A photo of some megabytes."""
    from PIL import Image

    noise = Image.frombytes("RGB", (1400, 1000), random.Random(seed).randbytes(1400 * 1000 * 3))
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=92)
    return out.getvalue()


def test_a_full_phone_keeps_what_is_there_and_asks_for_room(browser: Any, server: str) -> None:
    worker = Worker(browser.new_context(**PHONE), server)
    page = worker.page
    worker.sign_in("grid")
    worker.warm()
    worker.go("report", "[data-test=camera-report]")
    worker.shoot(heavy(1))
    page.fill("#report-words", "路面塌陷，已围挡。")
    page.tap("[data-test=send]")
    page.wait_for_selector("[data-test=today]")
    worker.wait_sent()  # its photo is on the server and still on the phone
    worker.offline()
    worker.go("report", "[data-test=camera-report]")
    worker.shoot(photo(310))
    page.fill("#report-words", "路灯不亮，还没发送。")
    page.tap("[data-test=send]")
    page.wait_for_selector("[data-test=today-outbox]")
    assert (worker.stored("photos"), len(worker.waiting())) == (2, 2)

    worker.go("report", "[data-test=camera-report]")
    words = "桥栏杆松动，手机满了也不能丢。"
    page.fill("#report-words", words)
    session = worker.context.new_cdp_session(page)

    def leave_room(more: int) -> None:
        usage = session.send("Storage.getUsageAndQuota", {"origin": server})["usage"]
        quota = {"origin": server, "quotaSize": usage + more}
        session.send("Storage.overrideQuotaForOrigin", quota)

    leave_room(0)
    until(page, lambda: page.evaluate(PROBE))  # the browser goes by an older answer for a while
    leave_room(200_000)
    page.set_input_files(
        "[data-test=camera-report]",
        [{"name": "p.jpg", "mimeType": "image/jpeg", "buffer": heavy(2)}],
    )
    page.wait_for_selector("[data-test=room]:has-text('存储空间不足')")
    assert page.input_value("#report-words") == words
    assert "没有保存" in page.inner_text("[data-test=wrong]")
    assert (worker.stored("photos"), len(worker.waiting())) == (2, 2)  # nothing is lost
    assert page.locator("[data-test=room-send]").is_disabled()  # there is no network
    page.tap("[data-test=room-clear]")
    page.wait_for_selector("[data-test=room-made]")
    assert worker.stored("photos") == 1  # what is not sent stays
    page.tap("[data-test=room-close]")
    page.wait_for_selector("[data-test=room]", state="hidden")

    def again() -> bool:
        """Whether it is kept; a browser may count room as taken for a while: close, and again."""
        page.set_input_files(
            "[data-test=camera-report]",
            [{"name": "p.jpg", "mimeType": "image/jpeg", "buffer": heavy(2)}],
        )
        page.wait_for_selector("[data-test=shot], [data-test=room]")
        if page.locator("[data-test=shot]").count():
            return True
        page.tap("[data-test=room-close]")
        page.wait_for_selector("[data-test=room]", state="hidden")
        session.send("HeapProfiler.collectGarbage")  # a photo somebody still looks at is not gone
        return False

    until(page, again)  # now there is room for it
    page.tap("[data-test=send]")
    page.wait_for_selector("[data-test=today-outbox]")
    session.send("Storage.overrideQuotaForOrigin", {"origin": server})
    worker.offline(False)
    worker.wait_sent()
    for said in ("路面塌陷，已围挡。", "路灯不亮，还没发送。", words):
        (case,) = reported(server, said)
        assert len(photos(server, case["id"])) == 1, said
    worker.leave()
