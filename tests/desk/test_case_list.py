"""The case list in a browser: windows, narrowing, saved filters, export, many cases at once."""

import csv
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.desk.hands import Person, built, has_axe, receive

pytestmark = [built, pytest.mark.browser]
MANY = 2600


@pytest.fixture(scope="module")
def many(server: str, django_db_blocker: Any) -> int:
    """So many cases more, copied in the database: only their rows matter here."""
    receive(server)
    with django_db_blocker.unblock():
        _apart(_copy)
    return MANY


def _copy() -> None:
    from django.db import connection

    from mengding.cases.models import Case

    first = Case.objects.filter(stage="received").latest("pk")
    skipped = {"id", "reported_at", "salt"}
    names = [f.column for f in Case._meta.concrete_fields if f.column not in skipped]
    listed = ", ".join(names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO cases_case ({listed}, salt, reported_at) SELECT {listed}, salt,"  # noqa: S608
            " reported_at - n * interval '1 minute' FROM cases_case,"
            " generate_series(1, %s) n WHERE id = %s",
            [MANY, first.pk],
        )


def _apart(work: Any) -> None:
    """In a thread of its own, where Django finds no event loop of the browser's driver."""
    failed: list[BaseException] = []

    def run() -> None:
        from django.db import connection

        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


def at(person: Person, query: str = "") -> Any:
    person.page.goto(f"{person.base}/desk/cases{query}")
    person.page.wait_for_selector("[data-test=cases] tr[data-case]")
    return person.page


def rows(page: Any) -> list[int]:
    """Numbers of the rows drawn with their case."""
    found = page.eval_on_selector_all("tr[data-case]", "all => all.map(r => +r.dataset.row)")
    return list(found)


def test_any_row_at_once_and_rows_stay_where_they_are(server: str, browser: Any, many: int) -> None:
    desk = Person(browser, server, "desk")
    page = at(desk)
    page.wait_for_function(
        "n => +document.querySelector('[data-test=amount]').textContent.replace(/\\D/g, '') >= n",
        arg=many,
    )
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url) if "/cases?" in sent.url else None)
    page.evaluate(
        "() => { const box = document.querySelector('.box'); box.scrollTop = box.scrollHeight / 2 }"
    )
    page.wait_for_selector(f"tr[data-case][data-row='{many // 2}']")
    assert len(asked) <= 3, "one window, not everything before it"
    assert len(rows(page)) < 60
    here = page.get_attribute(f"tr[data-row='{many // 2}']", "data-case")
    case = receive(server)
    page.wait_for_selector("[data-test=arrived]")
    assert page.get_attribute(f"tr[data-row='{many // 2}']", "data-case") == here
    page.click("[data-test=arrived]")
    page.wait_for_selector(f"tr[data-row='0'][data-case='{case}']")
    page.keyboard.press("End")
    page.wait_for_function("n => document.querySelector(`tr.active`)?.dataset.row >= n", arg=many)
    page.keyboard.press("Home")
    page.wait_for_selector("tr.active[data-row='0']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/cases/{case}")
    assert desk.broken == []
    desk.context.close()


def test_narrow_sort_columns_and_a_filter_kept(server: str, browser: Any, many: int) -> None:
    desk = Person(browser, server, "desk")
    page = at(desk, "?stage=received&days=30")
    assert "受理" in page.inner_text("[data-test=chips]")
    page.click("[data-sort=due]")
    page.wait_for_url("**sort=due_at**")
    assert "只列办理中" in page.inner_text("[data-test=amount]")
    page.click("[data-test=columns]")
    page.click("[data-test=columns-on] [data-column=lead] input")
    page.click("li[data-column=channel] input")
    page.click("[data-test=compact]")
    page.click("[data-test=amount]")
    page.click("[data-test=save-view]")
    page.click("[data-test=view-save]")
    page.wait_for_selector(".el-dialog .el-form-item__error:has-text('请填写')")
    page.fill("#view-name", "本月受理")
    page.click("[data-test=view-shared]")
    page.click("[data-test=view-save]")
    page.wait_for_selector("[data-view='本月受理'] b:has-text('999+')")
    page.keyboard.press("1")
    page.wait_for_url("**/desk/cases")
    page.keyboard.press("2")
    page.wait_for_url("**stage=received**sort=due_at**")
    page.wait_for_selector("td.channel")
    assert page.query_selector("td.lead") is None
    page.wait_for_timeout(900)  # the density is kept a moment after it was chosen
    desk.context.close()

    # On another machine, and for a colleague; not for another organisation.
    again = Person(browser, server, "dispatch")
    at(again).wait_for_selector("[data-view='本月受理']")
    again.page.click("[data-view='本月受理']")
    again.page.wait_for_selector("td.channel")
    again.context.close()
    other = Person(browser, server, "water")
    other.page.goto(f"{server}/desk/cases")
    other.page.wait_for_selector("[data-test=views]")
    assert other.page.query_selector("[data-view='本月受理']") is None
    other.context.close()


