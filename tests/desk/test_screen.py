"""The wall screen: live without a reload, honest when it is not, nothing cut off or private."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.desk.hands import Person, built, has_axe, receive

# A list of cases shows as many whole rows as there is room for.
CUT = """() => { const list = document.querySelector('[data-test=newest]');
  const box = list.getBoundingClientRect();
  return [...list.children].map(row => row.getBoundingClientRect())
    .filter(row => row.left < box.right - 1 && row.bottom > box.bottom + 1).length; }"""
FIGURES = "**/api/v1/figures/wall*"
# Panels, lists and rows whose content does not fit into them.
OVERFLOWING = """() => [document.documentElement, ...document.querySelectorAll(
    '.wall, .panel, .panel > h2, .panel ol:not([data-test=newest]), .panel li')].filter(each =>
    each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1)
  .map(each => `${each.className || each.tagName}: ${each.innerText.slice(0, 60)}`)"""


@pytest.fixture
def wall(server: str, browser: Any) -> Iterator[Person]:
    """A supervisor's screen on the wall."""
    person = Person(browser, server, "supervise")
    person.page.set_viewport_size({"width": 1920, "height": 1080})
    person.page.goto(f"{server}/screen")
    person.page.wait_for_selector("[data-test=received]")
    yield person
    assert person.broken == []
    person.context.close()


def shows(wall: Person, name: str) -> int:
    return int(wall.page.inner_text(f"[data-test={name}]"))


@built
@pytest.mark.browser
def test_a_case_shows_on_the_wall_without_a_reload(server: str, wall: Person) -> None:
    before = shows(wall, "received")
    wall.page.evaluate("window.sameLoad = true")
    case = receive(server)
    wall.page.wait_for_selector(f"[data-case='{case}']", timeout=5000)
    # Its number is counted a moment later, and comes with the next look.
    wall.page.wait_for_function(
        "n => document.querySelector('[data-test=received]').innerText === n",
        arg=str(before + 1), timeout=60_000,
    )  # fmt: skip
    assert wall.page.evaluate("window.sameLoad")
    row = wall.page.inner_text(f"[data-case='{case}']")
    assert "车岭镇" in row
    assert "受理" in row
    # No words, and nothing that could be clicked or scrolled.
    assert "路灯不亮" not in wall.page.content()
    assert wall.page.query_selector("main a, main button, main input") is None


@built
@pytest.mark.browser
def test_old_figures_say_so_and_recover(server: str, wall: Person) -> None:
    page = wall.page
    page.clock.install()
    page.goto(f"{server}/screen")
    page.wait_for_selector("[data-test=received]")
    assert page.query_selector("[data-test=stale]") is None
    page.route("**/api/v1/**", lambda route: route.abort())
    page.clock.fast_forward(12_000)
    assert page.query_selector("[data-test=stale]") is None  # not yet: 15 s
    page.clock.fast_forward(8_000)
    page.wait_for_selector("[data-test=stale]")
    said = page.inner_text("[data-test=stale]")
    assert re.search(r"数据已中断.* 2\d 秒 前", said) or "20 秒" in said
    assert page.evaluate("getComputedStyle(document.querySelector('dl.numbers')).opacity") < "0.9"
    page.clock.fast_forward("10:00")
    page.wait_for_function(
        "() => document.querySelector('[data-test=stale]').innerText.includes('分钟')"
    )
    page.unroute("**/api/v1/**")
    case = receive(server)
    page.clock.fast_forward(11_000)
    page.wait_for_selector("[data-test=stale]", state="detached")
    page.wait_for_selector(f"[data-case='{case}']")


@built
@pytest.mark.browser
def test_figures_that_lag_are_not_called_live(server: str, wall: Person) -> None:
    page = wall.page
    answer = page.request.get(f"{server}/api/v1/figures/wall").json()
    answer |= {"at": "2026-12-01T04:00:30Z", "as_of": "2026-12-01T04:00:10Z", "waiting": 0}

    def show(**changes: Any) -> None:
        page.unroute(FIGURES)
        body = json.dumps(answer | changes)
        page.route(FIGURES, lambda route: route.fulfill(status=200, body=body))
        page.goto(f"{server}/screen")
        page.wait_for_selector("[data-test=received]")

    show()
    page.wait_for_selector(".state:has-text('实时')")
    show(waiting=7)
    page.wait_for_selector("[data-test=stale]:has-text('7 项变动还没有计入，数字计至 12:00:10')")
    assert "实时" not in page.inner_text(".state")
    show(waiting=7, as_of="2026-12-01T04:00:20Z")  # the worker comes round every second
    page.wait_for_selector(".state:has-text('实时')")
    show(waiting=7, as_of=None)
    page.wait_for_selector("[data-test=stale]")


