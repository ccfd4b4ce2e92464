"""What a day brings beside the straight way: returned, reworked, merged, extended, interrupted."""

from typing import Any

import pytest

from tests.desk.conftest import Served
from tests.desk.hands import Person, built, call, carry, receive

pytestmark = [built, pytest.mark.browser]


def railing(server: str, words: str = "河边护栏断了。", **contact: str) -> str:
    """A case that goes to the water bureau."""
    return receive(server, words, "C0507", **contact)


def test_returned_and_sent_elsewhere(server: str, browser: Any) -> None:
    """The handler gives it back with a reason, the supervisor agrees, it goes to the right one."""
    case = railing(server)
    carry(server, case, "file", "dispatch")
    handler, supervisor = Person(browser, server, "water"), Person(browser, server, "supervise")
    handler.open(case)
    handler.do("accept")
    handler.wait_stage("处置中")
    handler.do("request_return", reason="该段护栏不属水利，请改派。")
    supervisor.open(case)
    assert "该段护栏不属水利" in supervisor.page.inner_text("main")
    supervisor.do("grant")
    supervisor.wait_stage("已立案")
    supervisor.page.wait_for_selector("[data-test=timeline] li:has-text('同意退回')")
    dispatcher = Person(browser, server, "dispatch")
    dispatcher.open(case)
    dispatcher.page.click("[data-action=dispatch]")
    dispatcher.page.wait_for_selector("[data-test=confirm]")
    dispatcher.page.click("#field-lead_org_id")
    dispatcher.page.keyboard.type("综合行政执法局")
    dispatcher.page.click(".el-select-dropdown__item:visible:has-text('综合行政执法局')")
    dispatcher.page.click("[data-test=confirm]")
    dispatcher.wait_stage("已派遣")
    for person in (handler, supervisor, dispatcher):
        person.leave()


def test_reworked_until_it_is_right(server: str, browser: Any) -> None:
    case = railing(server)
    carry(server, case, "file", "dispatch", "accept", "feed_back")
    verifier, handler = Person(browser, server, "verify"), Person(browser, server, "water")
    verifier.open(case)
    verifier.do("start_check")
    verifier.wait_stage("核查中")
    verifier.do("rework", reason="到现场看过，护栏仍松动。")
    verifier.wait_stage("处置中")
    handler.open(case)
    assert "到现场看过，护栏仍松动。" in handler.page.inner_text("main")
    handler.do("feed_back", report="已重新焊接。")
    handler.wait_stage("已反馈")
    verifier.wait_stage("已反馈", 3)
    verifier.do("start_check")
    verifier.wait_stage("核查中")
    verifier.do("close", finding="护栏稳固。")
    verifier.page.wait_for_selector("[data-test=timeline] li:has-text('结案（已解决）')")
    verifier.leave()
    handler.leave()


def test_merged_into_the_first(server: str, browser: Any) -> None:
    """Two reports of one thing become one case; both reporters are on it."""
    first, second = railing(server), railing(server, "还是河边那段护栏，请修。")
    desk = Person(browser, server, "desk")
    desk.open(second)
    desk.do("merge", into_id=first)
    desk.page.wait_for_selector("[data-test=timeline] li:has-text('并入另一案件')")
    desk.open(first)
    assert "还是河边那段护栏，请修。" in desk.page.inner_text("main")
    desk.page.wait_for_selector("[data-test=timeline] li:has-text('并入了另一案件')")
    desk.leave()


def test_more_time_on_request(server: str, browser: Any) -> None:
    case = railing(server)
    carry(server, case, "file", "dispatch", "accept")
    handler, supervisor = Person(browser, server, "water"), Person(browser, server, "supervise")
    handler.open(case)
    handler.do("request_extension", reason="配件明日到货。")
    supervisor.open(case)
    supervisor.do("grant")
    handler.page.wait_for_selector("[data-test=timeline] li:has-text('同意延期')", timeout=3000)
    handler.leave()
    supervisor.leave()


# Every page on which a post meets cases, and what it asks the server for.
PAGES = {
    "": "/cases/counts",
    "cases": "/api/v1/cases?",
    "board": "/api/v1/cases?",
    "phone": "/catalogue/classes",
    "checking": "/api/v1/rechecks",
    "approvals": "/api/v1/approvals",
}
POSTS = {
    "desk": ("", "cases", "board", "phone", "approvals"),
    "dispatch": ("", "cases", "board", "phone", "approvals"),
    "water": ("", "cases", "board", "approvals"),
    "verify": ("", "cases", "board", "checking"),
    "supervise": ("", "cases", "board", "phone", "approvals"),
}


