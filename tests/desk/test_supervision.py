"""A demand from the overdue list to its answer and its end; chains edited, tried and published."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.desk.hands import Person, built, call, database, has_axe

pytestmark = [built, pytest.mark.browser]


@pytest.fixture
def late(server: str, django_db_blocker: Any) -> Callable[[], int]:
    """A case in the hands of a department for three weeks, in the server's own database."""
    from mengding.cases.stages import Stage
    from mengding.cases.tests.made import case_at
    from mengding.core import clock

    def make() -> int:
        with database(django_db_blocker), clock.at(clock.now() - timedelta(days=21)):
            return case_at(Stage.HANDLING, class_code="E0110").pk

    return make


def test_a_demand_goes_from_the_overdue_list_to_its_end(
    server: str, browser: Any, late: Callable[[], int]
) -> None:
    case = late()
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/supervision?tab=unhandled")
    page.click("[data-reason=late]")
    row = f"[data-test=overdue] [data-case='{case}']"
    page.click(f"{row} [data-test=supervise]")
    page.click("[data-test=send]")
    page.wait_for_selector("#demand-wrong:has-text('请填写')")
    page.fill("#demand-words", "请说明原因，今日办结。")
    page.click("[data-test=send]")
    page.wait_for_selector(f"{row} >> text=督办中")
    assert boss.broken == []

    # The department finds it on its workbench and answers.
    hand = Person(browser, server, "handler")
    hand.page.click("[data-test=demand-panel] a:has-text('请说明原因')")
    hand.page.click("[data-test=do-answer]")
    hand.page.fill("#demand-words", "已安排两人到场，17 时前完成。")
    hand.page.click("[data-test=send]")
    hand.page.wait_for_selector("[data-test=turns] li:nth-child(2)")
    assert hand.page.locator("[data-test=do-accept]").count() == 0
    hand.leave()

    page.click(f"{row} >> text=督办中")
    page.wait_for_selector("[data-test=turns] >> text=17 时前完成")
    page.click("[data-test=do-accept]")
    page.click("[data-test=send]")
    page.wait_for_selector("[data-test=demand] >> text=认可答复 ·")
    boss.open(str(case))
    said = page.inner_text("[data-test=timeline]")
    for words in ("答复督办", "办结督办", "请说明原因"):
        assert words in said
    boss.leave()


def test_the_numbers_lead_to_their_cases(
    server: str, browser: Any, late: Callable[[], int]
) -> None:
    late()
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/supervision?tab=unhandled")
    page.wait_for_selector("[data-group]")
    for part in ("towns", "orgs"):
        group = page.locator(f"[data-group^={part}-]").first
        n = int(group.locator("b").inner_text())
        group.click()
        page.wait_for_function(
            "n => document.querySelectorAll('[data-test=overdue] > li').length === n",
            arg=min(n, 50),
        )
    boss.leave()


def _is_held(page: Any, held: list[Any]) -> Any:
    for _ in range(100):
        if held:
            return held[0]
        page.wait_for_timeout(50)
    raise AssertionError("not asked for")


def test_more_of_a_list_that_comes_late_is_not_put_to_another(
    server: str, browser: Any, late: Callable[[], int]
) -> None:
    for case in (late(), late()):
        call(server, "supervise", f"/cases/{case}/supervise", {"demand": "请说明"})
    boss = Person(browser, server, "supervise")
    page = boss.page
    held: list[Any] = []

    def one_a_page(route: Any) -> None:
        if "cursor=" in route.request.url:
            held.append(route)
        else:
            route.continue_(url=route.request.url.replace("limit=50", "limit=1"))

    page.route(re.compile(r"/supervision/demands\?"), one_a_page)
    page.goto(f"{server}/desk/supervision")
    page.click("[data-filter=open]")
    page.wait_for_selector("[data-filter=open][aria-pressed=true]")
    page.click(".more")
    older = _is_held(page, held)
    with page.expect_response(re.compile("status=closed")):
        page.click("[data-filter=closed]")
    with page.expect_response(re.compile("cursor=")) as answer:
        older.continue_()
    answer.value.finished()
    page.wait_for_timeout(300)
    assert page.locator("[data-test=demands] .waiting").count() == 0
    boss.leave()


