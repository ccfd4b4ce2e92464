"""Templates of briefings: blocks added, moved, corrected and saved; the briefing made from them."""

import json
from typing import Any

import pytest

from mengding.cases.stages import Stage
from tests.desk.hands import Person, built, database, has_axe


@built
@has_axe
@pytest.mark.browser
def test_a_changed_template_changes_the_briefing(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    from mengding.briefings import actions
    from mengding.cases.tests.made import case_at
    from mengding.core.actor import SYSTEM

    with database(django_db_blocker):
        actions.install_default(SYSTEM)
        case_at(Stage.CLOSED)
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/numbers/briefings")
    page.click("[data-test=arrange]")
    page.click("[data-template=day] a")
    page.wait_for_selector("[data-test=preview] [data-test=briefing]")
    blocks = page.locator("[data-test=blocks] > li")
    before = blocks.count()
    assert boss.serious() == []
    # A new block, empty: what is wrong is said at it.
    page.click("[data-test=add]")
    page.click("[data-add=text]")
    assert blocks.count() == before + 1
    added = blocks.nth(before)
    added.locator(".problem").wait_for()
    added.locator("textarea").fill("本期")
    added.locator("textarea").press("End")
    added.locator("[data-holder=district]").click()
    assert added.locator("textarea").input_value() == "本期{district}"
    added.locator(".problem").wait_for(state="detached")
    # Up to the top: with the keyboard, then with the button.
    added.locator("[data-handle]").focus()
    for _ in range(before - 1):
        page.keyboard.press("Alt+ArrowUp")
    page.wait_for_selector("[data-test=blocks] > li:nth-child(2) textarea")
    blocks.nth(1).locator("[data-test=up]").click()
    page.wait_for_selector("[data-test=blocks] > li:nth-child(1) textarea")
    blocks.nth(before).locator("[data-test=remove]").click()  # the last table
    page.wait_for_selector("[data-test=preview] p.words:has-text('本期名山区')")
    page.click("[data-test=save]")
    page.wait_for_selector(
        "[data-test=versions] > li:has-text('加了第 1 段：文字“本期{district}”')"
    )
    page.wait_for_selector("[data-test=versions] > li:has-text('删了原第')")
    page.wait_for_selector("[data-test=save].is-disabled:not(.is-loading)")
    for said in ("已删去", "已保存"):  # both have faded out
        page.wait_for_selector(f".el-message:has-text('{said}')", state="detached")
    assert boss.serious() == []
    with page.expect_download() as loading:
        page.click("[data-test=export]")
    given = json.loads(loading.value.path().read_text("utf-8"))
    assert given["sections"][0] == {"block": "text", "text": "本期{district}"}
    # The briefing made from it has the words, and not the table.
    page.goto(f"{server}/desk/numbers/briefings")
    page.click("[data-test=make]")
    page.click("[data-test=make-it]")
    page.wait_for_selector("[data-test=briefing] p.words:has-text('本期名山区')")
    assert page.locator("[data-test=briefing] table").count() == 1
    # The first version is brought back and saved as a third.
    page.goto(f"{server}/desk/numbers/briefings/templates/day")
    page.click("[data-restore='1']")
    page.click("[data-test=save]")
    page.wait_for_selector("[data-test=versions] > li:nth-child(3)")
    assert blocks.count() == before
    # What is no template is refused, and nothing is lost.
    page.set_input_files(
        "[data-test=import]",
        {"name": "x.json", "mimeType": "application/json", "buffer": b"[1]"},
    )
    page.wait_for_selector(".top .problem")
    assert blocks.count() == before
    boss.leave()


@built
@pytest.mark.browser
def test_unsaved_blocks_survive_and_overwrite_nobody(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    from mengding.briefings import actions, queries
    from mengding.core.actor import SYSTEM

    with database(django_db_blocker):
        actions.install_default(SYSTEM)
        held = queries.template("month")
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/numbers/briefings")
    page.click("[data-test=arrange]")
    page.click("[data-template=month] a")
    page.fill("[data-test=title]", "我的标题")
    with database(django_db_blocker):  # a colleague is faster
        theirs = {"code": "month", "kind": "month", "name": "同事的", "spec": held.spec}
        actions.save_template(SYSTEM, **theirs, version=held.version)
    page.click("button.language")
    page.wait_for_selector(f"[data-test=versions] [data-restore='{held.version + 1}']")
    assert page.input_value("[data-test=title]") == "我的标题"
    page.click("[data-test=save]")
    page.wait_for_selector(".top .problem")
    with database(django_db_blocker):
        assert queries.template("month").name == "同事的"
    # Neither the way back, a version nor a file takes them away without a question.
    for press in (
        lambda: page.click("header a.icon-button"),
        lambda: page.click(f"[data-restore='{held.version}']"),
        lambda: page.set_input_files(
            "[data-test=import]",
            {
                "name": "x.json", "mimeType": "application/json",
                "buffer": json.dumps(held.spec).encode(),
            },
        ),
    ):  # fmt: skip
        press()
        page.click(".el-message-box__btns button:not(.el-button--primary)")
        page.wait_for_selector(".el-message-box", state="hidden")
        assert page.input_value("[data-test=title]") == "我的标题"
    page.click(f"[data-restore='{held.version + 1}']")
    page.click(".el-message-box__btns .el-button--primary")
    page.wait_for_selector("[data-test=save].is-disabled")
    # From there on it is saved after the colleague's.
    page.fill("[data-test=title]", "一起的标题")
    page.click("[data-test=save]")
    page.wait_for_selector(f"[data-test=versions] [data-restore='{held.version + 2}']")
    page.wait_for_selector("[data-test=save].is-disabled:not(.is-loading)")
    boss.leave()


@built
@pytest.mark.browser
def test_what_changed_while_it_was_read_is_read_again_before_it_is_signed(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    from mengding.briefings import actions
    from mengding.briefings.models import Briefing
    from mengding.cases.tests.made import who
    from mengding.core.actor import SYSTEM
    from mengding.regions.models import Region

    with database(django_db_blocker):
        actions.install_default(SYSTEM)
        here = Region.objects.get(code="511803").pk
        row = actions.make(who("supervise"), template="week", region=here)
    boss = Person(browser, server, "review")
    page = boss.page
    page.goto(f"{server}/desk/numbers/briefings?id={row.pk}")
    page.click("[data-test=sign]")
    page.wait_for_selector(".el-message-box__btns")
    with database(django_db_blocker):
        actions.remark(who("supervise"), row.pk, text="另有说明。")
    page.click(".el-message-box__btns .el-button--primary")
    page.wait_for_selector(".el-message:has-text('请重新阅读后签发')")
    page.wait_for_selector("[data-test=briefing] p:has-text('另有说明。')")
    with database(django_db_blocker):
        assert Briefing.objects.get(pk=row.pk).status == "draft"
    page.click("[data-test=sign]")
    page.click(".el-message-box__btns .el-button--primary")
    page.wait_for_selector(".el-message:has-text('已签发')")
    boss.leave()


@built
@pytest.mark.browser
def test_the_system_administrator_edits_templates_too(
    server: str, browser: Any, django_db_blocker: Any
) -> None:
    """Who may change a template is shown what its numbers are called, and sees no number."""
    from mengding.briefings import actions
    from mengding.core.actor import SYSTEM

    with database(django_db_blocker):
        actions.install_default(SYSTEM)
    admin = Person(browser, server, "sysadmin")
    page = admin.page
    page.goto(f"{server}/desk/numbers/briefings/templates/day")
    page.wait_for_selector("[data-test=blocks] > li")
    assert page.locator("[role=alert]").count() == 0
    admin.leave()
