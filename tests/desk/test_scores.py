"""Coverage first, one worker's month for a reason, and an appeal reviewed by two."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.desk.hands import Person, built, call, database, has_axe

pytestmark = [built, pytest.mark.browser]


@pytest.fixture(scope="module")
def month(served: Any, django_db_blocker: Any) -> Iterator[int]:
    """A frozen October of the grid worker: one task in time, one missed, with an appeal."""
    from mengding.cases.tests.made import who
    from mengding.core import clock
    from mengding.scores import actions, periods, queries
    from mengding.scores.tests.made import FROZEN, OCTOBER, VILLAGE, grid_post, inspected, task

    with database(django_db_blocker):
        inspected(OCTOBER, VILLAGE, "hose", "cap")
        inspected(OCTOBER, VILLAGE)
        task(1)
        missed = task(13, done=None)
        with clock.at(FROZEN):
            periods.freeze(who("sysadmin"), OCTOBER)
            figure = queries.newest(OCTOBER, grid_post().account_id)[0]
            yield actions.appeal(who("grid"), figure.pk, [missed.pk], "道路塌方").pk


@has_axe
def test_each_number_of_field_work_drills_to_what_it_counts(
    server: str, month: int, browser: Any
) -> None:
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/numbers/fieldwork?kind=month&day=2026-10-05")
    page.wait_for_selector("[data-test=numbers] tbody tr")
    assert boss.serious() == []
    assert "杨帆" not in page.inner_text("main")  # nothing about one person
    shown = page.inner_text("[data-row='511803102'] [data-code=failed]")
    assert int(shown) >= 1
    page.focus("[data-row='511803102'] [data-code=failed]")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-behind]")
    assert page.locator("[data-behind]").count() == int(shown)
    assert "杨帆" not in page.inner_text("[data-test=drill]")
    assert boss.serious() == []
    # From there to the tasks themselves, where they can be called off: the same ones.
    page.click("[data-test=to-tasks]")
    page.wait_for_selector("[data-task]")
    assert page.locator("[data-task]").count() == int(shown)
    assert "车岭镇" in page.inner_text("[data-test=where]")
    page.go_back()
    found = call(server, "supervise", "/fieldwork?kind=month&day=2026-10-05")
    for figure in found["columns"]:
        value = found["total"][figure["code"]]
        page.click(f"[data-test=big] [data-code={figure['code']}]")
        parts = {"counts": value["n"]}
        if figure["rate"]:
            parts |= {"over": value["of"], "rest": value["of"] - value["n"]}
        for part, number in parts.items():
            if figure["rate"]:
                page.click(f"[data-part={part}]")
                page.wait_for_selector(f"[data-part={part}][aria-pressed=true]")
            page.wait_for_selector(f"[data-test=drill-total]:text-matches('^{number:,} ')")
            if number:
                page.wait_for_selector("[data-behind]")
            assert page.locator("[data-behind]").count() == min(number, 50), (figure, part)
        page.keyboard.press("Escape")
        page.wait_for_selector("[data-test=drill]", state="detached")
    # An item that failed leads to its inspection.
    page.click("[data-test=big] [data-code=items_failed]")
    page.click("[data-behind] a")
    page.wait_for_selector(".people-drawer .row")
    assert "不合格" in page.inner_text(".people-drawer")
    assert boss.broken == []
    boss.leave()


@has_axe
def test_from_a_village_to_one_month_for_a_reason(server: str, month: int, browser: Any) -> None:
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/fieldwork/coverage")
    page.wait_for_selector("[data-test=matrix] tbody tr")
    assert "没有人去过" in page.inner_text("[data-test=unvisited]")
    kinds = call(server, "supervise", "/coverage")["kinds"]
    columns = page.locator("[data-test=matrix] thead th").count()
    assert columns == len(kinds) + 3  # village and two sums
    page.click("[data-village='511803102201']")
    page.wait_for_selector("[data-test=people] li:has-text('杨帆')")
    assert "分" not in page.inner_text("[data-test=people]")
    assert boss.serious() == []
    page.click("[data-test=look]")
    page.click("[data-test=look-open]")
    page.wait_for_selector("[role=alert]")
    page.fill("#look-why", "该村两周无人走访")
    page.click("[data-test=look-open]")
    page.wait_for_selector("[data-test=value]")
    looks = call(server, "grid", "/evaluation/mine/months")["looks"]
    assert (looks[0]["by"], looks[0]["why"]) == ("孙立新", "该村两周无人走访")
    boss.leave()


def test_an_appeal_is_reviewed_by_two(server: str, month: int, browser: Any) -> None:
    for username, turn in (("supervise", 1), ("review", 2)):
        person = Person(browser, server, username)
        page = person.page
        page.goto(f"{server}/desk/fieldwork/appeals")
        page.wait_for_selector("[data-test=appeal]:has-text('道路塌方')")
        page.click("[data-test=grant]")
        page.fill("#review-reason", "属实，与封路通知一致")
        page.click("[data-test=send]")
        if turn == 1:
            page.wait_for_selector("[data-test=appeal]:has-text('复审须由另一人进行')")
            assert page.locator("[data-test=send]").count() == 0
        else:
            page.wait_for_selector("[data-test=appeal]", state="detached")
        person.leave()
    mine = call(server, "grid", "/evaluation/mine?month=2026-10")
    assert [each["origin"] for each in mine["history"]] == ["frozen", "appeal"]
    assert [each["value"] for each in mine["history"]] == [68.8, 100.0]


def test_rules_are_tried_before_they_are_published(server: str, browser: Any) -> None:
    admin = Person(browser, server, "sysadmin")
    page = admin.page
    page.goto(f"{server}/desk/fieldwork/evaluation")
    page.wait_for_selector("[data-test=versions] li")
    page.click("[data-test=try]")
    page.wait_for_selector("[data-test=trial]")
    page.click("[data-test=publish]")
    page.click(".el-message-box__btns .el-button--primary")
    page.wait_for_selector("[data-test=versions] li:has-text('待生效')")
    admin.leave()
