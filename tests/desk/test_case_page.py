"""The case page: photos, public and internal apart, who else is here, keys."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.desk.hands import Person, built, call, carry, database, has_axe, receive


def picture(path: Path, colour: str) -> str:
    """A JPEG of one colour."""
    from PIL import Image

    Image.new("RGB", (640, 480), colour).save(path)
    return str(path)


@built
@pytest.mark.browser
def test_photos_before_and_after(server: str, browser: Any, tmp_path: Path) -> None:
    case = receive(server)
    person = Person(browser, server, "desk")
    page = person.page
    person.open(case)
    page.select_option("#photo-purpose", "before")
    page.set_input_files("[data-test=photo-file]", picture(tmp_path / "a.jpg", "brown"))
    page.wait_for_selector("figure:nth-child(1) .big img")
    assert "还没有处置后照片" in page.inner_text("figure:nth-child(2)")
    (tmp_path / "b.jpg").write_text("no picture at all", "utf-8")
    (tmp_path / "b.jpg").write_bytes(b"\x00\x01\x02")
    page.set_input_files("[data-test=photo-file]", str(tmp_path / "b.jpg"))
    page.wait_for_selector(".sending .bad:has-text('b.jpg')")  # the error names the file
    page.click(".sending .bad button:has-text('关闭')")
    page.select_option("#photo-purpose", "after")
    page.evaluate(
        """async () => {
          const canvas = document.createElement('canvas');
          canvas.width = canvas.height = 50;
          const blob = await new Promise(done => canvas.toBlob(done, 'image/png'));
          const data = new DataTransfer();
          data.items.add(new File([blob], 'pasted.png', { type: 'image/png' }));
          window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }));
        }"""
    )
    page.wait_for_selector("figure:nth-child(2) .big img")
    page.click("figure:nth-child(2) .big")
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-test=viewer] img')]"
        ".filter(i => i.naturalWidth).length === 2"
    )
    assert "李雯" in page.inner_text("[data-test=viewer]")
    page.keyboard.press("c")
    page.wait_for_function("() => document.querySelectorAll('[data-test=viewer] img').length === 1")
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("[data-test=viewer] img[alt^='处置前']")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-test=timeline] li:has-text('上传照片或附件')")
    assert person.broken == []
    person.context.close()


@built
@pytest.mark.browser
def test_public_and_internal_are_never_mixed_up(server: str, browser: Any) -> None:
    case = receive(server)
    person = Person(browser, server, "desk")
    page = person.page
    person.open(case)
    page.keyboard.press("m")
    page.fill("#field-text", "反映人情绪激动，请先电话说明。")
    page.click("[data-test=confirm]")
    page.wait_for_selector("[data-test=confirm]", state="detached")
    page.keyboard.press("r")
    page.fill("#field-text", "已安排维修，今天完成。")
    page.click("[data-test=confirm]")
    page.wait_for_selector("[data-test=timeline] .public")
    assert "诉求人现在看到的" in page.inner_text("[data-test=timeline] .public")
    assert "仅工作人员可见" in page.inner_text("[data-test=timeline] .internal")
    page.click("[data-stream=public]")
    words = page.inner_text("[data-test=timeline]")
    assert "已安排维修" in words
    assert "情绪激动" not in words
    page.keyboard.press("ArrowRight")
    words = page.inner_text("[data-test=timeline]")
    assert "情绪激动" in words
    assert "已安排维修" not in words
    person.context.close()


@built
@pytest.mark.browser
def test_two_people_see_each_other(server: str, browser: Any) -> None:
    case, elsewhere = receive(server), receive(server)
    desk, dispatcher = Person(browser, server, "desk"), Person(browser, server, "dispatch")
    desk.open(case)
    assert desk.page.inner_text("[data-test=present]") == ""
    dispatcher.open(case)
    desk.page.wait_for_selector("[data-test=present] li:has-text('王建国 正在查看')", timeout=2000)
    dispatcher.page.wait_for_selector("[data-test=present] li:has-text('李雯 正在查看')")
    desk.page.keyboard.press("m")
    dispatcher.page.wait_for_selector(
        "[data-test=present] li:has-text('李雯 正在填写')", timeout=2000
    )
    dispatcher.page.goto(f"{server}/desk/cases/{elsewhere}")
    desk.page.wait_for_selector("[data-test=present] li", state="detached", timeout=2500)
    assert desk.broken == dispatcher.broken == []
    for person in (desk, dispatcher):
        person.context.close()


@built
@pytest.mark.browser
def test_keys_from_case_to_case_and_to_a_verb(server: str, browser: Any) -> None:
    older, newer = receive(server), receive(server)
    person = Person(browser, server, "desk")
    page = person.page
    page.goto(f"{server}/desk/cases?stage=received")
    page.click(f"[data-case='{newer}']")
    page.wait_for_selector("[data-test=timeline] li")
    page.keyboard.press("]")
    page.wait_for_url(f"**/desk/cases/{older}")
    page.wait_for_selector("[data-test=timeline] li")
    page.keyboard.press("[")
    page.wait_for_url(f"**/desk/cases/{newer}")
    page.wait_for_selector("[data-test=actions] button")
    page.keyboard.press("a")
    page.wait_for_selector("[data-test=actions] .pick")
    page.keyboard.press("Escape")  # leaves the choosing, not the page
    page.wait_for_selector("[data-test=actions] .pick", state="detached")
    page.keyboard.press("a")
    page.keyboard.press("1")
    page.wait_for_selector(".el-dialog:has-text('立案')")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-test=confirm]", state="detached")
    page.keyboard.press("Escape")
    page.wait_for_url("**/desk/cases?stage=received")  # with its filter
    person.context.close()


@built
@pytest.mark.browser
@has_axe
def test_joined_merged_and_split_are_told(server: str, browser: Any) -> None:
    first, second = receive(server), receive(server)
    call(server, "desk", "/reports", {"description": "我也看到了。", "case_id": int(first)})
    call(server, "desk", f"/cases/{second}/merge", {"into_id": int(first)})
    call(server, "desk", f"/cases/{first}/reply", {"text": "已安排。"})
    call(server, "desk", f"/cases/{first}/note", {"text": "请回访。"})
    person = Person(browser, server, "desk")
    page = person.page
    found: list[str] = []
    for dark in ("0", "1"):
        page.evaluate(f"localStorage.setItem('desk.dark', '{dark}')")
        person.open(first)
        assert page.locator(".report").count() == 3
        assert re.search(r"并入本案\s*待立案 #" + second, page.inner_text("[data-test=related]"))
        found += person.serious()
    page.hover(".clocks .clock >> nth=0")
    page.wait_for_selector("[data-test=clock-steps]:visible li")
    page.click("[data-test=related] a")
    page.wait_for_selector("[data-test=related]:has-text('已并入')")
    assert found == []
    assert person.broken == []
    person.context.close()


@built
@pytest.mark.browser
def test_coming_reminders_of_the_running_clock(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    from mengding.escalation import following

    def watched() -> list[dict[str, Any]]:
        with database(django_db_blocker):
            while following.follow():
                pass
        return list(call(server, "desk", f"/cases/{case}/escalation")["items"])

    case = receive(server, class_code="C0507")
    coming = watched()[0]["next"]
    person = Person(browser, server, "desk")
    person.open(case)
    rows = person.page.locator("[data-test=reminders] li.next")
    rows.first.wait_for()
    assert rows.count() == len(coming)
    assert rows.first.inner_text().startswith(coming[0]["name"])
    carry(server, case, "file")
    assert [len(each["next"]) > 0 for each in watched()] == [True, False]  # dispatch; received
    person.open(case)
    person.page.wait_for_selector("[data-test=reminders] b:has-text('派遣')")
    assert "受理" not in person.page.inner_text("[data-test=reminders]")
    person.leave()
