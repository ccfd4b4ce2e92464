"""A worker with a phone: what tests of the field app share."""

import hashlib
import io
import json
import random
from typing import Any

from tests.desk.hands import AXE, WEB, call, word_of

__all__ = ["AXE", "PHONE", "WEB", "Worker", "call", "photo"]
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
    "locale": "zh-CN",
    "permissions": ["geolocation"],
    "geolocation": {"longitude": 103.0281, "latitude": 30.1502, "accuracy": 12},
}
PATIENCE = 60_000  # ms: the machine may be busy with other things


def photo(seed: int, width: int = 800, height: int = 600) -> bytes:
    """A JPEG nobody else has made."""
    from PIL import Image

    rng = random.Random(seed)
    small = Image.new("RGB", (16, 12))
    small.putdata([tuple(rng.randrange(40, 220) for _ in "rgb") for _ in range(16 * 12)])
    out = io.BytesIO()
    small.resize((width, height), Image.Resampling.NEAREST).save(out, "JPEG", quality=85)
    return out.getvalue()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Worker:
    """Somebody with a phone. `context`: a browser context, new or persistent."""

    def __init__(self, context: Any, base: str) -> None:
        self.context, self.base = context, base
        self.broken: list[str] = []
        self.taps = 0
        self.page = self.look()

    def look(self) -> Any:
        """A window of the app; what goes wrong in it is kept for `leave`."""
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.broken.append(str(error)))
        page.on(
            "console",
            lambda said: (
                self.broken.append(said.text) if "Content Security Policy" in said.text else None
            ),
        )
        return page

    def sign_in(self, username: str) -> None:
        """In, and the whole app on the device."""
        self.go("")
        self.page.fill("#username", username)
        self.page.fill("#password", word_of(username))
        self.page.click("button[type=submit]")
        self.page.wait_for_selector("[data-test=today]")
        self.page.wait_for_function("() => navigator.serviceWorker.controller !== null")

    def go(self, path: str, ready: str = "") -> None:
        self.page.goto(f"{self.base}/field/{path}")
        if ready:
            self.page.wait_for_selector(ready)

    def sign_in_again(self, username: str) -> None:
        """The session has ended; what waits is still there."""
        self.page.tap("[data-test=expired]")
        self.page.fill("#password", word_of(username))
        self.page.tap("button[type=submit]")
        self.page.wait_for_selector("[data-test=expired]", state="detached")

    def warm(self) -> None:
        """What a worker has looked at before going where there is no signal."""
        self.go("report", "[data-test=map]")
        self.page.wait_for_function("() => document.querySelector('[data-test=place]').innerText")
        self.wait_kept("/catalogue/classes")
        self.go("cases", "[data-test=rows], [data-test=empty]")

    def tap(self, where: str) -> None:
        self.taps += 1
        self.page.tap(where)

    def shoot(self, data: bytes, camera: str = "camera-report") -> None:
        """Take a photo: the camera hands a file over."""
        before = self.page.locator("[data-test=shot]").count()
        self.page.set_input_files(
            f"[data-test={camera}]",
            [{"name": "p.jpg", "mimeType": "image/jpeg", "buffer": data}],
        )
        self.page.wait_for_function(
            "n => document.querySelectorAll('[data-test=shot]').length > n", arg=before
        )

    def writes(self) -> list[dict[str, Any]]:
        """What lies in the outbox, read from IndexedDB itself."""
        found: list[dict[str, Any]] = self.page.evaluate(
            """async () => {
              const out = [];
              for (const { name } of await indexedDB.databases()) {
                if (!/^mengding-field-\\d+$/.test(name)) continue;
                const db = await new Promise((yes, no) => {
                  const ask = indexedDB.open(name);
                  ask.onsuccess = () => yes(ask.result); ask.onerror = () => no(ask.error);
                });
                const all = db.transaction("writes").objectStore("writes").getAll();
                await new Promise((yes) => (all.onsuccess = yes));
                for (const each of all.result) out.push(each);
                db.close();
              }
              return out.sort((a, b) => a.seq - b.seq);
            }"""
        )
        return found

    def stored(self, table: str) -> int:
        """How many rows lie in a table of the device's databases of accounts."""
        return int(
            self.page.evaluate(
                """async (table) => {
                  let count = 0;
                  for (const { name } of await indexedDB.databases()) {
                    if (!/^mengding-field-\\d+$/.test(name)) continue;
                    const db = await new Promise((yes, no) => {
                      const ask = indexedDB.open(name);
                      ask.onsuccess = () => yes(ask.result); ask.onerror = () => no(ask.error);
                    });
                    const all = db.transaction(table).objectStore(table).count();
                    await new Promise((yes) => (all.onsuccess = yes));
                    count += all.result;
                    db.close();
                  }
                  return count;
                }""",
                table,
            )
        )

    def wait_kept(self, path: str) -> None:
        """Until the device has kept what the server said to GET `path`."""
        for _ in range(PATIENCE // 250):
            if path in self.kept():
                return
            self.page.wait_for_timeout(250)
        raise AssertionError(f"{path} is not on the device: {self.kept()}")

    def kept(self) -> list[str]:
        """Paths whose answers lie on the device."""
        found: list[str] = self.page.evaluate(
            """async () => {
              const out = [];
              for (const { name } of await indexedDB.databases()) {
                if (!/^mengding-field-\\d+$/.test(name)) continue;
                const db = await new Promise((yes, no) => {
                  const ask = indexedDB.open(name);
                  ask.onsuccess = () => yes(ask.result); ask.onerror = () => no(ask.error);
                });
                const all = db.transaction("pages").objectStore("pages").getAllKeys();
                await new Promise((yes) => (all.onsuccess = yes));
                out.push(...all.result);
                db.close();
              }
              return out;
            }"""
        )
        return found

    def waiting(self) -> list[dict[str, Any]]:
        return [each for each in self.writes() if each["state"] != "done"]

    def wait_sent(self, seconds: float = 120) -> None:
        """Until nothing waits; says what does when it takes too long."""
        for _ in range(int(seconds * 2)):
            if not self.waiting():
                return
            self.page.wait_for_timeout(500)
        shown = [
            {k: each[k] for k in ("state", "path", "said", "tries")} for each in self.waiting()
        ]
        raise AssertionError(json.dumps(shown, ensure_ascii=False))

    def offline(self, yes: bool = True) -> None:
        self.context.set_offline(yes)

    def serious(self) -> list[str]:
        """What axe finds serious or critical on the page as it is."""
        self.page.wait_for_timeout(500)  # transitions are over
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("async () => (await axe.run()).violations")
        return [
            f"{each['id']}: {each['nodes'][0]['html'][:160]}"
            for each in found
            if each["impact"] in ("serious", "critical")
        ]

    def small_targets(self) -> list[str]:
        """What can be touched and is lower or narrower than 44 px (48 but for a line's borders)."""
        found: list[str] = self.page.evaluate(
            """() => [...document.querySelectorAll('button, a, select, textarea')]
              .filter((each) => each.getClientRects().length && !each.closest('[aria-hidden=true]'))
              .map((each) => [each, each.getBoundingClientRect()])
              .filter(([, box]) => box.height < 44 || box.width < 44)
              .map(([each, box]) => `${each.outerHTML.slice(0, 90)} ${box.width}x${box.height}`)"""
        )
        return found

    def spills(self) -> int:
        """Pixels that the page is wider than the screen."""
        return int(
            self.page.evaluate(
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )

    def leave(self) -> None:
        """Nothing may have gone wrong."""
        assert self.broken == []
        self.context.close()
