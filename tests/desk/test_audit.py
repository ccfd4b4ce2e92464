"""The ledger at the console: found, read, filtered and exported by auditors only."""

import csv
import io
from typing import Any

import pytest

from tests.desk.hands import Person, built, database, has_axe, receive

pytestmark = [built, pytest.mark.browser]


def opened(browser: Any, server: str) -> Person:
    person = Person(browser, server, "audit")
    person.page.goto(f"{server}/desk/settings/audit")
    person.page.wait_for_selector("[data-event]")
    return person


def test_who_saw_contact_data_and_the_export_of_it(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    from mengding.cases import actions
    from mengding.cases.contacts import ContactData
    from mengding.cases.tests.made import report, take, who

    with database(django_db_blocker):
        told = report("井盖丢失", contact=ContactData(name="王女士", phone="13812345678"))
        take("file", told.case_id)
        told.case.refresh_from_db()
        number = told.case.number
        actions.reveal_contact(who("desk"), told.pk, purpose="回访")
    person = opened(browser, server)
    page = person.page
    page.click("[data-quick=contact]")
    page.wait_for_url("**action=contact.reveal**")
    page.wait_for_function("() => document.querySelectorAll('[data-event]').length === 1")
    row = page.inner_text("[data-event]")
    assert "李雯" in row
    assert number in row
    with page.expect_download() as download:
        page.click("[data-test=export]")
    with open(download.value.path(), encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(io.StringIO(file.read())))
    assert [(each["action"], each["subject_name"]) for each in rows] == [("contact.reveal", number)]
    # The export is on record, and found by its own filter.
    page.click("[data-quick=export]")
    page.wait_for_selector("[data-event]:has-text('导出台账')")
    page.goto(f"{server}/desk/settings/audit")
    page.fill("[data-test=number]", number)
    page.press("[data-test=number]", "Enter")
    page.wait_for_selector("[data-event]:has-text('立案')")
    assert page.locator(f"[data-event]:has-text('{number}')").count() == 3
    page.keyboard.press("Tab")
    page.click("h1")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("tr.detail .hex")
    assert "13812345678" not in page.content()
    assert person.broken == []
    person.context.close()


def test_only_auditors_find_it(server: str, browser: Any) -> None:
    desk = Person(browser, server, "desk")
    desk.page.goto(f"{server}/desk/settings/audit")
    desk.page.wait_for_selector("[data-test=waiting]", state="attached")
    assert desk.page.url.endswith("/desk/")
    desk.context.close()


@has_axe
def test_nothing_serious_for_axe(server: str, browser: Any) -> None:
    receive(server)
    person = opened(browser, server)
    found: list[str] = []
    for dark in ("0", "1"):
        person.page.evaluate(f"localStorage.setItem('desk.dark', '{dark}')")
        person.page.reload()
        person.page.wait_for_selector("[data-event]")
        person.page.click("[data-event]")
        person.page.wait_for_selector("tr.detail .hex")
        found += person.serious()
    assert found == []
    person.context.close()
