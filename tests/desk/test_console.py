"""The console's first pages: one case from words to closed."""

from typing import Any

import pytest

from tests.desk.hands import Person, built, has_axe, receive, word_of


@built
@pytest.mark.browser
def test_a_case_from_words_to_closed(server: str, browser: Any) -> None:
    desk = Person(browser, server, "desk")
    dispatcher = Person(browser, server, "dispatch")
    dispatcher.page.goto(f"{server}/desk/cases?stage=filed")
    dispatcher.page.wait_for_selector("main .card")

    page = desk.page
    page.keyboard.press("n")
    page.fill("#new-description", "河边护栏断了一截，小孩容易掉下去。")
    page.click("[data-test=suggested] button:has-text('水域护栏')")
    page.click("#new-region")
    page.keyboard.type("车岭镇")
    page.click(".el-select-dropdown__item:visible:has-text('车岭镇')")
    page.fill("#new-address", "滨河路 3 号对面")
    page.fill("#new-phone", "13812345678")
    page.click("[data-test=take-in]")
    page.wait_for_selector("[data-test=stage-line]")
    case = page.url.rsplit("/", 1)[1]
    assert case.isdigit()
    assert desk.stage() == "受理"
    assert "13812345678" not in page.content()

    page.click("[data-action=file]")
    page.click("text=护栏断开或将倒")
    page.click("[data-test=confirm]")
    desk.wait_stage("已立案")

    # The second window learns of it without a reload, within a second or so.
    dispatcher.page.wait_for_selector(f"[data-case='{case}']", timeout=3000)
    dispatcher.page.click(f"[data-case='{case}']")
    dispatcher.page.wait_for_selector("[data-action=dispatch]")
    # What cannot be done is there too, with its reason.
    assert "当前环节为“已立案”" in dispatcher.page.inner_text("[data-blocked=reassign]")
    dispatcher.do("dispatch", note="请先设临时围挡。")
    dispatcher.wait_stage("已派遣")
    desk.wait_stage("已派遣", 3)

    water = Person(browser, server, "water")
    water.open(case)
    water.do("accept")
    water.wait_stage("处置中")
    water.do("feed_back", report="已焊接修复，并加固两侧立柱。")
    water.wait_stage("已反馈")

    verifier = Person(browser, server, "verify")
    verifier.open(case)
    verifier.do("start_check")
    verifier.wait_stage("核查中")
    verifier.do("close", finding="现场核查，护栏稳固。")
    verifier.page.wait_for_selector("[data-test=timeline] li:has-text('结案（已解决）')")
    desk.page.wait_for_selector("[data-test=timeline] li:has-text('结案（已解决）')", timeout=3000)

    # A look at the contact data is on record; the page showed it masked until then.
    assert "138****5678" in page.inner_text(".contact")
    page.click("text=查看联系方式")
    page.fill("#purpose", "回访核实办理结果")
    page.click("text=查看并留痕")
    page.wait_for_selector("text=13812345678")

    for person in (desk, dispatcher, water, verifier):
        assert person.broken == []
        person.context.close()


@built
@pytest.mark.browser
def test_two_people_on_one_case(server: str, browser: Any) -> None:
    """The later of two gets both sides, keeps the text, and can go on from the newest."""
    case = receive(server)
    one, other = Person(browser, server, "desk"), Person(browser, server, "desk")
    one.open(case)
    other.open(case)
    one.page.click("[data-action=note]")
    one.page.fill("#field-text", "第一位的备注")
    other.do("note", text="第二位的备注")
    one.page.click("[data-test=confirm]")
    one.page.wait_for_selector("[data-test=conflict]")
    assert "第 1 版" in one.page.inner_text("[data-test=conflict]")
    assert "第 2 版" in one.page.inner_text("[data-test=conflict]")
    assert one.page.input_value("#field-text") == "第一位的备注"
    one.page.click("[data-test=conflict] button")
    one.page.click("[data-test=confirm]")
    one.page.wait_for_selector("[data-test=timeline] li:has-text('第一位的备注')")
    assert "第二位的备注" in one.page.inner_text("[data-test=timeline]")
    for person in (one, other):
        person.context.close()


@built
@pytest.mark.browser
def test_wrong_password_and_keyboard(server: str, browser: Any) -> None:
    first, second = receive(server), receive(server)
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(f"{server}/desk/cases?sort=-reported_at")
    page.wait_for_selector("#username")
    page.click("button[type=submit]")
    assert page.inner_text("#username-wrong") == "请填写。"
    assert page.inner_text("#password-wrong") == "请填写。"
    page.fill("#username", "desk")
    page.fill("#password", "not this one")
    page.click("button[type=submit]")
    page.wait_for_selector("[role=alert]")
    assert "账号或密码不正确" in page.inner_text("[role=alert]")
    page.fill("#password", word_of("desk"))
    page.press("#password", "Enter")
    page.wait_for_url("**/desk/cases?sort=-reported_at")  # where it was asked to go
    page.wait_for_selector("[data-test=cases] tr")
    rows = page.eval_on_selector_all("[data-test=cases] tr", "all => all.map(r => r.dataset.case)")
    assert rows[:2] == [second, first]
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/cases/{first}")
    page.keyboard.press("Escape")
    page.wait_for_url("**/desk/cases?sort=-reported_at")  # with what it was narrowed by
    page.keyboard.press("/")
    page.keyboard.type("路灯")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/cases?*q=*")
    page.wait_for_selector(f"[data-case='{first}']")
    context.close()


@built
@pytest.mark.browser
def test_a_broken_stream_is_shown_and_resumes(server: str, browser: Any) -> None:
    desk = Person(browser, server, "desk")
    desk.page.goto(f"{server}/desk/cases")
    desk.page.wait_for_selector("[data-test=cases], main .card")
    desk.page.wait_for_timeout(500)
    desk.page.route("**/api/v1/stream*", lambda route: route.abort())
    desk.page.reload()
    desk.page.wait_for_selector("[data-test=lost]")
    case = receive(server)
    desk.page.unroute("**/api/v1/stream*")
    desk.page.wait_for_selector("[data-test=lost]", state="detached")
    later = receive(server)
    desk.page.wait_for_selector(f"[data-case='{later}']")
    assert desk.page.query_selector(f"[data-case='{case}']") is not None
    desk.context.close()


@built
@pytest.mark.browser
@has_axe
def test_nothing_serious_for_axe(server: str, browser: Any) -> None:
    case = receive(server)
    desk = Person(browser, server, "desk")
    found: list[str] = []
    for dark in ("0", "1"):
        desk.page.evaluate(f"localStorage.setItem('desk.dark', '{dark}')")
        for path, ready in (
            ("/desk/", "[data-test=waiting] li"),
            ("/desk/cases", "[data-test=cases] tr"),
            (f"/desk/cases/{case}", "[data-test=timeline] li"),
        ):
            desk.page.goto(server + path)
            desk.page.wait_for_selector(ready)
            found += desk.serious()
        desk.page.click("[data-action=file]")
        desk.page.wait_for_selector("[data-test=confirm]")
        found += desk.serious()
    desk.page.keyboard.press("Escape")
    desk.page.wait_for_selector("[data-test=confirm]", state="detached")
    desk.page.click(".account")
    desk.page.click("text=退出登录")
    desk.page.wait_for_selector("#username")
    found += desk.serious()
    assert found == []
    desk.context.close()
