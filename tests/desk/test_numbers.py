"""Numbers: the overview, the table of indicators, the cases behind a number, closed months."""

import csv
import io
import re
from datetime import UTC, datetime
from pathlib import Path
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
@pytest.mark.browser
def test_a_department_its_number_and_exactly_its_cases(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    """From all side by side to one department, a number, its list; compared; the file the same."""
    made(django_db_blocker)
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/numbers/department?kind=day")
    page.wait_for_selector("[data-test=numbers] tbody tr")
    side = page.inner_text("[data-row=dept-urban_management] [data-code=to_handle]")
    page.click("[data-row=dept-urban_management] .into")
    page.wait_for_selector("[data-test=numbers]", state="detached")
    assert "org=" in page.url  # to be shared
    shown = page.inner_text("[data-code=to_handle] b")
    assert shown == side
    # Both comparisons stand beside every number.
    for other in ("before", "earlier"):
        said = page.inner_text(f"[data-code=to_handle] [data-beside={other}]")
        assert "0" in said
        assert f"▲{shown}" in said
    # By keyboard alone: from the number to its cases.
    page.focus("[data-test=big] [data-code=to_handle]")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-test=drill] tbody tr")
    assert page.locator("[data-test=drill] tbody tr").count() == int(shown)
    assert page.inner_text("[data-test=drill-total]").startswith(shown)
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-test=drill]", state="detached")
    # A chart's table opens cases, too.
    page.click("[data-part=class] .turn")
    page.click("[data-part=class] tbody tr:first-child td:nth-child(2) button")
    page.wait_for_selector("[data-test=drill] tbody tr")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-test=drill]", state="detached")
    with page.expect_download() as loading:
        page.click("[data-test=csv]")
    lines = list(csv.reader(io.StringIO(loading.value.path().read_text("utf-8-sig"))))
    assert dict(zip(lines[1], lines[2], strict=True))["应处置数"] == shown
    # The same address shows the same, after a reload.
    page.reload()
    page.wait_for_selector("[data-code=to_handle] b")
    assert page.inner_text("[data-code=to_handle] b") == shown
    assert boss.broken == []
    boss.context.close()


