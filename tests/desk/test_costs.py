"""Costs: a district without rates, entering them, numbers, the cases behind them, a reckoning."""

from typing import Any

import pytest

from mengding.cases.stages import Stage
from tests.desk.hands import Person, built, database, has_axe


@built
@has_axe
@pytest.mark.browser
def test_from_no_rates_to_the_reckoning_of_a_case(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    from mengding.cases.tests.made import case_at
    from mengding.core import clock
    from mengding.costs import actions
    from mengding.indicators.facts import local_day
    from mengding.scores.tests.made import inspected

    with database(django_db_blocker):
        made = [case_at(Stage.CLOSED).pk for _ in range(3)]
        looked = [inspected(local_day(clock.now()), "511803102201").pk for _ in range(2)]
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/numbers/costs")
    page.wait_for_selector("[data-test=unset]")
    page.click("[data-test=unset] button")
    form = "[data-test=rates-form]"
    page.wait_for_selector(form)
    assert boss.serious() == []
    page.fill(f"{form} [data-activity=call] input >> nth=0", "3.50")
    page.fill(f"{form} [data-activity=check] input >> nth=0", "60")
    # A price per hour of something without a recorded duration needs the minutes of an event.
    page.select_option(f"{form} [data-activity=check] select", "hour")
    page.fill(f"{form} [data-activity=check] input >> nth=1", "25")
    page.fill("[data-setting=fewest]", "3")
    page.click("[data-test=publish]")
    page.click(".el-message-box .el-button--primary")
    page.wait_for_selector("[data-test=versions] li")
    with database(django_db_blocker):
        actions.recount()
        actions.take_in(made)
    page.goto(f"{server}/desk/numbers/costs?by=org&kind=year")
    page.wait_for_selector("[data-row=dept-urban_management]")
    assert page.inner_text("[data-big=mean] button") == "28.50"  # 3.50 + 25 minutes at 60 an hour
    assert boss.serious() == []
    page.click("[data-test=total]")
    page.wait_for_selector(f"[data-case='{made[0]}']")
    page.click(f"[data-case='{made[0]}'] button")
    page.wait_for_selector(
        "[data-test=reckoning] li:has-text('核查 0.42 小时 × 60.00 元 = 25.00 元')"
    )
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-test=drill]", state="detached")
    # An activity, a month, a mean: each opens the cases it comes from.
    page.click(".chart .turn >> nth=0")
    page.click(".chart tbody tr button >> nth=0")
    page.wait_for_selector("[data-test=drill-total]:has-text('3')")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-test=drill]", state="detached")
    page.click("[data-row=dept-urban_management] .plain >> nth=0")
    page.wait_for_selector("[data-case]")
    assert page.locator("[data-case]").count() == 3
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-test=drill]", state="detached")
    # So does one that is on show while another table is on its way.
    page.route("**/costs?*by=class*", lambda route: None)
    page.click("[data-test=by]")
    page.click(".el-select-dropdown__item:visible:has-text('类别')")
    page.wait_for_selector("[aria-busy=true]")
    page.click("[data-row=dept-urban_management] .plain >> nth=0")
    page.wait_for_selector("[data-case]")
    assert page.locator("[data-case]").count() == 3
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-test=drill]", state="detached")
    page.unroute("**/costs?*by=class*")
    page.goto(f"{server}/desk/numbers/costs?by=org&kind=year")
    page.wait_for_selector("[data-row=dept-urban_management]")
    # Hours open the cases they were spent on, the longest first, and say how they are known.
    page.click("[data-row=dept-urban_management] [data-hours]")
    page.wait_for_selector("[data-test=drill] [data-case]")
    assert page.locator("[data-test=drill] [data-case]").count() == 3
    assert page.inner_text("[data-test=drill] [aria-pressed=true]") == "用时最多"
    assert "估计" in page.inner_text("[data-test=drill] .lead")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-test=drill]", state="detached")
    # Daily work opens its inspections.
    assert page.inner_text("[data-daily=inspection-count]") == "2"
    page.click("[data-daily=inspection-minutes]")
    page.wait_for_selector("[data-piece]")
    seen = page.eval_on_selector_all("[data-piece]", "all => all.map(e => +e.dataset.piece)")
    assert sorted(seen) == sorted(looked)
    assert boss.serious() == []
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-test=drill]", state="detached")
    # On paper it says of which area and days it is.
    assert "名山区 · " in page.text_content("[data-test=paper]")
    page.goto(f"{server}/desk/numbers/costs?tab=saved&kind=year")
    page.wait_for_selector("[data-saved=merged] dl")
    assert boss.serious() == []
    boss.leave()
