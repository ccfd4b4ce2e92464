"""Where those on duty are, live; gone off duty; earlier ways only with a reason."""

from datetime import UTC, datetime
from typing import Any

from tests.desk.hands import Person, built, call, has_axe

pytestmark = [built, has_axe]
ROW = "[data-test=people] button"


def fix(server: str, username: str, lon: float, lat: float) -> None:
    said = {"fixes": [{"at": datetime.now(UTC).isoformat(), "lon": lon, "lat": lat}]}
    assert call(server, username, "/positions", said)["kept"] == 1


def test_from_going_on_duty_to_the_reason_for_a_look(server: str, browser: Any) -> None:
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.set_default_timeout(60_000)
    page.goto(f"{server}/desk/fieldwork/positions")
    page.wait_for_selector("text=现在没有人在岗。")
    assert boss.serious() == []

    # On duty, and seen: in the list without reloading, then on the map.
    call(server, "grid", "/duty/on", {})
    fix(server, "grid", 103.04, 30.14)
    page.wait_for_selector(f"{ROW}:has-text('杨帆')")
    assert "最后定位 刚刚" in page.inner_text(ROW)
    page.click(ROW)
    page.wait_for_selector(f"{ROW}[aria-current=true]")
    assert boss.serious() == []
    page.keyboard.press("/")
    page.keyboard.type("没有这个人")
    page.wait_for_selector("text=没有符合条件的在岗人员。")
    page.fill("input[type=search] >> nth=-1", "")
    fix(server, "grid", 103.041, 30.141)

    # Off duty: gone at once, without reloading.
    call(server, "grid", "/duty/off", {})
    page.wait_for_selector("text=现在没有人在岗。")

    # What was, only with a reason, which is refused when it says nothing.
    page.goto(f"{server}/desk/fieldwork/replay")
    page.fill("input[type=time] >> nth=0", "00:00")
    page.click("[data-test=was] .el-checkbox")
    page.click("[data-test=ask]")
    page.fill("#look-purpose", "看")
    page.click("[data-test=look]")
    page.wait_for_selector("text=请写明事由，至少 4 个字。")
    page.fill("#look-purpose", "核对走水事件的到场经过")
    page.click("[data-test=look]")
    page.wait_for_selector("[data-test=player]")
    # Two fixes within seconds may be thinned to one over so long a span.
    assert int(page.get_attribute("[data-test=player]", "data-points")) >= 1
    boss.leave()

    (look,) = call(server, "grid", "/positions/own/looks")["items"]
    assert (look["reader"], look["purpose"]) == ("孙立新", "核对走水事件的到场经过")


def test_who_only_dispatches_has_no_replay(server: str, browser: Any) -> None:
    person = Person(browser, server, "dispatch")
    person.page.goto(f"{server}/desk/fieldwork/positions")
    person.page.wait_for_selector("[data-test=count]")
    assert person.page.locator("nav a:has-text('路线回放')").count() == 0
    person.page.goto(f"{server}/desk/fieldwork/replay")
    person.page.wait_for_selector("[data-test=waiting]", state="attached")
    person.leave()
