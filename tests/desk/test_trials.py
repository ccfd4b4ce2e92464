"""Trying other settings of warnings: waiting, progress, leaving and coming back, calling off."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from mengding.jobs.tests.running import python
from tests.desk.conftest import Served
from tests.desk.hands import Person, built, call, database, has_axe

pytestmark = [built, pytest.mark.browser]
PATH = "/desk/settings/warning-settings"

# A worker in which one look for repeats takes a while, so that there is something to see.
SLOW = """
import sys, time
import django; django.setup()
from mengding.warnings.finding.repeats import Repeats
plain = Repeats.keys
Repeats.keys = lambda self, now: time.sleep(float(sys.argv[1])) or plain(self, now)
from mengding.jobs.worker import work
work()
"""


def worker(
    served: Served, pause: float = 0.08
) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    """A real worker on the server's database; killed at the end."""
    return python("-c", SLOW, str(pause), env=served.env)


@pytest.fixture
def boss(server: str, browser: Any, django_db_blocker: Any) -> Iterator[Person]:
    from mengding.warnings.models import Trial

    with database(django_db_blocker):
        Trial.objects.all().delete()
    person = Person(browser, server, "supervise")
    person.page.goto(f"{server}{PATH}")
    person.page.wait_for_selector("[data-test=warning-settings]")
    yield person
    person.leave()


def _set_least(page: Any, value: str) -> None:
    page.fill("#repeat-least", value)
    page.keyboard.press("Tab")


def test_from_the_queue_to_the_answer_across_a_visit_elsewhere(
    served: Served, server: str, boss: Person
) -> None:
    page = boss.page
    _set_least(page, "7")
    page.wait_for_selector("[data-kind=repeat]:has-text('未发布')")
    page.click("[data-test=try-repeat]")
    # No worker runs: it is said, in words, and nothing moves.
    page.wait_for_selector("[data-test=trial][data-state=waiting]:has-text('后台服务没有运行')")
    page.wait_for_selector("[data-test=trial] .changes:has-text('最少件数'):has-text('3 → 7')")
    assert page.inner_text("[data-test=percent]") == "0%"
    with worker(served):
        page.wait_for_selector("[data-test=trial][data-state=running]:has-text('第 1 / 1 类')")
        assert page.locator("[data-test=trial]:has-text('后台服务')").count() == 0
        page.wait_for_function(
            "() => parseInt(document.querySelector('[data-test=percent]')?.textContent) > 2"
        )
        # Elsewhere and back, in a page that is loaded anew: the same trial, further on.
        page.goto(f"{server}/desk/numbers/warnings")
        page.wait_for_selector("text=地点与设施预警")
        page.goto(f"{server}{PATH}")
        page.wait_for_selector("[data-test=trial][data-state=running]")
        page.wait_for_selector("[data-test=trial][data-state=done]")
    found = call(server, "supervise", "/warnings/settings/preview")["trial"]
    row = found["items"][0]
    cells = page.locator("[data-counted=repeat] td").all_inner_texts()
    assert cells[:2] == [str(row["current"]), str(row["tried"])]
    # The form came back as in force; what was tried can be put into it again.
    assert page.input_value("#repeat-least") == "3"
    page.click("[data-test=use]")
    assert page.input_value("#repeat-least") == "7"
    page.wait_for_selector(f"[data-kind=repeat] [data-test=tried]:has-text('{row['tried']} 条')")
    # Other numbers in the form: what was counted is not of them.
    _set_least(page, "8")
    page.wait_for_selector("[data-kind=repeat] [data-test=tried]", state="detached")


def test_called_off_replaced_and_a_colleagues(
    served: Served, server: str, boss: Person, browser: Any
) -> None:
    page = boss.page
    with worker(served, pause=0.5):
        page.click("[data-test=try-repeat]")
        page.wait_for_selector("[data-test=trial][data-state=running]")
        first = call(server, "supervise", "/warnings/settings/preview")["trial"]["id"]
        # A colleague sees it, cannot call it off, and is told why theirs must wait.
        other = Person(browser, server, "sysadmin")
        there = other.page
        there.goto(f"{server}{PATH}")
        there.wait_for_selector("[data-test=trial]:has-text('孙立新')")
        assert there.locator("[data-test=cancel]").count() == 0
        _set_least(there, "9")
        there.click("[data-test=try-repeat]")
        there.wait_for_selector(".el-message:has-text('孙立新正在试算另一组参数')")
        there.wait_for_selector("[data-test=trial]:has-text('孙立新')")
        other.leave()

        # Other numbers of one's own take its place.
        _set_least(page, "6")
        page.click("[data-test=try-repeat]")
        page.wait_for_selector("[data-test=trial] .changes:has-text('3 → 6')")
        page.wait_for_selector("[data-test=trial][data-state=running]")
        old = call(server, "supervise", f"/warnings/settings/preview/{first}")
        assert old["state"] == "cancelled"
        page.click("[data-test=cancel]")
        page.wait_for_selector("[data-test=trial][data-state=cancelled]")
        assert page.input_value("#repeat-least") == "6", "the form stays as it is"
        page.click("[data-test=close]")
        page.wait_for_selector("[data-test=trial]", state="detached")


def test_a_bad_number_is_named_and_a_killed_worker_is_told_of(
    served: Served, server: str, boss: Person
) -> None:
    page = boss.page
    _set_least(page, "1")
    page.click("[data-test=try-all]")
    page.wait_for_selector("[data-kind=repeat] .field.bad [role=alert]")
    page.wait_for_selector("#repeat-least:focus")  # it may be a screen away from the button
    assert page.locator("[data-test=trial]").count() == 0
    _set_least(page, "4")
    with worker(served) as running:
        page.click("[data-test=try-repeat]")
        page.wait_for_selector("[data-test=trial][data-state=running]")
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    page.wait_for_selector("[data-test=trial]:has-text('后台服务中断')")
    page.click("[data-test=cancel]")
    page.wait_for_selector("[data-test=trial][data-state=cancelled]")


def test_the_server_out_of_reach_is_told_and_what_failed_says_why(
    boss: Person, django_db_blocker: Any
) -> None:
    from mengding.core import clock
    from mengding.warnings.models import Trial

    page = boss.page
    page.click("[data-test=try-overdue]")
    page.wait_for_selector("[data-test=trial][data-state=waiting]")
    page.route("**/warnings/settings/preview/*", lambda route: route.abort())
    page.wait_for_selector("[data-test=trial]:has-text('连接中断')")
    page.unroute("**/warnings/settings/preview/*")
    page.wait_for_selector("[data-test=trial]:has-text('后台服务没有运行')")
    with database(django_db_blocker):
        Trial.objects.filter(state="waiting").update(
            state="failed", error="internal_error", finished_at=clock.now()
        )
    page.wait_for_selector("[data-test=trial][data-state=failed] [role=alert]:has-text('内部错误')")


@has_axe
@pytest.mark.parametrize("dark", [False, True])
def test_no_serious_faults(server: str, boss: Person, dark: bool, django_db_blocker: Any) -> None:
    from mengding.warnings import actions

    page = boss.page
    if dark:
        page.evaluate("localStorage.setItem('desk.dark', '1')")
    page.click("[data-test=try-all]")
    page.wait_for_selector("[data-test=trial][data-state=waiting]")
    faults = boss.serious()
    with database(django_db_blocker):
        actions.carry_out()
    page.wait_for_selector("[data-test=trial][data-state=done]")
    page.reload()
    page.wait_for_selector("[data-test=counted]")
    faults += boss.serious()
    assert not faults, json.dumps(faults, indent=1)
