"""Standard texts: picked while a case is worked on, kept in the settings."""

from typing import Any

import pytest

from tests.desk.hands import Person, built, has_axe, receive


@built
@pytest.mark.browser
def test_a_text_is_picked_by_keyboard(server: str, browser: Any) -> None:
    case = receive(server)
    desk = Person(browser, server, "desk")
    desk.open(case)
    page = desk.page
    page.click("[data-action=reply]")
    page.wait_for_selector("#field-text")
    page.focus("#field-text")
    page.keyboard.type(";")
    page.wait_for_selector("[data-test=phrases] [role=option]")
    page.keyboard.type("已受理")
    page.wait_for_function(
        "() => document.querySelectorAll('[data-test=phrases] [role=option]').length === 1"
    )
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-test=phrases]", state="detached")
    text = page.input_value("#field-text")
    assert f"#{case}" in text
    assert "路灯" in text
    assert "{" not in text
    assert ";" not in text
    # A second one goes where the cursor stands, and Escape leaves the text alone.
    page.keyboard.type("另：")
    page.keyboard.press("Alt+;")
    page.wait_for_selector("[data-test=phrases] [role=option]")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-test=phrases]", state="detached")
    assert page.input_value("#field-text") == f"{text}另："
    page.click("[data-test=confirm]")
    page.wait_for_selector("[data-test=timeline] li:has-text('另：')")

    page.click("[data-action=decline]")
    page.wait_for_selector("#field-where_to_go")
    page.focus("#field-where_to_go")
    page.keyboard.type("；")
    page.wait_for_selector("[data-test=phrases] [role=option]:has-text('物业')")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert "12345" in page.input_value("#field-where_to_go")
    assert desk.broken == []
    desk.context.close()


@built
@pytest.mark.browser
def test_texts_are_kept_in_the_settings(server: str, browser: Any) -> None:
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/settings/phrases")
    page.wait_for_selector("[data-test=phrase-list] button")
    page.click("[data-test=add]")
    page.fill("#phrase-title_zh", "节假日答复")
    page.fill("#phrase-text_zh", "您好，{class}问题将于{phone}处理。")
    assert "路灯" in page.inner_text("[data-test=preview-zh]")
    assert page.inner_text("[data-test=preview-zh] .unknown") == "{phone}"
    page.keyboard.press("Control+s")
    page.wait_for_selector(".el-form-item__error:has-text('{phone}')")
    page.fill("#phrase-text_zh", "您好，{class}问题将于处理。")
    page.eval_on_selector("#phrase-text_zh", "it => { it.focus(); it.setSelectionRange(12, 12) }")
    page.click("[data-variable=due]")
    assert page.input_value("#phrase-text_zh") == "您好，{class}问题{due}将于处理。"
    page.keyboard.press("Control+s")
    page.wait_for_selector("[data-test=phrase-list] button:has-text('节假日答复')")
    page.wait_for_selector("text=第 1 版")
    page.click("[data-test=retire]")
    page.wait_for_selector("[data-test=restore]")
    page.reload()
    page.wait_for_selector("[data-test=phrase-list] button")
    assert "节假日答复" not in page.inner_text("[data-test=phrase-list]")
    # What is not saved is not thrown away without a word.
    page.fill("#phrase-title_zh", "改了一半")
    page.click("[data-test=add]")
    page.wait_for_selector(".el-message-box")
    page.click(".el-message-box__btns button:has-text('否')")
    assert page.input_value("#phrase-title_zh") == "改了一半"
    assert boss.broken == []
    boss.context.close()


@built
@pytest.mark.browser
@has_axe
def test_nothing_serious_for_axe(server: str, browser: Any) -> None:
    case = receive(server)
    boss = Person(browser, server, "supervise")
    found: list[str] = []
    for dark in ("0", "1"):
        boss.page.evaluate(f"localStorage.setItem('desk.dark', '{dark}')")
        boss.page.goto(f"{server}/desk/settings/phrases")
        boss.page.wait_for_selector("[data-test=phrase-list] button")
        found += boss.serious()
        boss.open(case)
        boss.page.click("[data-action=note]")
        boss.page.wait_for_selector("#field-text")
        boss.page.focus("#field-text")
        boss.page.keyboard.type(";")
        boss.page.wait_for_selector("[data-test=phrases] [role=option]")
        found += boss.serious()
    assert found == []
    boss.context.close()