def test_appeals_that_come_late_do_not_replace_newer_ones(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    from mengding.cases import actions as cases
    from mengding.cases.tests.made import appealed_case, who

    with database(django_db_blocker):
        granted = appealed_case()
        cases.grant(who("supervise"), granted.pk, note="属实")
    boss = Person(browser, server, "supervise")
    page = boss.page
    held: list[Any] = []
    page.route(re.compile("/supervision/appeals.*status=pending"), lambda route: held.append(route))
    page.goto(f"{server}/desk/supervision?tab=appeals")
    row = page.locator(f"[data-test=appeals] a[href$='/cases/{granted.pk}']")
    row.wait_for()
    page.click(".filters button:has-text('待审批')")
    older = _is_held(page, held)
    page.click(".filters button:has-text('已同意')")
    row.wait_for()
    with page.expect_response(re.compile("status=pending")) as answer:
        older.continue_()
    answer.value.finished()
    page.wait_for_timeout(300)
    assert row.count() == 1
    boss.leave()


def test_chains_are_edited_tried_and_published(server: str, browser: Any) -> None:
    admin = Person(browser, server, "sysadmin")
    page = admin.page
    page.set_default_timeout(60_000)
    page.goto(f"{server}/desk/settings/chains")
    page.wait_for_selector("[data-chain=handle]")
    before = call(server, "sysadmin", "/escalation/chains/active")["version"]
    page.click("[data-chain=handle] [data-test=edit]")
    name = page.locator("[data-chain=handle] ol .name input").first
    name.fill("")
    page.click("[data-test=publish]")
    page.click(".el-message-box .el-button--primary")
    page.wait_for_selector("[data-test=wrong] >> text=chains.1.steps.0.zh")
    name.fill("提醒承办人")
    page.click("[data-test=compute]")
    page.wait_for_selector("[data-test=found] >> text=提醒承办人")
    page.click("[data-test=publish]")
    page.click(".el-message-box .el-button--primary")
    page.wait_for_selector(f"text=第 {before + 1} 版")
    found = call(server, "sysadmin", "/escalation/chains/active")["document"]
    assert found["chains"][1]["steps"][0]["zh"] == "提醒承办人"
    admin.leave()


def test_an_alarm_is_acknowledged_and_the_audit_read(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    from mengding.cases.stages import Stage
    from mengding.cases.tests.made import case_at
    from mengding.core import clock
    from mengding.escalation import actions
    from mengding.escalation.models import Audit

    with database(django_db_blocker):
        with clock.at(clock.now() - timedelta(hours=2)):
            case_at(Stage.DISPATCHED)  # urgent
        actions.check_alarms()
        actions.audit()
    desk = Person(browser, server, "dispatch")
    page = desk.page
    panel = "[data-test=alarm-panel] li:has-text('无人接单')"
    page.click(f"{panel} [data-test=acknowledge]")
    page.wait_for_selector(panel, state="detached")
    page.goto(f"{server}/desk/numbers/alarms")
    page.click("text=全部")
    page.wait_for_selector("[data-test=alarms] li:has-text('无人接单'):has-text('王建国')")
    desk.leave()
    auditor = Person(browser, server, "audit")
    auditor.page.goto(f"{server}/desk/numbers/alarms")
    auditor.page.wait_for_selector("[data-test=audit]")
    assert auditor.page.locator("[data-test=audit-stale]").count() == 0
    with database(django_db_blocker):  # as when the worker has been dead since
        Audit.objects.update(at=clock.now() - timedelta(minutes=25))
    auditor.page.reload()
    auditor.page.wait_for_selector("[data-test=audit].bad [data-test=audit-stale]")
    auditor.leave()


@has_axe
@pytest.mark.parametrize("dark", [False, True])
def test_no_serious_faults(server: str, browser: Any, late: Callable[[], int], dark: bool) -> None:
    late()
    found = {}
    for who, path, ready in (
        ("supervise", "supervision?tab=unhandled", "[data-test=overdue]"),
        ("supervise", "supervision", "[data-tab=demands]"),
        ("sysadmin", "settings/chains", "[data-chain=handle]"),
        ("supervise", "numbers/alarms", "h1"),
    ):
        person = Person(browser, server, who)
        if dark:
            person.page.evaluate("localStorage.setItem('desk.dark', '1')")
        person.page.goto(f"{server}/desk/{path}")
        person.page.wait_for_selector(ready)
        if path == "settings/chains":
            person.page.click("[data-chain=handle] [data-test=edit]")
        found[path] = person.serious()
        person.leave()
    assert not [fault for faults in found.values() for fault in faults], found
