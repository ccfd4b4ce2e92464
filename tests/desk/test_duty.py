"""Duty at the console and on a phone: teams, a roster, a swap, leave, on and off without signal."""

from datetime import date, timedelta
from typing import Any

import pytest

from mengding.core import clock
from mengding.duty import actions
from mengding.duty.models import Interval, Slot
from mengding.duty.rota import LOCAL
from mengding.duty.tests import made
from tests.desk.hands import AXE, Person, built, call, database, has_axe, word_of

PATIENCE = 60_000  # ms: the machine may be busy with other things
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
    "locale": "zh-CN",
}


def day(ahead: int) -> str:
    """A local day."""
    return ((clock.now() + timedelta(days=ahead)).astimezone(LOCAL)).date().isoformat()


@built
@has_axe
@pytest.mark.browser
def test_a_supervisor_arranges_duty(server: str, browser: Any, django_db_blocker: Any) -> None:
    with database(django_db_blocker):
        crew = [made.worker(name) for name in ("欧阳秀兰", "阿卜杜热合曼·买买提", "曾小玲")]
        team = made.team(crew, leader=crew[0], area=made.TOWN)
        made.shift()
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.set_default_timeout(PATIENCE)

    page.goto(f"{server}/desk/fieldwork/teams")
    page.click("[data-test=new-shift]")
    page.fill("#shift-name", "夜间巡逻")
    page.fill("#shift-starts", "20:00")
    page.fill("#shift-ends", "08:00")
    page.click("[data-test=save-shift]")
    page.wait_for_selector(
        "[data-test=shifts] tr:has-text('夜间巡逻'):has-text('20:00–次日 08:00')"
    )
    page.click(f"[data-team='{team.pk}'] .open")
    page.fill("#team-name", "车岭镇巡逻队")
    assert boss.serious() == []
    page.click("[data-test=save-team]")
    page.wait_for_selector("[data-test=teams] tr:has-text('车岭镇巡逻队'):has-text('买买提')")

    page.goto(f"{server}/desk/fieldwork/roster?team={team.pk}")
    page.click("[data-test=generate]")
    page.fill("#plan-first", day(1))
    page.fill("#plan-last", day(6))
    page.click("[data-test=go]")
    page.wait_for_selector("[data-test=preview-said]:has-text('将排 9 个班')")
    page.click("[data-test=go]")
    page.wait_for_selector("[data-test=generate-dialog]", state="detached")
    page.wait_for_selector("[data-test=grid] [data-slot]")
    with database(django_db_blocker):
        assert Slot.objects.filter(team=team).count() == 9
    assert boss.serious() == []
    # A cell by hand: on a free day, then the same day twice, which is shown.
    free = page.locator(f"[data-post='{made.post_of(crew[0])}'] td:has(.add)").last
    where = free.get_attribute("data-day")
    cell = f"[data-post='{made.post_of(crew[0])}'] [data-day='{where}']"
    page.focus(f"{cell} .add")
    page.keyboard.press("Enter")
    page.click("[data-test=slot-dialog] [data-shift] >> nth=0")
    page.wait_for_selector(f"{cell} [data-slot]")
    with database(django_db_blocker):
        off = date.fromisoformat(str(where))
        leave = actions.ask_leave(crew[0], kind="leave", first=off, last=off)
    page.reload()
    page.wait_for_selector(f"{cell} .clash")
    assert "请假中" in page.inner_text("[data-test=conflicts]")

    with database(django_db_blocker):
        slot = Slot.objects.filter(account=crew[1].account_id, starts_at__gt=clock.now())[0]
        Slot.objects.filter(account=crew[2].account_id, day=slot.day).delete()
        swap = actions.ask_swap(crew[1], slot.pk, other=made.post_of(crew[2]))
        actions.answer_swap(crew[2], swap.pk, agree=True)
    page.goto(f"{server}/desk/fieldwork/requests")
    page.wait_for_selector(f"[data-swap='{swap.pk}'] [data-test=approve]")
    assert boss.serious() == []
    page.click(f"[data-swap='{swap.pk}'] [data-test=approve]")
    page.wait_for_selector(f"[data-swap='{swap.pk}']:has-text('已换班')")
    page.click(f"[data-leave='{leave.pk}'] [data-test=grant]")
    page.wait_for_selector(f"[data-leave='{leave.pk}']:has-text('已批准')")

    with database(django_db_blocker):
        actions.go_on(crew[0])
    page.goto(f"{server}/desk/fieldwork/duty")
    page.wait_for_selector(f"[data-account='{crew[0].account_id}']:has-text('欧阳秀兰')")
    page.wait_for_selector("[data-test=uncovered]:has-text('无人在岗')")
    assert boss.serious() == []
    boss.leave()