def test_export_is_what_is_shown(server: str, browser: Any, many: int) -> None:
    desk = Person(browser, server, "supervise")  # whose columns are the usual ones
    page = at(desk, "?days=1&sort=reported_at")
    page.click("[data-test=export]")
    page.wait_for_selector("[data-test=extent]")
    page.click("text=CSV（")
    with page.expect_download() as coming:
        page.click("[data-test=export-run]")
    with Path(coming.value.path()).open(encoding="utf-8-sig", newline="") as file:
        head, *found = csv.reader(file)
    assert head == ["时限", "编号", "事项", "环节", "地点", "主办单位", "上报"]
    said = page.inner_text("[data-test=extent]").replace(",", "")
    assert f"{len(found)} 行 × 7 列" in said
    assert [row[6] for row in found] == sorted(row[6] for row in found)
    page.wait_for_selector("[data-test=exported]")
    assert desk.broken == []
    desk.context.close()


def test_many_at_once_with_time_to_call_back(
    server: str, browser: Any, many: int, django_db_blocker: Any
) -> None:
    from datetime import timedelta

    from mengding.bulk import actions
    from mengding.cases import actions as cases
    from mengding.cases.tests.made import who
    from mengding.core import clock

    three = [receive(server) for _ in range(3)]
    desk = Person(browser, server, "desk")
    page = at(desk)
    page.wait_for_selector(f"tr[data-row='0'][data-case='{three[2]}']")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    page.wait_for_selector("[data-test=bulk-bar]:has-text('已选 3 件')")
    for round in ("recalled", "done"):
        page.click("[data-bulk=note]")
        page.wait_for_selector("[data-test=preview] li[data-possible=true] >> nth=2")
        page.click("[data-test=bulk-run]")
        page.wait_for_selector(".el-form-item__error")  # the words are needed
        page.fill("#bulk-text", "已统一电话回访。")
        page.click("[data-test=bulk-run]")
        page.wait_for_selector("[data-test=bulk-toast][data-status=waiting]")
        if round == "recalled":
            page.click("[data-test=recall]")
            page.wait_for_selector("[data-test=bulk-toast][data-status=recalled]")
            for each in three:
                page.click(f"tr[data-case='{each}'] input")
            page.wait_for_selector("[data-test=bulk-bar]:has-text('已选 3 件')")

    def meanwhile() -> None:
        cases.note(who("dispatch"), int(three[1]), text="抢先一步")
        with clock.at(clock.now() + timedelta(seconds=30)):
            actions.run_due()

    # Closing the window changes nothing: the run waits at the server.
    page.reload()
    page.wait_for_selector("[data-test=bulk-toast]")
    with django_db_blocker.unblock():
        _apart(meanwhile)
    page.wait_for_selector("[data-test=bulk-toast][data-status=ended]", timeout=20_000)
    assert "已完成 2 件" in page.inner_text("[data-test=bulk-toast]")
    page.click("[data-test=bulk-refused]")
    assert "已被他人更新" in page.inner_text("[data-test=refused]")
    desk.open(three[0])
    assert page.inner_text("[data-test=timeline]").count("已统一电话回访。") == 1
    assert desk.broken == []
    desk.context.close()


def test_when_nothing_fits_or_the_server_is_away(server: str, browser: Any, many: int) -> None:
    desk = Person(browser, server, "desk")
    page = desk.page
    page.goto(f"{server}/desk/cases?stage=void")
    page.wait_for_selector("text=没有符合条件的案件")
    page.route("**/api/v1/cases?*", lambda route: route.abort())
    page.reload()
    page.wait_for_selector("[role=alert]:has-text('连不上服务器')")
    page.unroute("**/api/v1/cases?*")
    page.click("[data-test=clear]")
    page.wait_for_selector("tr[data-case]")
    desk.context.close()


@has_axe
def test_nothing_serious_for_axe(server: str, browser: Any, many: int) -> None:
    desk = Person(browser, server, "desk")
    found: list[str] = []
    for size in ({"width": 1440, "height": 900}, {"width": 390, "height": 844}):
        desk.page.set_viewport_size(size)
        for theme in ("light", "dark"):
            page = at(desk, "?stage=received&days=30")
            if page.evaluate("document.documentElement.classList.contains('dark')") != (
                theme == "dark"
            ):
                page.click("[aria-label=深色或浅色]")
            page.keyboard.press("j")
            page.keyboard.press("x")
            page.wait_for_selector("[data-test=bulk-bar]")
            found += [f"{theme} {size['width']} {each}" for each in desk.serious()]
            if size["width"] == 1440:
                page.click("[data-bulk=request_check]")
                page.wait_for_selector("[data-test=preview] li")
                found += [f"{theme} bulk {each}" for each in desk.serious()]
                page.keyboard.press("Escape")
                page.click("[data-test=export]")
                page.wait_for_selector("[data-test=extent]")
                found += [f"{theme} export {each}" for each in desk.serious()]
                page.keyboard.press("Escape")
    assert not found, "\n".join(found)
    desk.context.close()
