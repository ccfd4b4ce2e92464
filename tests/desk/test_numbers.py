"""Numbers: the overview, the table of indicators, the cases behind a number, closed months."""

from typing import Any

import pytest

from mengding.cases.stages import Stage
from tests.desk.hands import Person, built, database, has_axe


def made(blocker: Any) -> None:
    """Some cases in the server's database, counted."""
    from mengding.cases.tests.made import case_at
    from mengding.indicators import actions

    with database(blocker):
        for stage in (Stage.FILED, Stage.HANDLING, Stage.CHECKING, Stage.CLOSED):
            case_at(stage)
        actions.rebuild()


@built
@pytest.mark.browser
def test_a_number_opens_exactly_its_cases(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    made(django_db_blocker)
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/numbers/indicators?kind=day&beside=before")
    page.wait_for_selector("[data-test=numbers] tbody tr")
    total = page.inner_text("[data-total=to_handle]")
    page.click("[data-total=to_handle]")
    page.wait_for_selector("[data-test=drill] tbody tr")
    assert page.locator("[data-test=drill] tbody tr").count() == int(total) == 3
    assert page.inner_text("[data-test=drill-total]").startswith(total)
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-test=drill]", state="detached")
    # The rest of a rate: what is not handled yet.
    page.click("[data-total=handled_rate]")
    page.wait_for_selector("[data-test=drill] tbody tr")
    page.click("[data-part=rest]")
    page.wait_for_selector("[data-part=rest][aria-pressed=true]")
    page.wait_for_selector("[data-test=drill-total]:has-text('1')")
    assert page.locator("[data-test=drill] tbody tr").count() == 1
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-test=drill]", state="detached")
    # The formula is there for keyboard and ear.
    page.focus("[data-formula=in_time_rate]")
    page.wait_for_selector(".el-popper:has-text('申诉成立而豁免的')")
    # Into a department, by class; the address keeps it.
    page.click("[data-row=dept-urban_management] .into")
    page.wait_for_selector("[data-row=C0101]")
    assert "org=" in page.url
    with page.expect_download() as loading:
        page.click("[data-test=csv]")
    text = loading.value.path().read_text("utf-8-sig")
    assert text.splitlines()[0].startswith("项目,自,上报数")
    assert boss.broken == []
    boss.context.close()


@built
@has_axe
@pytest.mark.browser
def test_overview_and_closed_months(server: str, browser: Any, django_db_blocker: Any) -> None:
    made(django_db_blocker)
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/numbers")
    page.wait_for_selector("[data-test=big] b")
    assert "/numbers/overview" in page.url
    page.wait_for_selector(".chart canvas")
    page.click(".chart .turn >> nth=0")
    page.wait_for_selector(".chart .table tbody tr")
    page.wait_for_selector("[data-test=as-of]")
    assert boss.serious() == []
    page.goto(f"{server}/desk/numbers/indicators")
    page.wait_for_selector("[data-test=numbers] tbody tr")
    assert boss.serious() == []
    page.goto(f"{server}/desk/numbers/closed")
    page.click("[data-test=freeze]")
    page.click(".el-message-box .el-button--primary")
    page.wait_for_selector("[data-test=periods] tbody tr")
    page.click("[data-period]")
    page.wait_for_selector("[data-test=corrections]:has-text('没有变动')")
    assert boss.serious() == []
    assert boss.broken == []
    boss.context.close()


@built
@pytest.mark.browser
def test_a_department_sees_its_own_row_only(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    made(django_db_blocker)
    hand = Person(browser, server, "handler")
    page = hand.page
    page.goto(f"{server}/desk/numbers/indicators?kind=day")
    page.wait_for_selector("[data-test=numbers] tbody tr")
    assert page.locator("[data-test=numbers] tbody tr").count() == 1
    assert page.locator("[data-row=dept-urban_management]").count() == 1
    page.goto(f"{server}/desk/numbers/closed")
    page.wait_for_selector("h1")
    assert page.locator("[data-test=freeze]").count() == 0
    assert hand.broken == []
    hand.context.close()