@built
@has_axe
@pytest.mark.browser
def test_a_worker_goes_on_and_off_without_signal(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    with database(django_db_blocker):
        grid, mate = made.who("grid"), made.worker("林晓燕")
        team, shift = made.team([grid, mate]), made.shift()
        mine = made.slot(team, shift, grid, day(3))
        theirs = made.slot(team, shift, mate, day(4))
    context = browser.new_context(**PHONE)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(f"{server}/field/")
    page.fill("#username", "grid")
    page.fill("#password", word_of("grid"))
    page.click("button[type=submit]")

    # One tap, and nothing else is asked.
    page.wait_for_selector("[data-test=duty][data-on=false]")
    assert serious(page) == []
    page.tap("[data-test=duty-tap]")
    page.wait_for_selector("[data-test=duty][data-on=true]")
    page.wait_for_selector("[data-test=duty-unsent]", state="detached")
    assert call(server, "grid", "/duty/me")["on"]

    # Off in a valley: the time of the tap counts, not that of the signal.
    context.set_offline(True)
    page.tap("[data-test=duty-tap]")
    page.wait_for_selector("[data-test=duty][data-on=false]")
    page.wait_for_selector("[data-test=duty-unsent]")
    with database(django_db_blocker):
        tapped = clock.now()
    assert call(server, "grid", "/duty/me")["on"]
    page.wait_for_timeout(1500)
    context.set_offline(False)
    page.wait_for_selector("[data-test=duty-unsent]", state="detached")
    assert not call(server, "grid", "/duty/me")["on"]
    with database(django_db_blocker):
        row = Interval.objects.filter(account=grid.account_id).latest("started_at")
        assert row.ended_at is not None
        assert row.off_recorded_at is not None
        assert row.ended_at <= tapped < row.off_recorded_at

    # The own roster; a swap asked for; days off without a reason.
    page.tap("[data-test=to-duty]")
    page.wait_for_selector(f"[data-slot='{mine.pk}']")
    assert page.locator(f"[data-slot='{theirs.pk}']").count() == 0
    assert serious(page) == []
    page.tap(f"[data-slot='{mine.pk}'] [data-test=swap]")
    page.tap(f"[data-offer='{theirs.pk}']")
    page.tap("[data-test=ask]")
    page.wait_for_selector("[data-swap][data-state=asked]:has-text('林晓燕')")
    page.tap("[data-test=leave]")
    page.fill("#first", day(10))
    page.fill("#last", day(11))
    assert page.locator("textarea").count() == 0
    page.tap("[data-test=send]")
    page.wait_for_selector("[data-test=leaves] li:has-text('待批准')")
    with database(django_db_blocker):
        swap = call(server, "grid", "/duty/swaps")["items"][0]
        actions.answer_swap(mate, swap["id"], agree=True)
        actions.decide_swap(made.who("town"), swap["id"], approve=True)
    page.reload()
    page.wait_for_selector(f"[data-slot='{theirs.pk}']")  # theirs is mine now
    assert broken == []
    context.close()


def serious(page: Any) -> list[str]:
    """What axe finds serious or critical."""
    page.wait_for_timeout(300)  # transitions are over
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:160]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
