"""The phone desk: a call by keyboard alone, joining, emergencies, drafts."""

import json
import os
import re
import time
import urllib.request
from typing import Any

import pytest

from tests.desk.hands import Person, built, has_axe

# How long a key takes; a person at an input method needs the better part of a second a character.
TYPING_MS = int(os.environ.get("MENGDING_TYPING_MS", "40"))
SAID = "车岭镇水月村村口的路灯三天没亮了，晚上老人出门看不见路。"


def at_the_phone(browser: Any, server: str) -> Person:
    desk = Person(browser, server, "desk")
    desk.page.goto(f"{server}/desk/phone")
    focused(desk, "phone-words")
    return desk


def focused(person: Person, field: str) -> None:
    person.page.wait_for_function("id => document.activeElement?.id === id", arg=field)


def known(server: str, case: str, what: str = "") -> Any:
    from mengding.demo.secrets import token

    request = urllib.request.Request(
        f"{server}/api/v1/cases/{case}{what}", headers={"Authorization": f"Bearer {token('desk')}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def number(person: Person) -> str:
    person.page.wait_for_selector("[data-test=receipt]")
    return person.page.inner_text("[data-test=number]").strip("#")


@built
@pytest.mark.browser
def test_a_call_takes_less_than_a_minute(server: str, browser: Any) -> None:
    """Key by key, and no mouse at all."""
    desk = at_the_phone(browser, server)
    page = desk.page
    page.evaluate("addEventListener('mousedown', () => (window.mouse = true))")
    keys = 0

    def write(text: str) -> None:
        nonlocal keys
        keys += len(text)
        page.keyboard.type(text, delay=TYPING_MS)

    def press(key: str) -> None:
        nonlocal keys
        keys += 1
        page.keyboard.press(key)

    begun = time.monotonic()
    write(SAID)
    # Meanwhile the village was heard and the classes were suggested.
    page.wait_for_function("document.getElementById('phone-place').value.includes('水月村')")
    page.wait_for_selector("[data-test=classes] button:first-child:has-text('路灯')")
    press("Alt+1")
    press("Tab")
    focused(desk, "phone-place")
    press("Tab")
    focused(desk, "phone-address")
    write("小卖部旁边第二根杆")
    for _ in range(3):  # the classes, and the list of all of them, are a stop each
        press("Tab")
    focused(desk, "phone-name")
    write("周女士")
    press("Tab")
    focused(desk, "phone-phone")
    write("13912345678")
    press("Control+Enter")
    case = number(desk)
    seconds = time.monotonic() - begun
    print(f"a call: {seconds:.1f} s, {keys} keys, 5 fields")
    assert seconds < 60
    assert keys < 80
    assert page.evaluate("window.mouse") is None
    assert f"#{case}" in page.inner_text("[data-test=receipt] blockquote")
    made = known(server, case)
    assert (made["class_code"], made["channel"]) == ("C0137", "phone")
    assert made["place"][1:3] == ["车岭镇", "水月村村委会"]
    assert made["reports"][0]["contact"]["phone"] == "139****5678"
    # Nothing of the caller stays in the browser.
    assert "13912345678" not in page.evaluate("JSON.stringify([localStorage, sessionStorage])")

    # The next caller reports the same: seen while typing, joined with two keys.
    page.keyboard.press("Enter")
    focused(desk, "phone-words")
    page.keyboard.type("水月村村口路灯不亮，老人看不见路")
    page.wait_for_selector(f"[data-candidate='{case}']")
    shown = page.inner_text(f"[data-candidate='{case}']")
    assert re.search(r"文字相似 \d\d%", shown)
    assert "受理" in shown
    page.keyboard.press("Alt+j")  # nothing is chosen yet, so nothing is joined
    page.wait_for_selector("text=请先用 Alt+↑↓ 选中一件")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+j")
    assert number(desk) == case
    assert known(server, case)["reports_count"] == 2
    assert desk.broken == []
    desk.context.close()


@built
@pytest.mark.browser
def test_an_emergency_is_three_keys(server: str, browser: Any) -> None:
    desk = at_the_phone(browser, server)
    page = desk.page
    page.keyboard.type("河滨公园有人落水")
    page.fill("#phone-phone", "139")  # cut short; it must not hold anything up
    page.keyboard.press("F9")
    page.wait_for_selector("[data-test=emergency]")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-test=emergency]", state="detached")
    assert page.input_value("#phone-words") == "河滨公园有人落水"
    page.keyboard.press("F9")
    page.wait_for_selector("[data-test=emergency]")
    page.keyboard.press("2")
    page.wait_for_selector("[data-test=service]:has-text('119')")
    page.keyboard.press("o")
    page.wait_for_selector("[data-test=timeline] li:has-text('移交 119')")
    case = page.url.rsplit("/", 1)[1]
    assert known(server, case)["stage"] == "declined"
    assert desk.broken == []

    # The number is there even when the record cannot be made; then it can be tried again.
    page.goto(f"{server}/desk/phone")
    focused(desk, "phone-words")
    page.route("**/api/v1/reports/hand_over", lambda route: route.abort())
    page.keyboard.press("F9")
    page.wait_for_selector("[data-test=emergency]")
    page.keyboard.press("3")
    page.wait_for_selector("[data-test=emergency] [role=alert]:has-text('120')")
    page.wait_for_selector("[data-test=emergency] .problem")
    page.unroute("**/api/v1/reports/hand_over")
    page.keyboard.press("3")
    page.wait_for_selector("[data-test=service]:has-text('120')")
    desk.context.close()


@built
@pytest.mark.browser
def test_nothing_written_is_lost(server: str, browser: Any) -> None:
    desk = at_the_phone(browser, server)
    page = desk.page
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=请先记下来话内容")
    page.keyboard.type("永兴社区门口井盖响")
    page.fill("#phone-phone", "12")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[role=alert]:has-text('电话号码格式不正确')")
    focused(desk, "phone-phone")
    assert "12" not in page.evaluate("JSON.stringify(localStorage)")
    page.reload()
    page.wait_for_selector("text=已恢复未提交的登记")
    assert page.input_value("#phone-words") == "永兴社区门口井盖响"
    assert page.input_value("#phone-phone") == "12"
    # Nobody else finds it, at the same desk in the same tab.
    page.evaluate(
        "sessionStorage.setItem('phone.draft', sessionStorage.getItem('phone.draft')"
        '.replace(/"account":(\\d+)/, (_, id) => `"account":${Number(id) + 1}`))'
    )
    kept = page.evaluate("sessionStorage.getItem('phone.draft')")
    page.goto(f"{server}/desk/phone")
    focused(desk, "phone-words")
    assert page.input_value("#phone-words") == ""
    assert page.evaluate("sessionStorage.getItem('phone.draft')") is None
    assert "永兴社区" in kept
    page.keyboard.type("永兴社区门口井盖响")
    page.reload()
    page.wait_for_selector("text=已恢复未提交的登记")
    page.click("header >> text=清空")
    assert page.input_value("#phone-words") == ""
    assert page.evaluate("sessionStorage.getItem('phone.draft')") is None
    # By part of a name, and a class that is confidential says so.
    page.fill("#phone-words", "和邻居因为院墙吵起来了")
    page.focus("#phone-place")
    page.keyboard.type("蒙山")
    page.wait_for_selector("#phone-place-list [role=option]:has-text('蒙山村')")
    page.keyboard.press("Enter")
    assert "蒙山村" in page.input_value("#phone-place")
    page.click("[data-test=classes] button:has-text('邻里')")
    page.wait_for_selector("[data-test=secret]")
    # Coordinates are found too.
    page.fill("#phone-place", "103.11, 30.09")
    page.wait_for_selector("#phone-place-list [role=option]:has-text('103.11')")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    case = number(desk)
    assert known(server, case)["lon"] == 103.11
    assert known(server, case)["confidential"]
    assert desk.broken == []
    desk.context.close()


@built
@pytest.mark.browser
@has_axe
def test_nothing_serious_for_axe(server: str, browser: Any) -> None:
    desk = at_the_phone(browser, server)
    found: list[str] = []
    for dark in ("0", "1"):
        desk.page.evaluate(f"localStorage.setItem('desk.dark', '{dark}')")
        desk.page.goto(f"{server}/desk/phone")
        focused(desk, "phone-words")
        desk.page.fill("#phone-words", SAID)
        desk.page.wait_for_selector("[data-test=looked]")
        found += desk.serious()
        desk.page.keyboard.press("F9")
        desk.page.wait_for_selector("[data-test=emergency]")
        found += desk.serious()
        desk.page.keyboard.press("Escape")
        desk.page.keyboard.press("Control+Enter")
        desk.page.wait_for_selector("[data-test=receipt]")
        found += desk.serious()
    assert found == []
    desk.context.close()
