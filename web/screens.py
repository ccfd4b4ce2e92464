"""Photograph every page of the console in three sizes: `make screens`, into build/screens/.

Needs a running server of the demo district (`make run`); its address is --base.
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

OUT = Path(__file__).resolve().parent.parent / "build" / "screens"
SIZES = {"laptop": (1440, 900), "wall": (1920, 1080), "phone": (390, 844)}
FIELD_SIZES = {"phone": (390, 844), "small": (360, 740)}
ROWS = "[data-test=cases] [data-case]"
STORY = "[data-test=timeline] li"

# Whose page, its name, its address below /desk/, and what is there when it is ready.
PAGES = (
    ("desk", "workbench", "", "[data-test=waiting]"),
    ("desk", "cases", "cases", ROWS),
    ("desk", "phone", "phone", "#phone-words"),
    ("desk", "account", "account", "[data-test=posts]"),
    ("dispatch", "board", "board", "[data-test=board] [data-case]"),
    ("verify", "checking", "checking", "[data-test=checks]"),
    ("supervise", "approvals", "approvals", "[data-test=approvals]"),
    *(
        ("supervise", f"numbers-{page}", f"numbers/{page}", "[data-test=big] b")
        for page in ("overview", "department", "region", "class", "channel", "fieldwork")
    ),
    ("sysadmin", "workbench-admin", "", "[data-test=waiting]"),
    ("sysadmin", "divisions", "settings/divisions", "[data-test=tree]"),
    ("sysadmin", "new-district", "settings/divisions/new-district", "[data-test=next]"),
    ("sysadmin", "organisations", "settings/organisations", "[data-test=organisations]"),
    ("sysadmin", "catalogue", "settings/catalogue", "[data-test=class]"),
    ("sysadmin", "calendars", "settings/calendars", "[data-test=due]"),
    ("sysadmin", "routing", "settings/routing", "[data-test=rules] li"),
    ("sysadmin", "phrases", "settings/phrases", "[data-test=phrase-list]"),
    ("secadmin", "accounts", "settings/accounts", "[data-test=accounts]"),
    ("secadmin", "tokens", "settings/tokens", "[data-test=tokens]"),
    ("audit", "audit", "settings/audit", "[data-test=events]"),
    ("supervise", "duty", "fieldwork/duty", "main h1"),
    ("supervise", "roster", "fieldwork/roster", "main h1"),
    ("supervise", "requests", "fieldwork/requests", "main h1"),
    ("supervise", "teams", "fieldwork/teams", "main h1"),
    ("supervise", "positions", "fieldwork/positions", "main h1"),
    ("supervise", "replay", "fieldwork/replay", "main h1"),
    ("supervise", "inspections", "fieldwork/inspections", "[data-view=inspections]"),
    ("supervise", "places", "fieldwork/places", "[data-test=place-add]"),
    ("supervise", "plans", "fieldwork/plans", "[data-test=plan-add]"),
    ("supervise", "care", "fieldwork/care", "[data-test=ended]"),
    ("supervise", "resources", "fieldwork/resources", "[data-test=resources]"),
    ("supervise", "outreach", "fieldwork/outreach", "main h1"),
    ("supervise", "appeals", "fieldwork/appeals", "main h1"),
    ("sysadmin", "evaluation", "fieldwork/evaluation", "main h1"),
    ("sysadmin", "kinds", "fieldwork/kinds", "[data-kind]"),
)


# The same below /field/. The second size is taken with the largest type, in the dark.
FIELD_PAGES = (
    ("grid", "today", "", "[data-test=next]"),
    ("grid", "report", "report", "[data-test=camera-report]"),
    ("grid", "tasks", "tasks", "main h1, header h1"),
    ("grid", "visit", "tasks/new/household_visit", "[data-test=address]"),
    ("grid", "places", "places", "[data-place]"),
    ("grid", "care", "care", "header h1"),
    ("grid", "agree", "care/new", "header h1"),
    ("grid", "cases", "cases?list=done", "[data-test=rows], [data-test=empty]"),
    ("grid", "duty", "duty", "header h1"),
    ("grid", "leave", "duty/leave", "header h1"),
    ("grid", "evaluation", "evaluation", "[data-test=month]"),
    ("grid", "resources", "resources", "[data-resource]"),
    ("grid", "way", "way", "[data-test=way]"),
    ("grid", "looks", "way/looks", "header h1"),
    ("grid", "devices", "way/devices", "[data-test=add-device]"),
    ("grid", "notices", "notices", "header h1"),
    ("grid", "materials", "materials", "header h1"),
    ("grid", "help", "help", "[data-card]"),
    ("grid", "holdings", "holdings", "[data-holding]"),
    ("grid", "me", "me", "[data-test=sign-out]"),
    ("grid", "outbox", "outbox", "[data-test=outbox-empty]"),
    ("handler", "today", "", "[data-test=next]"),
    ("handler", "cases", "cases", "[data-test=rows], [data-test=empty]"),
    ("verify", "cases", "cases", "[data-test=rows], [data-test=empty]"),
)


def passwords() -> dict[str, str]:
    """Demo passwords by account."""
    said = subprocess.run(
        [sys.executable, "-m", "mengding", "demo", "--json"], capture_output=True, check=True
    ).stdout
    return {each["username"]: each["password"] for each in json.loads(said)}


class Photographer:
    """One person at the console in one size of window, with a camera."""

    def __init__(self, browser: Any, base: str, size: str) -> None:
        width, height = (SIZES | FIELD_SIZES)[size]
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN"
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.base, self.size = base, size

    def sign_in(self, username: str, password: str) -> None:
        self.page.goto(f"{self.base}/desk/")
        self.page.fill("#username", username)
        self.page.fill("#password", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_selector("[data-test=waiting]", state="attached")

    def go(self, path: str, ready: str) -> None:
        self.page.goto(f"{self.base}/{path}")
        self.page.wait_for_selector(ready)

    def take(self, name: str) -> None:
        """What a person sees without scrolling, when the page has settled."""
        self.page.wait_for_timeout(900)
        self.page.screenshot(path=OUT / f"{name}-{self.size}.png")

    def enter_field(self, username: str, password: str) -> None:
        """Sign in to the field app."""
        self.page.goto(f"{self.base}/field/")
        self.page.fill("#username", username)
        self.page.fill("#password", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_selector("[data-test=today]")

    def wear(self, **looks: str) -> None:
        """Keep settings of the browser: language, dark, …"""
        for key, value in looks.items():
            self.page.evaluate(f"localStorage.setItem('desk.{key}', '{value}')")


def tour(person: Photographer) -> None:
    """What the desk operator opens on the way: a new case, one case, a dialog; then in the dark."""
    page = person.page
    page.keyboard.press("n")
    page.wait_for_selector("[data-test=take-in]")
    page.fill("#new-description", "河边护栏断了一截，小孩容易掉下去。")
    page.wait_for_selector("[data-test=suggested]")
    person.take("new")
    page.keyboard.press("Escape")
    person.go("desk/cases?stage=received", ROWS)
    page.click(f"{ROWS} >> nth=0")
    page.wait_for_selector(STORY)
    person.take("case")
    page.click("[data-action=file]")
    page.wait_for_selector("[data-test=confirm]")
    person.take("file")
    page.keyboard.press("Escape")
    person.wear(dark="1", language="en")
    person.go("desk/cases?stage=checking", ROWS)
    person.take("cases-dark-en")
    page.click(f"{ROWS} >> nth=0")
    page.wait_for_selector(STORY)
    if person.size != "phone":
        page.hover(".clocks .clock >> nth=0")
        page.wait_for_selector("[data-test=clock-steps]")
    person.take("case-dark-en")
    person.go("screen?lang=zh", "[data-test=newest] li")
    person.take("screen")


def field(browser: Any, base: str, known: dict[str, str]) -> None:
    """The field app's pages on two phones; one case as its handler sees it."""
    for size in FIELD_SIZES:
        for username in dict.fromkeys(who for who, *_ in FIELD_PAGES):
            person = Photographer(browser, base, size)
            person.context.grant_permissions(["geolocation"])
            person.context.set_geolocation(
                {"longitude": 103.0281, "latitude": 30.1502, "accuracy": 12}
            )
            person.enter_field(username, known[username])
            if size == "small":
                person.wear(size="3", dark="1")
            for who, name, path, ready in FIELD_PAGES:
                if who == username:
                    person.go(f"field/{path}", ready)
                    person.take(f"field-{who}-{name}")
            if username == "handler":
                person.go("field/cases?list=todo", "[data-case]")
                person.page.click("[data-case] >> nth=0")
                person.page.wait_for_selector("[data-test=stage]")
                person.take("field-handler-case")
                person.page.click("[data-test=more]")
                person.take("field-handler-more")
            if username == "grid":
                away(person, size)
            person.context.close()