@built
@pytest.mark.browser
def test_a_session_that_ended_says_where_to_sign_in(server: str, wall: Person) -> None:
    page = wall.page
    cookies = wall.context.cookies()
    page.clock.install()
    page.goto(f"{server}/screen")
    page.wait_for_selector("[data-test=received]")
    wall.context.clear_cookies()
    page.clock.fast_forward(11_000)
    page.wait_for_selector("[data-test=stale]:has-text('登录已过期')")
    assert f"{server}/desk/sign-in" in page.inner_text("[data-test=stale]")
    wall.context.add_cookies(cookies)  # signed in again, in another window
    page.clock.fast_forward(11_000)
    page.wait_for_selector("[data-test=stale]", state="detached")


@built
@pytest.mark.browser
def test_strangers_and_administrators_learn_why_there_is_nothing(server: str, browser: Any) -> None:
    stranger = browser.new_page()
    stranger.goto(f"{server}/screen")
    stranger.wait_for_selector("[data-test=gate]:has-text('大屏需要登录')")
    assert f"{server}/desk/sign-in" in stranger.inner_text("[data-test=gate]")
    stranger.close()
    auditor = Person(browser, server, "audit")
    auditor.page.goto(f"{server}/screen")
    auditor.page.wait_for_selector("[data-test=gate]:has-text('当前岗位不看案件')")
    auditor.context.close()


def many(answer: dict[str, Any]) -> dict[str, Any]:
    """A full wall: 18 towns and every name as long as names get, in large numbers."""
    name = "蒙顶山国家茶叶公园管理委员会"
    kind = "违规住人三合一场所及外墙保温与广告阻窗"
    big = {"open": 12345, "overdue": 6789}
    answer["today"] |= {"received": 4812, "ended": 4790, "closed": 4711, "open": 152345}
    answer["today"] |= {"overdue": 100234, "due_soon": 1234}
    answer["before"] = {"received": 4812, "ended": 4790, "open": 152341}
    answer["stages"] = [each | big | {"entered": 4321} for each in answer["stages"]]
    shown = (answer["places"] * 2)[:18]
    answer["places"] = [
        each | big | {"code": f"{n}", "name": name if n % 2 else each["name"]}
        for n, each in enumerate(shown)
    ]
    answer["classes"] = [{"code": f"C{n}", "name": kind, **big} for n in range(7)] + [
        {"code": None, "name": "其余 159 类", **big}
    ]
    row = {"number": None, "stage": "prechecking", "colour": "red", "at": "2026-01-02T03:04:05Z"}
    answer["newest"] = [
        row
        | {
            "id": n,
            "class_name": "违规住人三合一场所及外墙保温与广告阻窗",
            "place": f"{name} {name}",
        }
        for n in range(9)
    ]
    return answer


@built
@pytest.mark.browser
@pytest.mark.parametrize("language", ["zh", "en"])
def test_everything_fits_whatever_the_size(server: str, wall: Person, language: str) -> None:
    page = wall.page
    token_page = page.request.get(f"{server}/api/v1/figures/wall").json()
    page.route(FIGURES, lambda route: route.fulfill(status=200, body=json.dumps(many(token_page))))
    for width, height in ((1920, 1080), (3840, 2160), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{server}/screen?lang={language}")
        page.wait_for_selector("[data-test=places] li:nth-child(18)")
        page.wait_for_selector("svg .land")
        page.unroute(FIGURES)
        page.route(
            FIGURES, lambda route: route.fulfill(status=200, body=json.dumps(many(token_page)))
        )
        assert page.evaluate(OVERFLOWING) == [], (width, height)
        assert page.evaluate(CUT) == 0
        name = page.query_selector("[data-test=places] .name")
        size = page.evaluate("e => parseFloat(getComputedStyle(e).fontSize)", name)
        assert size / height > 0.014  # read from five metres


@built
@pytest.mark.browser
@has_axe
def test_nothing_serious_for_axe_on_the_wall(server: str, wall: Person) -> None:
    receive(server)
    wall.page.wait_for_selector("[data-test=newest] li")
    found = wall.serious()
    wall.page.route("**/api/v1/figures/**", lambda route: route.fulfill(status=401, body="{}"))
    wall.page.reload()
    wall.page.wait_for_selector("[data-test=gate] a")
    found += wall.serious()
    assert found == []