@built
@has_axe
@pytest.mark.browser
@pytest.mark.parametrize("name", ["overview", "department", "region", "class", "channel"])
def test_dashboards_are_for_everybody(
    server: str, browser: Any, django_db_blocker: Any, name: str
) -> None:
    """Accessible on the desk and on a phone, and readable where there is nothing."""
    made(django_db_blocker)
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/numbers/{name}?kind=day")
    page.wait_for_selector("[data-test=big] b")
    page.wait_for_selector(".chart canvas")
    if name == "region":
        # The map: keyboard reaches a division that has cases; too few of them have no shade.
        town = page.wait_for_selector("[data-shape='511803102'][tabindex='0']")
        told = re.search(r"（(\d+)/(\d+)）", town.get_attribute("aria-label"))
        assert told is not None
        shade = town.get_attribute("data-shade")
        assert (shade == "few") == (int(told[2]) < 10)
        assert shade == "few" or shade.startswith("s")
        assert page.get_attribute("[data-shape='511803001']", "data-shade") == "none"
        page.focus("[data-shape='511803102']")
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-test=drill] tbody tr")
        page.keyboard.press("Escape")
        page.wait_for_selector("[data-test=drill]", state="detached")
    assert boss.serious() == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function(
        "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    page.goto(f"{server}/desk/numbers/{name}?kind=day&day=2019-02-03")
    page.wait_for_selector("[data-test=nothing]")
    assert page.locator(".chart").count() == 0
    assert boss.broken == []
    boss.context.close()


@built
@pytest.mark.browser
def test_an_answer_that_fails_can_be_asked_again(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    made(django_db_blocker)
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.route("**/indicators/dashboards/**", lambda route: route.abort())
    page.goto(f"{server}/desk/numbers/overview?kind=day")
    page.wait_for_selector("[role=alert]")
    page.unroute("**/indicators/dashboards/**")
    page.click("[role=alert] button")
    page.wait_for_selector("[data-test=big] b")
    boss.context.close()


@built
@pytest.mark.browser
def test_a_step_that_begins_before_the_days_asked_for_opens_only_its_part(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    from mengding.cases.tests.made import report
    from mengding.core import clock
    from mengding.indicators import actions

    with database(django_db_blocker):
        for day in (10, 25):
            with clock.at(datetime(2026, 4, day, 2, tzinfo=UTC)):
                report()
        actions.rebuild()
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/numbers/overview?kind=span&since=2026-04-20&until=2026-11-20")
    page.click(".chart .turn >> nth=0")
    row = ".chart tbody tr:has-text('2026-04')"
    page.wait_for_selector(row)
    assert page.inner_text(f"{row} button >> nth=0") == "1"
    page.click(f"{row} button >> nth=0")
    page.wait_for_selector("[data-test=drill] tbody tr")
    assert page.inner_text("[data-test=drill-total]").startswith("1 ")
    assert boss.broken == []
    boss.context.close()


@built
@pytest.mark.browser
def test_only_the_newest_answer_counts(server: str, browser: Any, django_db_blocker: Any) -> None:
    """What was asked for first and comes last does not replace what is on show."""
    made(django_db_blocker)
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/numbers/indicators?kind=day")
    page.wait_for_selector("[data-row=dept-urban_management]")
    late: list[Any] = []
    page.route(re.compile(r"indicators/values.*by=class"), lambda route: late.append(route))
    for name, there in (("类别", ""), ("来源", "[data-row=phone]")):
        page.click("[data-test=by]")
        page.click(f".el-select-dropdown__item:visible:has-text('{name}')")
        if there:
            page.wait_for_selector(there)
    assert len(late) == 1
    with page.expect_response(re.compile(r"indicators/values.*by=class")) as answer:
        late[0].continue_()
    answer.value.finished()
    page.wait_for_timeout(300)
    assert page.locator("[data-row=phone]").count() == 1
    assert page.locator("[data-row=C0101]").count() == 0
    boss.context.close()


@built
@pytest.mark.browser
def test_a_number_on_show_opens_its_own_cases_while_another_is_on_its_way(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    made(django_db_blocker)
    boss = Person(browser, server, "supervise")
    page = boss.page

    def opens(selector: str) -> None:
        number = re.search(r"\d+", page.inner_text(selector))
        assert number is not None
        page.click(selector)
        page.wait_for_selector("[data-test=drill] tbody tr")
        assert page.inner_text("[data-test=drill-total]").startswith(number[0])
        page.keyboard.press("Escape")
        page.wait_for_selector("[data-test=drill]", state="detached")

    page.goto(f"{server}/desk/numbers/indicators?kind=day")
    page.wait_for_selector("[data-row=dept-urban_management]")
    page.route(re.compile(r"indicators/values.*by=class"), lambda route: None)
    page.click("[data-test=by]")
    page.click(".el-select-dropdown__item:visible:has-text('类别')")
    page.wait_for_selector("[aria-busy=true]")
    opens("[data-row=dept-urban_management] [data-code=to_handle]")
    page.goto(f"{server}/desk/numbers/region?kind=day")
    page.wait_for_selector("[data-test=numbers] tbody tr")
    page.route("**/indicators/dashboards/**", lambda route: None)
    page.click("[data-test=before]")
    page.wait_for_url(re.compile("day="))
    opens("[data-test=big] [data-code=received]")
    boss.context.close()


@built
@pytest.mark.browser
def test_the_map_is_of_the_area_that_is_on_show(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    made(django_db_blocker)
    boss = Person(browser, server, "supervise")
    page = boss.page
    late: list[Any] = []
    page.route(re.compile("regions/geojson.*within=511803&"), lambda route: late.append(route))
    page.goto(f"{server}/desk/numbers/region?kind=day")
    page.click("[data-row='511803102'] .into")
    page.wait_for_selector("[data-shape^='511803102']")
    assert len(late) == 1
    with page.expect_response(re.compile("regions/geojson.*within=511803&")) as answer:
        late[0].continue_()
    answer.value.finished()
    page.wait_for_timeout(300)
    assert page.locator("[data-shape^='511803102']").count() > 1
    assert page.locator("[data-shape='511803105']").count() == 0
    boss.context.close()


@built
@pytest.mark.browser
def test_on_paper(server: str, browser: Any, django_db_blocker: Any, tmp_path: Path) -> None:
    """No navigation; whose numbers, of which days, up to when, and how they are counted."""
    made(django_db_blocker)
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/numbers/department?kind=day")
    page.wait_for_selector("[data-test=numbers] tbody tr")
    page.emulate_media(media="print")
    for hidden in ("nav", "header.top", "[data-test=kind]", "[data-test=csv]"):
        assert not any(each.is_visible() for each in page.query_selector_all(hidden)), hidden
    head = page.inner_text("[data-test=paper]")
    assert "名山区" in head
    assert page.is_visible("[data-test=as-of]")
    notes = page.inner_text(".footnotes")
    assert "按时处置数 ÷ 应处置数" in notes
    paper = page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    assert b"/MediaBox [0 0 594.9" in paper or b"/MediaBox [0 0 595" in paper  # A4
    boss.context.close()


@built
@has_axe
@pytest.mark.browser
def test_closed_months_and_quarters(server: str, browser: Any, django_db_blocker: Any) -> None:
    made(django_db_blocker)
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/numbers")
    page.wait_for_selector("[data-test=big] b")
    assert "/numbers/overview" in page.url
    page.wait_for_selector("[data-test=as-of]")
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
    # A quarter next: its open months are closed with it.
    page.click("[data-test=which]")
    page.click(".el-select-dropdown__item:has-text('-Q')")
    page.click("[data-test=freeze]")
    page.wait_for_selector(".el-message-box:has-text('一并封账')")
    page.click(".el-message-box .el-button--primary")
    page.wait_for_selector("[data-period*='-Q']")
    assert page.locator("[data-period]").count() >= 4
    # On a phone the table scrolls in itself, and the pages of the section stay one line.
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function(
        "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    assert page.locator(".section > nav").bounding_box()["height"] < 60
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


@built
@pytest.mark.browser
def test_numbers_stay_when_the_server_does_not_answer_a_refresh(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    """They say that they are old; of another period nothing is shown rather than those of this."""
    made(django_db_blocker)
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/numbers/overview")
    page.wait_for_selector("[data-test=big] b")
    shown = page.inner_text("[data-test=big] [data-code=received] b")
    page.route("**/indicators/dashboards/overview?*", lambda route: route.abort())
    with database(django_db_blocker):
        from mengding.cases.tests.made import case_at

        case_at(Stage.FILED)  # told by the stream: the page asks again
    page.wait_for_selector("[data-test=stale]")
    assert page.inner_text("[data-test=big] [data-code=received] b") == shown
    page.click("[data-test=before]")
    page.wait_for_selector("[role=alert]")
    assert page.locator("[data-test=big]").count() == 0
    page.unroute("**/indicators/dashboards/overview?*")
    page.click("[role=alert] button")
    page.wait_for_selector("[data-test=big] b")
    assert page.locator("[data-test=stale]").count() == 0
    boss.leave()


@built
@pytest.mark.browser
def test_on_a_phone_the_chosen_page_is_in_view(server: str, browser: Any) -> None:
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server}/desk/numbers/closed")
    page.wait_for_selector("main h1")
    for strip in (".section > nav", ".side"):
        page.wait_for_function(
            """strip => {
                const here = document.querySelector(`${strip} .here`).getBoundingClientRect();
                return here.left >= 0 && here.right <= innerWidth;
            }""",
            arg=strip,
            timeout=5000,
        )
    boss.leave()