def away(person: Photographer, size: str) -> None:
    """Without a network, in English: what is kept here, what is not, a full outbox."""
    page = person.page
    person.wear(language="en")
    person.go("field/", "[data-test=next]")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    person.context.set_offline(True)
    for path, name in (("", "today"), ("way?", "way"), ("places/999999", "not-kept")):
        person.go(f"field/{path}", "header h1")
        person.take(f"field-away-{name}")
    person.go("field/report", "[data-test=camera-report]")
    page.fill("#report-words", "路灯不亮 " * 40)
    person.take("field-away-report")
    page.click("[data-test=send]")
    page.wait_for_selector("[data-test=today-outbox]")
    person.go("field/outbox", "[data-test=outbox] article")
    person.take("field-away-outbox")


def main() -> None:
    """All pages in all sizes; some of them in the dark and in English too."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--base", default="http://127.0.0.1:8000")
    options.add_argument("--only", default="", help="part of the address of the console's pages")
    options.add_argument("--part", choices=("all", "desk", "field"), default="all")
    asked = options.parse_args()
    base = asked.base
    OUT.mkdir(parents=True, exist_ok=True)
    known = passwords()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(  # maps are drawn in software
            executable_path=chromium,
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        for size in SIZES if asked.part != "field" else ():
            stranger = Photographer(browser, base, size)
            stranger.go("desk/sign-in", "#username")
            stranger.take("sign-in")
            stranger.context.close()
            wanted = [each for each in PAGES if asked.only in each[2]]
            for username in dict.fromkeys(who for who, *_ in wanted):
                person = Photographer(browser, base, size)
                person.sign_in(username, known[username])
                for who, name, path, ready in wanted:
                    if who == username:
                        person.go(f"desk/{path}", ready)
                        person.take(name)
                if asked.only:
                    person.wear(dark="1", language="en")
                    for who, name, path, ready in wanted:
                        if who == username:
                            person.go(f"desk/{path}", ready)
                            person.take(f"{name}-dark-en")
                elif username == "desk":
                    person.go("desk/cases", ROWS)
                    tour(person)
                person.context.close()
        if asked.part != "desk":
            field(browser, base, known)
        browser.close()
    print(f"{len(list(OUT.glob('*.png')))} pictures in {OUT}")


if __name__ == "__main__":
    main()
