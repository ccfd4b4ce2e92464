"""My own: month and appeal without signal, resources checked, notices, help, what is held."""

from datetime import timedelta
from typing import Any

import pytest

from tests.desk.hands import built, database
from tests.desk.test_resources import store
from tests.field.hands import PHONE, Worker, call

pytestmark = [built, pytest.mark.browser]


@pytest.fixture(scope="module")
def month(served: Any, django_db_blocker: Any) -> tuple[str, int]:
    """The last settled month of the grid worker, frozen now: one task in time, one missed."""
    from mengding.cases.tests.made import who
    from mengding.scores import gathering, periods, queries
    from mengding.scores.models import Figure
    from mengding.scores.tests.made import task

    with database(django_db_blocker):
        latest = gathering.month_of(queries.today() - periods.SETTLE)
        settled = gathering.month_of(latest - timedelta(days=1))
        task(1, first=settled)
        missed = task(13, first=settled, done=None)
        periods.freeze(who("sysadmin"), settled)
        assert Figure.objects.get().tenths == 688
    return f"{settled:%Y-%m}", missed.pk


def test_an_appeal_without_signal(server: str, month: tuple[str, int], browser: Any) -> None:
    settled, missed = month
    worker = Worker(browser.new_context(**PHONE), server)
    worker.sign_in("grid")
    page = worker.page
    worker.go("evaluation", "[data-test=steps] li")
    page.select_option("[data-test=month]", settled)
    page.wait_for_selector("[data-test=value]:has-text('68.8')")
    assert "应办 2 件，办了 1 件" in page.inner_text("[data-test=steps]")
    worker.offline()
    worker.tap("[data-test=appeal-start]")
    worker.tap("[data-test=send]")
    page.wait_for_selector("[role=alert]")
    worker.tap(f"[data-task='{missed}']")
    page.fill("[data-test=reason]", "当日道路塌方")
    worker.tap("[data-test=send]")
    page.wait_for_selector("[data-test=waits]")
    assert [each["path"] for each in worker.waiting()] == ["/evaluation/appeals"]
    worker.offline(False)
    worker.wait_sent()
    page.wait_for_selector("[data-test=appeal]:has-text('等待初审')")
    (mine,) = call(server, "grid", f"/evaluation/mine?month={settled}")["appeals"]
    assert (mine["tasks"], mine["reason"]) == ([missed], "当日道路塌方")
    worker.leave()


def test_a_resource_is_checked_without_signal_and_becomes_a_case(server: str, browser: Any) -> None:
    lacking = store(server, "灭火器")
    said = {"title": "检查", "due_on": "2099-01-01", "resources": [lacking]}
    call(server, "supervise", "/resources/rounds", said)
    worker = Worker(browser.new_context(**PHONE), server)
    worker.sign_in("grid")
    page = worker.page
    worker.go("resources", f"[data-resource='{lacking}']")
    worker.offline()
    worker.tap(f"[data-resource='{lacking}']")
    page.fill("[data-test=quantity]", "3")
    page.check("[data-test=make-case]")
    worker.tap("[data-test=save]")
    page.wait_for_selector("[data-test=rows] .badge:has-text('待发送')")
    worker.offline(False)
    worker.wait_sent()
    found = call(server, "grid", f"/resources/{lacking}")
    assert float(found["quantity"]) == 3
    assert found["checks"][0]["case_id"]
    worker.leave()


def test_notices_help_and_what_is_held(server: str, browser: Any) -> None:
    told = {"title": "夜间结冰", "text": "巡查放在白天。", "asks": True}
    notice = call(server, "supervise", "/bulletins", told)["id"]
    worker = Worker(browser.new_context(**PHONE), server)
    worker.sign_in("grid")
    page = worker.page
    worker.go("notices", f"[data-bulletin='{notice}']")
    worker.go("holdings", "[data-holding=ledger]")
    assert page.locator("[data-holding]").count() >= 10
    worker.tap("[data-holding=evaluation] summary")
    assert "不排名" in page.inner_text("[data-holding=evaluation]")
    worker.offline()
    worker.go("help", "[data-card=report]")
    page.fill("[data-test=seek]", "塌方")
    page.wait_for_selector(".empty")
    page.fill("[data-test=seek]", "离线")
    page.wait_for_selector("[data-card=notices] li")
    worker.go("notices", f"[data-bulletin='{notice}']")
    worker.tap("[data-test=understood]")
    page.wait_for_selector(f"[data-bulletin='{notice}'] .told")
    worker.offline(False)
    worker.wait_sent()
    (row,) = call(server, "supervise", "/bulletins/sent")["items"]
    assert row["acknowledged_count"] == 1
    worker.leave()


def test_a_missed_task_is_completed_late_with_a_reason(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    from mengding.scores import queries
    from mengding.scores.tests.made import task

    with database(django_db_blocker):
        missed = task(1, first=queries.today() - timedelta(days=1), done=None)
    worker = Worker(browser.new_context(**PHONE), server)
    worker.sign_in("grid")
    page = worker.page
    worker.go(f"tasks/{missed.pk}", "[data-test=late-save]")
    worker.offline()
    worker.tap("[data-test=late-save]")  # without a reason: said, not sent
    page.wait_for_selector("[role=alert]")
    assert worker.waiting() == []
    page.fill("[data-test=late-reason]", "山路塌方，次日补做")
    worker.tap("[data-test=late-save]")
    page.wait_for_url("**/field/tasks")
    worker.offline(False)
    worker.wait_sent()
    done = call(server, "grid", f"/tasks/{missed.pk}")
    assert (done["state"], done["late"]) == ("completed", True)
    assert done["reason"] == "山路塌方，次日补做"
    worker.leave()
