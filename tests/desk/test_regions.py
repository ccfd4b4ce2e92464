"""Divisions in the console: draw, import, create, retire, and found a whole district."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.desk.hands import CHROMIUM, Person, built, has_axe

pytestmark = [built, pytest.mark.browser]
TOWN, ELSEWHERE = "511803102", "511803105"
LIST = """区县代码,区县,镇街代码,镇街,村社区代码,村社区
511802,雨城区,511802001,东城街道,511802001001,北二路社区居委会
511802,雨城区,511802001,东城街道,51180200100x,南坝社区居委会
511802,雨城区,511802100,多营镇,511802100200,上坝村村委会
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One that draws maps: WebGL in software."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        args = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
        running = driver.chromium.launch(executable_path=CHROMIUM, args=args)
        yield running
        running.close()


def square(code: str, west: float, south: float, size: float = 0.02) -> dict[str, Any]:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "properties": {"code": code, "name": ""},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def offer(page: Any, *features: dict[str, Any]) -> None:
    """Give the import dialog a file."""
    data = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    page.set_input_files(
        "[data-test=boundary-file]",
        {"name": "towns.geojson", "mimeType": "application/json", "buffer": data},
    )


def on_the_map(page: Any) -> dict[str, float]:
    """The map's box once it is drawn, to click inside."""
    page.wait_for_selector("[data-ready=yes]")
    box: dict[str, float] = page.locator("[data-test=map]").bounding_box()
    return box


def test_a_district_from_a_list(server: str, browser: Any) -> None:
    admin = Person(browser, server, "sysadmin")
    page = admin.page
    page.goto(f"{server}/desk/settings/divisions/new-district")
    page.fill("#csv-text", LIST)
    page.wait_for_selector("[data-test=problems]")
    said = page.inner_text("[data-test=problems]")
    assert "第 3 行" in said
    assert "村社区代码" in said
    assert page.is_disabled("[data-test=next]")
    # As a spreadsheet saves it: GB 18030.
    right = LIST.replace("00x", "002").encode("gb18030")
    page.set_input_files(
        "[data-test=csv-file]", {"name": "雨城.csv", "mimeType": "text/csv", "buffer": right}
    )
    page.wait_for_selector("[data-test=summary]")
    assert "2 个镇街，3 个村（社区）" in page.inner_text("[data-test=summary]")
    page.click("[data-test=next]")
    page.click("[data-test=bounds-made]")
    page.fill("#plan-lon", "103.03")
    page.fill("#plan-lat", "30.01")
    for _ in range(2):
        page.click("[data-test=next]:not(:disabled)")
    page.wait_for_selector("[data-test=review]:has-text('生成（示意）6 个')")
    page.click("[data-test=found]")
    page.wait_for_selector("[data-test=founded]")
    assert "区划 6 个，边界 6 个，中心 6 个" in page.inner_text("[data-test=founded]")
    page.click("[data-test=founded] a")
    page.wait_for_selector("[data-test=tree] [data-code='511802']")
    assert admin.broken == []
    admin.context.close()


def test_draw_import_and_retire(server: str, browser: Any) -> None:
    admin = Person(browser, server, "sysadmin")
    page = admin.page
    page.goto(f"{server}/desk/settings/divisions?at={TOWN}")
    box = on_the_map(page)
    page.wait_for_selector("[data-test=division]:has-text('车岭镇')")

    # A village of its own, by keyboard from the tree on.
    page.click("[data-test=create]")
    page.wait_for_selector("#division-code")
    code = page.input_value("#division-code")
    assert code.startswith(TOWN)
    page.click("[data-test=create-division]")
    assert "请填写" in page.inner_text(".el-form-item__error")
    page.fill("#division-name", "新茶村村委会")
    page.click("[data-test=create-division]")
    page.wait_for_selector("[data-test=division]:has-text('新茶村村委会')")
    page.wait_for_selector("[data-test=division]:has-text('无边界')")

    # Draw it: four clicks and the first corner again. The made-up ones give way, after a question.
    page.click("[data-test=draw]")
    page.wait_for_selector("[data-test=drawing]")
    box = on_the_map(page)
    page.wait_for_timeout(400)  # the map moves to the place
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for right, down in ((-90, -70), (90, -70), (90, 70), (-90, 70), (-90, -70)):
        page.mouse.move(x + right, y + down, steps=4)
        page.mouse.click(x + right, y + down)
    page.click("[data-test=save-boundary]")
    page.wait_for_selector("[data-test=give-way]")
    page.click("[data-test=give-way]")
    page.wait_for_selector("[data-test=division]:has-text('有边界')")

    # A file with two overlapping towns is refused by name; the same file put right goes in.
    page.click("text=导入边界")
    offer(page, square(TOWN, 103.3, 30.3), square(ELSEWHERE, 103.31, 30.3))
    page.wait_for_selector("[data-test=problems]")
    assert "新店镇" in page.inner_text("[data-test=problems]")
    assert page.is_disabled("[data-test=import]")
    offer(page, square("511803101", 103.3, 30.3), square(ELSEWHERE, 103.33, 30.3))
    page.wait_for_selector("[data-test=fine]")
    page.click("[data-test=import]")
    page.wait_for_selector("[data-test=import]", state="detached")

    # Out of use: what hangs on it is said, and what does not hang on anything goes.
    page.goto(f"{server}/desk/settings/divisions?at={TOWN}")
    page.click("[data-test=retire]")
    page.wait_for_selector("[data-test=dependents]")
    assert "车岭镇综治中心" in page.inner_text("[data-test=dependents]")
    assert page.is_disabled("[data-test=confirm-retire]")
    page.goto(f"{server}/desk/settings/divisions?at={code}")
    page.click("[data-test=retire]")
    page.click("[data-test=confirm-retire]:not(:disabled)")
    page.wait_for_selector("[data-test=activate]")
    assert admin.broken == []
    admin.context.close()


def test_the_tree_by_keyboard(server: str, browser: Any) -> None:
    audit = Person(browser, server, "audit")
    page = audit.page
    page.goto(f"{server}/desk/settings/divisions")
    page.wait_for_selector("[data-test=tree] li")
    page.fill("[data-test=find-division]", "车岭")
    page.press("[data-test=find-division]", "ArrowDown")
    page.keyboard.press("ArrowDown")
    page.wait_for_url(f"**at={TOWN}*")
    assert page.evaluate("document.activeElement.dataset.code") == TOWN
    assert page.locator("[data-test=draw]").count() == 0  # the auditor looks
    assert page.locator("[data-test=retire]").count() == 0
    audit.context.close()


@has_axe
def test_nothing_serious_for_axe(server: str, browser: Any) -> None:
    admin = Person(browser, server, "sysadmin")
    found: list[str] = []
    for dark in ("0", "1"):
        admin.page.evaluate(f"localStorage.setItem('desk.dark', '{dark}')")
        admin.page.goto(f"{server}/desk/settings/divisions?at={TOWN}")
        admin.page.wait_for_selector("[data-test=division]")
        found += admin.serious()
        admin.page.click("[data-test=create]")
        admin.page.wait_for_selector("#division-code")
        found += admin.serious()
        admin.page.keyboard.press("Escape")
        admin.page.goto(f"{server}/desk/settings/divisions/new-district")
        admin.page.fill("#csv-text", LIST)
        admin.page.wait_for_selector("[data-test=problems]")
        found += admin.serious()
        admin.page.fill("#csv-text", "")
    assert found == []
    admin.context.close()
