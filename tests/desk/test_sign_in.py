"""Signing in with a second step, the account page, posts, and how large things are shown."""

from typing import Any

import pytest

from tests.desk.hands import Person, built, call, has_axe, receive, word_of


def code_of(secret: str, steps: int = 0) -> str:
    """What an authenticator app shows now, or a step later."""
    import time

    import pyotp

    return pyotp.TOTP(secret).at(int(time.time()) + 30 * steps)


@built
@pytest.mark.browser
@has_axe
def test_second_step_from_setting_up_to_recovery(server: str, browser: Any) -> None:
    person = Person(browser, server, "mediate")
    page = person.page
    found: list[str] = []
    page.click(".account")
    page.click("text=我的账号")
    page.click("[data-test=second-begin]")
    page.fill("#second-password", "not this one")
    page.keyboard.press("Enter")
    page.wait_for_selector("#second-wrong:has-text('密码不正确')")
    page.fill("#second-password", word_of("mediate"))
    page.keyboard.press("Enter")
    secret = page.inner_text("[data-test=secret]").replace(" ", "")
    assert page.eval_on_selector(".scan img", "i => i.complete && i.naturalWidth > 100")
    page.fill("#second-code", "000000")
    page.keyboard.press("Enter")
    page.wait_for_selector("#second-wrong:has-text('验证码不正确')")
    found += person.serious()
    page.fill("#second-code", code_of(secret, -1))
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-test=recovery-codes] li")
    recovery = page.locator("[data-test=recovery-codes] li").all_inner_texts()
    assert len(recovery) == 10
    found += person.serious()
    page.click("[data-test=kept]")
    page.wait_for_selector("text=恢复码还剩 10 个")

    page.click(".account")
    page.click("text=退出登录")
    for dark in ("0", "1"):
        page.wait_for_selector("#username")
        page.fill("#username", "mediate")
        page.fill("#password", word_of("mediate"))
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-test=second-step]")
        found += person.serious()
        # No session yet: nothing else opens.
        page.evaluate(f"localStorage.setItem('desk.dark', '{dark}')")
        page.goto(f"{server}/desk/cases")
    page.wait_for_selector("#username")
    page.fill("#username", "mediate")
    page.fill("#password", word_of("mediate"))
    page.keyboard.press("Enter")
    page.fill("#code", "123")
    page.keyboard.press("Enter")
    page.wait_for_selector("#code-wrong:has-text('验证码不正确')")
    page.fill("#code", recovery[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/cases")  # where it was asked to go
    page.goto(f"{server}/desk/account")
    page.wait_for_selector("text=恢复码还剩 9 个")
    page.click("[data-test=second-remove]")
    page.fill("#second-code", code_of(secret, 1))
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-test=second-begin]")
    found += person.serious()
    assert found == []
    assert person.broken == []
    person.context.close()


@built
@pytest.mark.browser
def test_two_posts_and_switching(server: str, browser: Any) -> None:
    own = call(server, "town", "/session")
    where = own["posts"][0]["organisation_id"]
    more = {"account": own["account_id"], "role": "supervisor", "organisation": where}
    call(server, "secadmin", "/posts", more)
    person = Person(browser, server, "town")
    page = person.page
    assert "派遣员" in page.inner_text(".account")
    page.click(".account")
    page.click(".el-dropdown-menu__item:has-text('督办员')")
    page.wait_for_selector(".account .who:has-text('督办员')")
    page.wait_for_selector("[data-test=waiting]", state="attached")
    assert "督办员" in page.inner_text(".work .head")
    page.goto(f"{server}/desk/account")
    page.click("[data-test=posts] .switch")
    page.wait_for_selector(".account .who:has-text('派遣员')")
    assert person.broken == []
    person.context.close()


@built
@pytest.mark.browser
@has_axe
def test_type_grows_everywhere_and_stays(server: str, browser: Any) -> None:
    receive(server)
    person = Person(browser, server, "desk")
    page = person.page
    wide = "() => document.querySelector('.side a').getBoundingClientRect().height"
    small = page.evaluate(wide)
    page.click(".account")
    page.click(".el-dropdown-menu__item:has-text('特大')")
    page.wait_for_function(f"small => ({wide})() > small * 1.3", arg=small)
    page.goto(f"{server}/desk/cases")
    page.wait_for_selector("[data-test=cases] tr")
    assert page.evaluate(wide) > small * 1.3
    # What floats is where it belongs, and nothing makes the window scroll sideways.
    page.click(".filters .el-select >> nth=0")
    page.wait_for_selector(".el-select-dropdown__item:visible")
    box = page.locator(".filters .el-select >> nth=0").bounding_box()
    drop = page.locator(".el-select__popper:visible").bounding_box()
    assert abs(drop["x"] - box["x"]) < 40
    assert 0 <= drop["y"] - (box["y"] + box["height"]) < 40
    page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert person.serious() == []
    page.goto(f"{server}/desk/account")
    page.click("[data-size='1']")
    page.wait_for_function(f"small => ({wide})() === small", arg=small)
    person.context.close()


@built
@pytest.mark.browser
def test_ones_own_password(server: str, browser: Any) -> None:
    person = Person(browser, server, "handler")
    page = person.page
    page.goto(f"{server}/desk/account")
    page.fill("#old-password", word_of("handler"))
    page.fill("#new-password", "Spring-leaves-2027")
    page.fill("#again-password", "Spring-leaves-2028")
    page.click("[data-test=password-form] button")
    assert page.inner_text("#again-password-wrong") == "两次输入的新密码不一致。"
    page.fill("#again-password", "Spring-leaves-2027")
    page.fill("#old-password", "not this one")
    page.click("[data-test=password-form] button")
    page.wait_for_selector("#old-password-wrong:has-text('原密码不正确')")
    assert page.input_value("#new-password") == "Spring-leaves-2027"  # nothing typed is lost
    page.fill("#old-password", word_of("handler"))
    page.click("[data-test=password-form] button")
    page.wait_for_selector("text=密码已修改")
    page.goto(f"{server}/desk/")
    page.wait_for_selector("[data-test=waiting]", state="attached")
    person.context.close()


@built
@pytest.mark.browser
@has_axe
def test_a_new_account_sets_its_own_password_first(server: str, browser: Any) -> None:
    where = call(server, "desk", "/session")["posts"][0]["organisation_id"]
    made = call(server, "secadmin", "/accounts", {"username": "new.desk", "name": "新人"})
    call(
        server,
        "secadmin",
        "/posts",
        {"account": made["account"], "role": "desk", "organisation": where},
    )
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(f"{server}/desk/cases")
    page.fill("#username", "new.desk")
    page.fill("#password", made["password"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/account")
    page.wait_for_selector("[role=alert]:has-text('一次性密码')")
    assert page.query_selector("[data-test=lost]") is None
    page.goto(f"{server}/desk/cases")
    page.wait_for_url("**/desk/account")  # nothing else opens
    page.fill("#old-password", made["password"])
    page.fill("#new-password", "Spring-leaves-2027")
    page.fill("#again-password", "Spring-leaves-2027")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-test=waiting]", state="attached")
    page.wait_for_selector(".status:not(.off)")
    context.close()
