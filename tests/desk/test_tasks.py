"""Inspection → failed item → case → its end → re-inspection, on a phone; and the desk's pages."""

from typing import Any

import pytest

from tests.desk.hands import Person, built, database, has_axe
from tests.field.hands import PATIENCE, PHONE, Worker

WAY = ("file", "dispatch", "accept", "feed_back", "start_check", "close")


def _settled(worker: Worker, task: int) -> None:
    """The task as the server has it, once what was written has arrived."""
    worker.wait_sent()
    worker.go(f"tasks/{task}", "[data-test=task-done]")


@built
@pytest.mark.browser
def test_from_a_failed_item_to_its_re_inspection(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    from mengding.cases.tests.made import take
    from mengding.tasks import following
    from mengding.tasks.models import Finding, FindingCase, Task
    from mengding.tasks.recurrence import Hours
    from mengding.tasks.tests.made import place, plan, tasks_of

    with database(django_db_blocker):
        hydrant = place("browser-1", name="老街口水带箱很长名字的消火栓")
        row = plan(
            "key_place", who="villages", place_kind="hydrant", hours=Hours(0, 1440, due_days=1)
        )
        task = tasks_of(row)[0].pk
    worker = Worker(browser.new_context(**PHONE), server)
    worker.sign_in("grid")
    phone = worker.page
    worker.go("tasks", f"[data-task='{task}']")
    phone.tap(f"[data-task='{task}']")
    phone.wait_for_selector("[data-test=checklist]")
    phone.tap("[data-test=check-save]")  # nothing answered: said, not sent
    phone.wait_for_selector("[role=alert]")
    phone.tap("[data-item=hose] [data-answer=no]")
    phone.fill("[data-item=hose] [data-test=note]", "水带被盗")
    assert phone.get_attribute("[data-item=hose] [data-test=one-tap]", "aria-checked") == "true"
    phone.tap("[data-test=all-yes]")
    phone.tap("[data-test=check-save]")
    phone.wait_for_url("**/field/tasks")
    _settled(worker, task)
    with database(django_db_blocker):
        found = Finding.objects.get(place=hydrant)
        assert found.state == "in_case"
        case = FindingCase.objects.get(finding=found).case
        assert case.description.endswith("水带被盗")
        for step in WAY:
            take(step, case.pk)
        while following.follow():
            pass
        again = Task.objects.get(finding=found).pk
    worker.go("tasks", f"[data-task='{again}']")
    phone.tap(f"[data-task='{again}']")
    phone.wait_for_selector("[data-item=hose]")
    assert phone.locator("[data-item]").count() == 1
    phone.tap("[data-item=hose] [data-answer=yes]")
    phone.tap("[data-test=check-save]")
    phone.wait_for_url("**/field/tasks")
    _settled(worker, again)
    with database(django_db_blocker):
        found.refresh_from_db()
        assert found.state == "resolved"
    worker.leave()


@built
@pytest.mark.browser
def test_a_care_visit_is_withdrawn_with_one_tap(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    from mengding.tasks.models import CareConsent, CareContact
    from mengding.tasks.tests.made import consent

    with database(django_db_blocker):
        row = consent().pk
    worker = Worker(browser.new_context(**PHONE), server)
    worker.sign_in("grid")
    phone = worker.page
    worker.go("care", f"[data-consent='{row}']")
    assert "欧阳求访" not in phone.content()
    phone.tap(f"[data-consent='{row}'] [data-test=withdraw]")
    phone.tap(".van-dialog__confirm")
    phone.wait_for_selector(f"[data-consent='{row}']", state="detached")
    with database(django_db_blocker):
        assert CareConsent.objects.get(pk=row).ended_as == "withdrawn"
        assert not CareContact.objects.filter(pk=row).exists()
    worker.leave()


@built
@has_axe
@pytest.mark.browser
def test_the_pages_of_the_desk(server: str, browser: Any) -> None:
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.set_default_timeout(PATIENCE)
    for path, there in (
        ("tasks", "[data-view=tasks][aria-pressed=true]"),
        ("coverage?view=villages", "[data-village]"),
        ("inspections", "[data-view=inspections]"),
        ("places", "[data-test=place-add]"),
        ("plans", "[data-test=plan-add]"),
        ("care", "[data-test=ended]"),
    ):
        page.goto(f"{server}/desk/fieldwork/{path}")
        page.wait_for_selector(there)
        assert boss.serious() == [], path
    page.goto(f"{server}/desk/fieldwork/plans")
    page.click("[data-test=plan-add]")
    page.wait_for_selector("[data-test=preview] p")
    page.fill("#plan-name", "每日法治宣传")
    page.click("[data-test=plan-save]")
    page.wait_for_selector("[data-plan]")
    boss.leave()
    admin = Person(browser, server, "sysadmin")
    page = admin.page
    page.set_default_timeout(PATIENCE)
    page.goto(f"{server}/desk/fieldwork/kinds")
    page.click("[data-kind=legal]")
    page.wait_for_selector("#kind-zh")
    page.fill("#kind-zh", "普法宣传")
    page.click("[data-test=kind-save]")
    page.wait_for_selector("[data-kind=legal]:has-text('普法宣传')")
    # A kind of places: added, refused with the field at fault, changed.
    page.click("[data-test=new-place-kind]")
    page.fill("#place-kind-zh", "加油站")
    page.fill("#place-kind-en", "Filling station")
    page.fill("#place-kind-code", "加油站")
    page.click("[data-test=place-kind-save]")
    page.wait_for_selector(".el-form-item__error:has-text('小写字母')")
    page.fill("#place-kind-code", "filling")
    page.click("[data-test=place-kind-save]")
    page.click("[data-place-kind=filling]")
    page.wait_for_selector("#place-kind-days")
    page.fill("#place-kind-days", "15")
    page.click("[data-test=place-kind-save]")
    page.wait_for_selector("[data-place-kind=filling] .num:has-text('15')")
    assert admin.serious() == []
    admin.leave()