@pytest.mark.parametrize("username", POSTS)
def test_nobody_reads_a_number_the_post_may_not_see(
    server: str, browser: Any, username: str
) -> None:
    """No page and no answer of the server holds the contact data, whoever looks at what."""
    case = railing(server, phone="13987654321", name="郭晓燕")
    carry(server, case, "file", "dispatch", "accept")
    call(server, "water", f"/cases/{case}/request_extension", {"amount": 1, "reason": "等配件。"})
    person = Person(browser, server, username)
    person.open(case)
    may_ask = username not in ("dispatch", "verify")
    assert ("查看联系方式" in person.page.inner_text("main")) is may_ask
    for path in POSTS[username]:
        with person.page.expect_response(lambda answer, part=PAGES[path]: part in answer.url):
            person.page.goto(f"{server}/desk/{path}")
        person.page.wait_for_selector("main h1")
        assert "13987654321" not in person.page.content()
    person.page.goto(f"{server}/screen")
    person.page.wait_for_selector("[data-test=newest]")
    assert "河边护栏断了" not in person.page.content()  # the wall shows no words either
    assert len(person.answers) > 5
    for words in person.answers:
        assert "13987654321" not in words
        assert "郭晓燕" not in words
    person.leave()


def test_a_look_at_contact_data_is_found_by_the_auditor(server: str, browser: Any) -> None:
    case = railing(server, phone="13987654321")
    desk = Person(browser, server, "desk")
    desk.open(case)
    desk.page.click("text=查看联系方式")
    desk.page.fill("#purpose", "回访")
    desk.page.click("text=查看并留痕")
    desk.page.wait_for_selector("text=13987654321")
    auditor = Person(browser, server, "audit")
    auditor.page.goto(f"{server}/desk/settings/audit")
    auditor.page.click("[data-quick=contact]")
    row = auditor.page.wait_for_selector(f"[data-event]:has-text('#{case}')").inner_text()
    assert "李雯" in row
    assert "查看联系方式" in row
    assert "13987654321" not in auditor.page.content()
    desk.leave()
    auditor.leave()


def test_a_mediator_keeps_it_between_them(server: str, browser: Any) -> None:
    """A dispute is taken in and filed by the mediator, and nobody else finds it."""
    mediator = Person(browser, server, "mediate")
    page = mediator.page
    page.keyboard.press("n")
    page.fill("#new-description", "兄弟俩为宅基地边界争执，请求调解。")
    page.click("#new-class")
    page.keyboard.type("婚姻家庭纠纷")
    page.click(".el-select-dropdown__item:visible:has-text('婚姻家庭纠纷')")
    page.click("#new-region")
    page.keyboard.type("车岭镇")
    page.click(".el-select-dropdown__item:visible:has-text('车岭镇')")
    page.click("[data-test=take-in]")
    page.wait_for_selector("[data-test=stage-line]")
    case = page.url.rsplit("/", 1)[1]
    page.wait_for_selector("text=保密")
    page.click("[data-action=file]")
    page.wait_for_selector("[data-test=confirm]")
    page.click(".el-dialog .el-radio >> nth=0")
    page.click("[data-test=confirm]")
    mediator.wait_stage("已立案")
    for username in ("dispatch", "desk", "supervise", "verify"):
        other = Person(browser, server, username)
        other.page.goto(f"{server}/desk/cases/{case}")
        other.page.wait_for_selector("[role=alert]")
        assert "宅基地" not in other.page.content()
        assert not any("宅基地" in words for words in other.answers)
        other.leave()
    mediator.leave()


def test_a_grid_worker_looks_before_it_is_filed(server: str, browser: Any) -> None:
    """核实: the desk asks, the grid worker goes and reports, the desk files."""
    case = str(
        call(
            server,
            "desk",
            "/reports",
            {
                "description": "河边护栏好像松了。",
                "class_code": "C0507",
                "region_code": "511803102201",
            },
        )["case_id"]
    )
    desk, grid = Person(browser, server, "desk"), Person(browser, server, "grid")
    desk.open(case)
    desk.do("request_check", note="请到现场看一下。")
    desk.wait_stage("核实中")
    grid.page.wait_for_selector(f"[data-test=waiting] a[href$='/cases/{case}']")
    grid.open(case)
    grid.do("report_check", finding="两根立柱松动，需要加固。")
    desk.wait_stage("受理", 5)
    assert "两根立柱松动" in desk.page.inner_text("[data-test=timeline]")
    desk.leave()
    grid.leave()


def test_the_server_restarts(served: Served, browser: Any) -> None:
    """The page says so, comes back by itself, and shows what happened meanwhile exactly once."""
    desk = Person(browser, served.base, "desk")
    desk.page.goto(f"{served.base}/desk/cases?sort=-reported_at")
    desk.page.wait_for_selector("[data-test=cases]")
    served.stop()
    desk.page.wait_for_selector("[data-test=lost]")
    served.start()
    case = railing(served.base)
    desk.page.wait_for_selector("[data-test=lost]", state="detached")
    desk.page.wait_for_selector(f"[data-case='{case}']")
    assert desk.page.locator(f"[data-case='{case}']").count() == 1
    desk.leave()
