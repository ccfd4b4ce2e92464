"""A warning from the list to its owner, a refused end, and the case opened from it."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.desk.hands import Person, built, call, database, has_axe

pytestmark = [built, pytest.mark.browser]
LAMPS, BINS, DRAINS, GRATES = "C0137", "C0305", "C0103", "C0104"
HYDRANTS, WALLS = "E0703", "E0503"


@pytest.fixture
def found(server: str, django_db_blocker: Any) -> Callable[[str], int]:
    """What the finder makes of the same thing three times at one place, in the server's own
    database."""
    from mengding.cases.tests.made import report
    from mengding.core import clock
    from mengding.warnings import actions
    from mengding.warnings.models import Alert

    def make(class_code: str) -> int:
        with database(django_db_blocker):
            for days in (9, 5, 1):
                with clock.at(clock.now() - timedelta(days=days)):
                    case = report(class_code=class_code).case
            while not actions.look():  # nothing while the server's own worker looks
                time.sleep(0.1)
            return Alert.objects.get(kind="repeat", case_ids__contains=[case.pk]).pk

    return make


def test_a_warning_is_taken_and_a_case_opened_from_it(
    server: str, browser: Any, found: Callable[[str], int]
) -> None:
    warning = found(LAMPS)
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/numbers/warnings")
    page.click(f"[data-warning='{warning}']")
    page.wait_for_selector("[data-test=warning] h2:has-text('路灯')")
    page.wait_for_selector("[data-test=owner]:has-text('建议负责人')")

    # A false alarm needs its reason: the field is named, and one stands in it.
    page.click("[data-test=false]")
    page.click("[data-test=send]")
    page.wait_for_selector("#warning-wrong:has-text('请填写')")
    page.wait_for_selector(
        "#warning-words[aria-invalid=true][aria-describedby=warning-wrong]:focus"
    )
    page.keyboard.press("Escape")
    assert call(server, "supervise", f"/warnings/{warning}")["status"] == "open"

    page.click("[data-test=take]")
    page.click("[data-test=send]")
    page.wait_for_selector("[data-test=owner]:has-text('负责'):has-text('孙立新')")
    kept = call(server, "supervise", f"/warnings/{warning}")
    assert kept["status"] == "taken"
    due = datetime.fromisoformat(kept["due_at"]).astimezone(ZoneInfo("Asia/Shanghai"))
    assert f"{due:%m-%d %H:%M}" in page.inner_text("[data-test=due]")

    page.click("[data-test=case]")
    page.wait_for_function("() => document.querySelector('#warning-words')?.value.includes('3 件')")
    page.fill("#warning-words", "同一路段路灯一月内报修三次，请检查线路。")
    page.click("[data-test=send]")
    page.click("[data-test=followed] a:has-text('请检查线路')")

    # The case leads back to the warning, which shows the case and offers no second one.
    page.wait_for_url("**/desk/cases/*")
    case = int(page.url.rsplit("/", 1)[1])
    page.click("[data-test=from-warning]")
    page.wait_for_selector("[data-test=followed] a:has-text('请检查线路')")
    assert page.locator("[data-test=case]").count() == 0
    assert call(server, "supervise", f"/warnings/{warning}")["case"] == case
    boss.leave()


def test_on_a_phone_the_queue_comes_before_the_spots(
    server: str, browser: Any, found: Callable[[str], int]
) -> None:
    found(DRAINS)
    said = {"code": "hill", "name": "蒙顶山景区", "region": "511803102", "capacity": 8000}
    call(server, "supervise", "/crowd/spots", said)
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server}/desk/numbers/warnings")
    page.wait_for_selector("[data-test=spots] summary")
    first = page.locator("[data-warning]").first.bounding_box()
    assert first is not None
    assert first["y"] + first["height"] < 844 / 2 + 60, first
    spot = page.locator("[data-test=spots] li:has-text('蒙顶山景区')")
    assert not spot.is_visible()
    page.click("[data-test=spots] summary")
    spot.wait_for(state="visible")
    # They stay open when the list is read again; where there is room they are open anyhow.
    page.click("[data-kind=crowd]")
    page.wait_for_selector("[data-kind=crowd][aria-pressed=true]")
    assert spot.is_visible()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.reload()
    spot.wait_for(state="visible")
    boss.leave()


def test_the_row_says_in_words_what_its_numbers_are(
    server: str, browser: Any, found: Callable[[str], int]
) -> None:
    warning = found(GRATES)
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/numbers/warnings")
    row = page.locator(f"[data-warning='{warning}']")
    row.wait_for()
    known = call(server, "supervise", f"/warnings/{warning}")
    said = row.inner_text()
    assert "3 件" in said
    assert f"30 天内，通常 {known['expected']:g} 件" in said
    # In English too.
    page.evaluate("localStorage.setItem('desk.language', 'en')")
    page.goto(f"{server}/desk/numbers/warnings?id={warning}")
    row.wait_for()
    said = row.inner_text()
    assert "3 cases" in said
    assert f"in 30 d, usually {known['expected']:g}" in said
    page.wait_for_selector("[data-test=owner]:has-text('Proposed to')")
    owner = page.inner_text("[data-test=owner]")
    assert "Cheling Town centre" in owner
    assert "51180" not in owner
    boss.leave()


def test_for_any_worker_of_a_village_the_village_is_chosen(
    server: str, browser: Any, found: Callable[[str], int], django_db_blocker: Any
) -> None:
    from mengding.regions.models import Region
    from mengding.warnings.models import Alert

    warning = found(HYDRANTS)
    with database(django_db_blocker):
        town = Region.objects.get(code="511803102")
        Alert.objects.filter(pk=warning).update(region=town)
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/numbers/warnings?id={warning}")
    page.click("[data-test=task]")
    page.check("input[name=warning-at][value=region]")
    page.fill("#warning-words", "请到现场看看。")
    page.click("[data-test=send]")
    page.wait_for_selector("#warning-wrong:has-text('请选择村或网格员')")
    assert call(server, "supervise", f"/warnings/{warning}")["status"] == "open"
    page.click("[data-test=region]")
    page.locator(".el-select-dropdown__item:visible").first.click()
    page.click("[data-test=send]")
    page.wait_for_selector("[data-test=followed] :text('请到现场看看')")
    boss.leave()


def test_what_is_raised_meanwhile_comes_by_itself(
    server: str, browser: Any, found: Callable[[str], int]
) -> None:
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.clock.install()
    page.goto(f"{server}/desk/numbers/warnings")
    page.wait_for_selector("[data-kind=repeat]")
    page.wait_for_load_state("networkidle")
    warning = found(WALLS)
    row = page.locator(f"[data-warning='{warning}']")
    assert row.count() == 0
    page.clock.fast_forward("01:01")
    row.wait_for()
    # Not under the hands of somebody who writes.
    row.click()
    page.click("[data-test=real]")
    page.fill("#warning-words", "已处")
    call(server, "supervise", f"/warnings/{warning}/take", {})
    page.clock.fast_forward("01:01")
    page.wait_for_timeout(300)
    assert page.input_value("#warning-words") == "已处"
    page.keyboard.press("Escape")
    page.clock.fast_forward("01:01")
    row.wait_for(state="detached")
    # What one was reading stays, in whichever list it is.
    assert page.locator("[data-test=warning]").count() == 1
    boss.leave()


@has_axe
@pytest.mark.parametrize("dark", [False, True])
def test_no_serious_faults(
    server: str, browser: Any, found: Callable[[str], int], dark: bool
) -> None:
    warning = found(BINS)
    boss = Person(browser, server, "supervise")
    page = boss.page
    if dark:
        page.evaluate("localStorage.setItem('desk.dark', '1')")
    page.goto(f"{server}/desk/numbers/warnings")
    page.click(f"[data-warning='{warning}']")
    page.wait_for_selector("[data-test=warning] canvas")
    faults = boss.serious()
    page.click("[data-test=task]")  # the longest of its forms
    page.wait_for_selector("#warning-due")
    faults += boss.serious()
    assert not faults
    boss.leave()
