"""What browser tests share: a person at the console, and quick ways to have a case."""

import json
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error

ROOT = Path(__file__).resolve().parent.parent.parent
WEB = ROOT / "web"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
built = pytest.mark.skipif(
    not (WEB / "dist" / "index.html").exists(), reason="the console is not built (no Node.js)"
)
has_axe = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (npm ci in web/)")


@contextmanager
def database(blocker: Any) -> Iterator[None]:
    """The server's database from the test itself, with a connection of its own.

    The browser's driver keeps an event loop in this thread, beside which Django refuses to work
    and under which it would keep another connection than the one that is closed at the end.
    """
    from django.db import connection

    with blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        try:
            yield
        finally:
            connection.close()


def word_of(username: str) -> str:
    """The demo password of an account."""
    from mengding.demo.secrets import password

    return password(username)


class Person:
    """Somebody at the console, with a browser of their own."""

    def __init__(self, browser: Any, base: str, username: str) -> None:
        self.base = base
        self.context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
        self.page = self.context.new_page()
        self.page.set_default_timeout(45_000)
        self.broken: list[str] = []
        self.page.on("pageerror", lambda error: self.broken.append(str(error)))
        self.page.on(
            "console",
            lambda said: (
                self.broken.append(said.text) if "Content Security Policy" in said.text else None
            ),
        )
        self.answers: list[str] = []  # every text the server sent
        self.page.on("response", self._keep)
        self.page.goto(f"{base}/desk/")
        self.page.fill("#username", username)
        self.page.fill("#password", word_of(username))
        self.page.click("button[type=submit]")
        self.page.wait_for_selector("[data-test=waiting]", state="attached")

    def _keep(self, response: Any) -> None:
        kind = response.headers.get("content-type", "")
        if "/api/" in response.url and "json" in kind:
            try:
                self.answers.append(response.text())
            except Error:
                pass  # the page went on before the answer was read

    def leave(self) -> None:
        """Close the browser window; nothing may have gone wrong in it."""
        assert self.broken == []
        self.context.close()

    def open(self, case: str) -> None:
        self.page.goto(f"{self.base}/desk/cases/{case}")
        self.page.wait_for_selector("[data-test=timeline] li")

    def do(self, verb: str, **fields: str) -> None:
        """Press the button of a verb, fill its dialog, confirm, and see it gone."""
        self.page.click(f"[data-action={verb}]")
        self.page.wait_for_selector("[data-test=confirm]")
        for name, value in fields.items():
            self.page.fill(f"#field-{name}", value)
        self.page.click("[data-test=confirm]")
        self.page.wait_for_selector("[data-test=confirm]", state="detached")

    def stage(self) -> str:
        return str(self.page.inner_text("[data-test=stage-line] [aria-current=step] b"))

    def wait_stage(self, words: str, seconds: float = 15) -> None:
        self.page.wait_for_function(
            "words => document.querySelector('[data-test=stage-line] [aria-current=step] b')"
            "?.textContent === words",
            arg=words,
            timeout=seconds * 1000,
        )

    def serious(self) -> list[str]:
        """What axe finds serious or critical on the page as it is."""
        self.page.wait_for_timeout(300)  # transitions are over
        # Evaluated by the debugger: the page's own policy allows no script from elsewhere.
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("async () => (await axe.run()).violations")
        return [
            f"{each['id']}: {each['nodes'][0]['html'][:160]}"
            for each in found
            if each["impact"] in ("serious", "critical")
        ]


def call(
    server: str, username: str, path: str, said: dict[str, Any] | None = None
) -> dict[str, Any]:
    """GET, or POST where there is something to say, as a demo account; the decoded answer."""
    from mengding.demo.secrets import token

    request = urllib.request.Request(
        f"{server}/api/v1{path}",
        None if said is None else json.dumps(said).encode(),
        {"Authorization": f"Bearer {token(username)}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def receive(
    server: str, words: str = "路灯不亮。", class_code: str = "C0137", **contact: str
) -> str:
    """A case that came in just now, by telephone; its id."""
    said: dict[str, Any] = {
        "description": words,
        "class_code": class_code,
        "region_code": "511803102",
    }
    if contact:
        said["contact"] = contact
    return str(call(server, "desk", "/reports", said)["case_id"])


# Who does a step, and with what.
STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "file": ("desk", {"condition_code": "C0507-1"}),
    "dispatch": ("dispatch", {}),
    "accept": ("water", {}),
    "feed_back": ("water", {"report": "已焊好。"}),
    "start_check": ("verify", {}),
    "close": ("verify", {"outcome": "fixed", "finding": "稳固。"}),
}


def carry(server: str, case: str, *steps: str) -> None:
    """Take a case through some steps, each by who does it."""
    for step in steps:
        username, said = STEPS[step]
        call(server, username, f"/cases/{case}/{step}", said)
