"""The workbench of each role: what waits, what came back and why, decisions, administrators."""

from typing import Any

import pytest

from tests.desk.hands import Person, built, call, has_axe


def made(server: str) -> int:
    """A case in the hands of the water bureau."""
    said = {"description": "护栏断了。", "class_code": "C0507", "region_code": "511803102201"}
    case = int(call(server, "desk", "/reports", said)["case_id"])
    call(server, "desk", f"/cases/{case}/file", {"condition_code": "C0507-1"})
    call(server, "dispatch", f"/cases/{case}/dispatch", {})
    return case


@built
@pytest.mark.browser
def test_what_comes_back_says_why(server: str, browser: Any) -> None:
    water, boss = Person(browser, server, "water"), Person(browser, server, "supervise")
    before = int(water.page.inner_text("[data-stage=dispatched]"))
    case = made(server)
    # Counts and lists are live.
    water.page.wait_for_function(
        "n => Number(document.querySelector('[data-stage=dispatched]').textContent) === n",
        arg=before + 1,
        timeout=5000,
    )
    call(server, "water", f"/cases/{case}/accept", {})
    call(server, "water", f"/cases/{case}/request_extension", {"amount": 1, "reason": "等货。"})
    boss.page.wait_for_selector("[data-test=decide]:has-text('等货。')")
    water.page.wait_for_selector("[data-test=asked]:has-text('待审批')")
    call(server, "supervise", f"/cases/{case}/grant", {})
    water.page.wait_for_selector("[data-test=asked]:has-text('已同意')")
    assert "孙立新" in water.page.inner_text("[data-test=asked]")
    call(server, "water", f"/cases/{case}/feed_back", {"report": "已修复。"})
    call(server, "verify", f"/cases/{case}/start_check", {})
    call(server, "verify", f"/cases/{case}/rework", {"reason": "立柱仍然晃动。"})
    water.page.wait_for_selector("[data-test=returned] li:has-text('立柱仍然晃动。')")
    assert "周静 要求返工" in water.page.inner_text("[data-test=returned]")
    water.page.click("[data-test=returned] a:has-text('立柱仍然晃动。')")
    water.page.wait_for_url(f"**/desk/cases/{case}")
    for person in (water, boss):
        assert person.broken == []
        person.context.close()


@built
@pytest.mark.browser
def test_one_key_to_the_next_case(server: str, browser: Any) -> None:
    made(server)
    person = Person(browser, server, "water")
    page = person.page
    first = page.get_attribute("[data-test=waiting] li:first-child a", "href")
    page.keyboard.press(".")
    page.wait_for_url(f"**{first}")
    page.wait_for_selector("[data-test=timeline] li")
    page.keyboard.press("Escape")
    page.wait_for_url("**/desk/")
    page.wait_for_selector("[data-test=waiting] li")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{first}")
    person.context.close()


@built
@pytest.mark.browser
@has_axe
@pytest.mark.parametrize("username", ["sysadmin", "secadmin", "audit"])
def test_administrators_find_their_own(server: str, browser: Any, username: str) -> None:
    person = Person(browser, server, username)
    page = person.page
    wanted = {
        "sysadmin": "[data-test=in-force] li:has-text('派遣规则')",
        "secadmin": "text=没有被锁定的账号",
        "audit": "[data-test=ledger-check]",
    }[username]
    page.wait_for_selector(wanted)
    found: list[str] = []
    for dark in ("0", "1"):
        page.evaluate(f"localStorage.setItem('desk.dark', '{dark}')")
        page.reload()
        page.wait_for_selector(wanted)
        found += person.serious()
    assert found == []
    assert person.broken == []
    person.context.close()


@built
@pytest.mark.browser
@has_axe
def test_the_workbench_in_both_themes(server: str, browser: Any) -> None:
    made(server)
    person = Person(browser, server, "water")
    found: list[str] = []
    for dark in ("0", "1"):
        person.page.evaluate(f"localStorage.setItem('desk.dark', '{dark}')")
        person.page.reload()
        person.page.wait_for_selector("[data-test=waiting] li")
        found += person.serious()
    assert found == []
    person.context.close()
