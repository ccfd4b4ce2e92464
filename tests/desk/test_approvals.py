"""Applications at the console: decided by key from the facts beside them, and seen by who asked."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.desk.hands import Person, built, database, has_axe

pytestmark = [built, pytest.mark.browser]


@pytest.fixture
def do(server: str, django_db_blocker: Any) -> Callable[[str], Any]:
    """Cases made in the server's own database: do("late"), do("asked")."""
    from mengding.cases import actions
    from mengding.cases.models import Approval
    from mengding.cases.stages import Stage
    from mengding.cases.tests.made import LEAD_ACTOR, appealed_case, case_at, who

    def make(what: str) -> Any:
        with database(django_db_blocker):
            if what == "appeal":
                case = appealed_case()
            else:
                case = case_at(Stage.HANDLING)
                actions.request_extension(who(LEAD_ACTOR), case.pk, amount=1, reason="需要吊车")
            return Approval.objects.get(case=case)

    return make


def waiting(person: Person, ident: int) -> None:
    person.page.goto(f"{person.base}/desk/approvals")
    person.page.click(f"[data-approval='{ident}']")
    person.page.wait_for_selector("[data-test=approval]")


def test_granted_by_key_with_the_new_deadline_in_sight(
    server: str, browser: Any, do: Callable[[str], Any], django_db_blocker: Any
) -> None:
    one, two = do("asked"), do("asked")
    boss = Person(browser, server, "supervise")
    waiting(boss, one.pk)
    page = boss.page
    assert "需要吊车" in page.inner_text("[data-test=approval]")
    then = page.inner_text("[data-test=due-then]")
    page.keyboard.press("r")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#decision-wrong:has-text('请写明理由')")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.type("同意，抓紧办理")
    page.keyboard.press("Control+Enter")
    # The next one opens by itself.
    page.wait_for_selector(f"[data-approval='{one.pk}']", state="detached")
    page.wait_for_selector(f"[data-approval='{two.pk}'][aria-current=true]")
    with database(django_db_blocker):
        one.refresh_from_db()
        assert (one.status, one.answer.text) == ("granted", "同意，抓紧办理")
        one.case.refresh_from_db()
    boss.open(str(one.case_id))
    assert then in boss.page.inner_text(".marks, [data-test=timeline]") or one.case.extension_count
    assert boss.broken == []
    boss.context.close()

    handler = Person(browser, server, "handler")
    waiting(handler, one.pk)
    assert "同意，抓紧办理" in handler.page.inner_text("[data-test=approval]")
    assert handler.page.query_selector("[data-test=grant]") is None
    handler.context.close()


def test_an_appeal_is_reviewed_twice_by_two(
    server: str, browser: Any, do: Callable[[str], Any], django_db_blocker: Any
) -> None:
    from mengding.cases.models import Approval

    appeal = do("appeal")
    boss = Person(browser, server, "supervise")
    waiting(boss, appeal.pk)
    assert "超时申诉 · 初审" in boss.page.inner_text("[data-test=approval]")
    assert "天" in boss.page.inner_text("[data-test=effect]")
    boss.page.keyboard.press("r")
    boss.page.keyboard.type("没有附证明")
    boss.page.keyboard.press("Control+Enter")
    boss.page.wait_for_selector(f"[data-approval='{appeal.pk}']", state="detached")

    handler = Person(browser, server, "handler")
    waiting(handler, appeal.pk)
    handler.page.click("[data-test=again]")
    handler.page.fill("#again-reason", "补附封路通知")
    handler.page.click("text=提交复审")
    handler.page.wait_for_selector("[data-test=approvals] >> text=超时申诉 · 复审")
    handler.context.close()

    with database(django_db_blocker):
        second = Approval.objects.get(case=appeal.case_id, status="pending")
    waiting(boss, second.pk)
    assert "初审以外的人" in boss.page.inner_text("[data-test=barred]")
    boss.context.close()

    other = Person(browser, server, "review")
    waiting(other, second.pk)
    other.page.keyboard.press("g")
    other.page.keyboard.press("Control+Enter")
    other.page.wait_for_selector(f"[data-approval='{second.pk}']", state="detached")
    other.open(str(appeal.case_id))
    other.page.wait_for_selector("text=超时已豁免")
    assert other.broken == []
    other.context.close()


@has_axe
def test_nothing_serious_for_axe(server: str, browser: Any, do: Callable[[str], Any]) -> None:
    asked = do("asked")
    boss = Person(browser, server, "supervise")
    found: list[str] = []
    for dark in ("0", "1"):
        boss.page.evaluate(f"localStorage.setItem('desk.dark', '{dark}')")
        waiting(boss, asked.pk)
        found += boss.serious()
        boss.page.keyboard.press("r")
        boss.page.wait_for_selector("#decision-words")
        found += boss.serious()
    assert found == []
    boss.context.close()
