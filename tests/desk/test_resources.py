"""Emergency resources at the desk: registered, filtered, checked, imported; notices to staff."""

from typing import Any

import pytest

from tests.desk.hands import Person, built, call, has_axe

pytestmark = [built, pytest.mark.browser]
PLACE = {"lon": 103.26, "lat": 29.99}


def centre(server: str, code: str) -> int:
    rows = call(server, "supervise", "/organisations?limit=200")["items"]
    return int(next(row["id"] for row in rows if row["code"] == code))


def spot(server: str) -> dict[str, float]:
    """A place inside the district, as the map would give it."""
    found = call(server, "supervise", "/regions/geojson?level=village&within=511803102")
    from shapely.geometry import shape

    villages = {each["properties"]["code"]: each["geometry"] for each in found["features"]}
    inside = shape(villages["511803102201"]).representative_point()  # the grid worker's
    return {"lon": inside.x, "lat": inside.y}


def store(server: str, name: str, **fields: Any) -> int:
    said = {
        "kind": "store", "name": name, "quantity": 10, "needed": 10, "unit": "件",
        "organisation": centre(server, "centre-511803102"), **spot(server), **fields,
    }  # fmt: skip
    return int(call(server, "supervise", "/resources", said)["id"])


@has_axe
def test_the_inventory_from_shortage_to_case_and_from_a_file(server: str, browser: Any) -> None:
    lacking = store(server, "防汛沙袋", quantity=5)
    store(server, "帐篷", kind="equipment", expires_on="2020-01-01")
    short = {"quantity": 4, "condition": "good", "note": "少了六件"}
    call(server, "supervise", f"/resources/{lacking}/checks", short)
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/fieldwork/resources")
    page.wait_for_selector("[data-test=resources] li")
    assert "过期" in page.inner_text("[data-test=resources]")
    page.click("[data-test=short]")
    page.wait_for_function(
        "() => document.querySelectorAll('[data-test=resources] li').length === 1"
    )
    page.click(f"[data-resource='{lacking}']")
    page.wait_for_selector("[data-test=resource] [data-test=raise]")
    assert "4 / 10 件" in page.inner_text("[data-test=resource]")
    # The contact is a post, found among those of the keeper.
    page.click("[data-test=resource] [data-test=edit]")
    page.wait_for_selector("#resource-contact")
    page.click("#resource-contact")
    page.click(".el-select-dropdown__item:has-text('派遣员') >> visible=true >> nth=0")
    page.click("[data-test=save]")
    page.wait_for_selector("[data-test=resource] dd:has-text('派遣员')")
    page.click("[data-test=raise]")
    page.wait_for_selector("[data-test=resource] a:has-text('案件')")
    # A file with a fault names its line and writes nothing.
    page.click("[data-test=import]")
    lon, lat = spot(server).values()
    head = "类型,名称,经度,纬度,数量,单位,保管单位代码\n"
    bad = f"{head}物资储备点,雨衣,{lon},{lat},许多,件,centre-511803102\n"
    good = bad.replace("许多", "30")
    for text, test in ((bad, "faults"), (good, "good")):
        file = {"name": "a.csv", "mimeType": "text/csv", "buffer": text.encode("gb18030")}
        page.set_input_files("[data-test=file]", file)
        page.wait_for_selector(f"[data-test={test}]")
    page.click("[data-test=write]")
    page.wait_for_selector("[data-test=file]", state="detached")
    page.click("[data-test=short]")
    page.wait_for_selector("[data-test=resources] li:has-text('雨衣')")
    assert boss.serious() == []
    page.click("[data-test=round]")
    page.fill("#round-title", "汛前检查")
    page.click("[data-test=start]")
    page.wait_for_selector("[data-test=round-list] li:has-text('汛前检查')")
    assert "0 / 3" in page.inner_text("[data-test=round-list]")
    boss.leave()


def test_a_notice_is_sent_and_answered(server: str, browser: Any) -> None:
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/fieldwork/outreach")
    page.click("[data-test=write]")
    page.click("[data-test=save]")
    page.wait_for_selector("form em")
    page.fill("#outreach-title", "今晚有强降雨")
    page.fill("#outreach-text", "请避开低洼路段。")
    page.click("[data-test=asks]")
    page.click("[data-test=save]")
    page.wait_for_selector("[data-test=sent] li:has-text('今晚有强降雨')")
    (told,) = call(server, "grid", "/bulletins")["items"]
    call(server, "grid", f"/bulletins/{told['id']}/acknowledge", {})
    page.reload()
    page.wait_for_selector("[data-test=sent] button:has-text('1 /')")
    boss.leave()
