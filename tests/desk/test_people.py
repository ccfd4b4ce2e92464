"""Organisations, accounts, posts and tokens in the console, each by the post it belongs to."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.desk.hands import Person, built, has_axe

pytestmark = [built, pytest.mark.browser]


def choose(page: Any, field: str, words: str) -> None:
    """Pick an option of a searchable select by what it says."""
    page.click(f".el-select:has({field})")
    if page.get_attribute(field, "readonly") is None:
        page.keyboard.type(words)
    page.click(f".el-select-dropdown__item:visible:has-text('{words}') >> nth=0")


def test_an_account_from_birth_to_its_end(server: str, browser: Any) -> None:
    security = Person(browser, server, "secadmin")
    page = security.page
    page.goto(f"{server}/desk/settings/accounts")
    page.wait_for_selector("[data-test=accounts]")
    page.click("[data-test=new-account]")
    page.fill("#account-name", "王芳")
    page.fill("#account-username", "wang fang")
    choose(page, "#new-post-role", "受理员")
    choose(page, "#new-post-org", "车岭镇综治中心")
    page.click("[data-test=create-account]")
    page.wait_for_selector(".el-form-item__error")  # the name has a blank; nothing typed is lost
    assert page.input_value("#account-name") == "王芳"
    page.fill("#account-username", "wang.fang")
    page.click("[data-test=create-account]")
    page.wait_for_selector("[data-test=secret]")
    password = page.inner_text("[data-test=secret]")
    assert len(password) >= 16
    page.click("[data-test=kept]")
    page.wait_for_selector("[data-test=account]:has-text('wang.fang')")
    assert password not in page.content()
    assert "受理员" in page.inner_text("[data-test=posts]")

    # Five wrong passwords lock it; the table says so, and the lock can be ended.
    for _ in range(5):
        wrong = json.dumps({"username": "wang.fang", "password": "x"}).encode()
        request = urllib.request.Request(
            f"{server}/api/v1/session", wrong, {"Content-Type": "application/json"}
        )
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(request, timeout=10)
    page.reload()
    page.wait_for_selector("[data-account='wang.fang']:has-text('已锁定')")
    page.click("[data-test=unlock]")
    page.wait_for_selector("[data-test=unlock]", state="detached")

    page.click("[data-test=add-post]")
    choose(page, "#post-role", "核查员")
    choose(page, "#post-org", "车岭镇综治中心")
    page.click("[data-test=save-post]")
    page.wait_for_selector("[data-test=posts] li:has-text('核查员')")
    page.click("[data-test=end-post] >> nth=0")
    page.click(".el-message-box .el-button--primary")
    page.wait_for_function("() => document.querySelectorAll('[data-test=posts] li').length === 1")
    page.click("[data-test=switch-off]")
    page.click(".el-message-box .el-button--primary")
    page.wait_for_selector("[data-test=switch-on]")
    assert security.broken == []
    security.context.close()


def test_first_accounts_are_all_or_nothing(server: str, browser: Any) -> None:
    security = Person(browser, server, "secadmin")
    page = security.page
    page.goto(f"{server}/desk/settings/accounts")
    page.click("[data-test=first-accounts]")
    choose(page, "#batch-org", "百丈镇综治中心")
    page.fill("#batch-rows", "li.na，李娜，受理员\ndesk，重名，派遣员")
    page.click("[data-test=create-all]")
    page.wait_for_selector("[data-test=slips]")
    assert "第 2 行" in page.inner_text("[data-test=slips]")
    page.fill("#batch-rows", "li.na，李娜，受理员\nzhao.lei\t赵磊\tDispatcher")
    page.click("[data-test=create-all]")
    page.wait_for_selector("[data-test=welcomed] tbody tr >> nth=1")
    page.click("[data-test=kept]")
    page.wait_for_selector("[data-account='zhao.lei']")
    security.context.close()


def test_a_token_is_shown_once_and_can_be_revoked(server: str, browser: Any) -> None:
    security = Person(browser, server, "secadmin")
    page = security.page
    page.goto(f"{server}/desk/settings/tokens")
    page.click("[data-test=issue]")
    page.wait_for_selector("#token-post")
    page.fill("#token-name", "热线对接")
    choose(page, "#token-post", "李雯")
    page.click("[data-test=issue-token]")
    page.wait_for_selector(".el-form-item__error")  # no scope chosen yet
    page.click("[data-test=scopes] .el-checkbox:has([value='case.read'])")
    page.click("[data-test=issue-token]")
    page.wait_for_selector("[data-test=secret]")
    text = page.inner_text("[data-test=secret]")
    page.click("[data-test=kept]")
    page.wait_for_selector("[data-test=tokens] tr:has-text('热线对接')")
    assert text not in page.content()
    asked = urllib.request.Request(
        f"{server}/api/v1/cases?limit=1", headers={"Authorization": f"Bearer {text}"}
    )
    urllib.request.urlopen(asked, timeout=10).close()
    page.click("tr:has-text('热线对接') [data-test=revoke]")
    page.click(".el-message-box .el-button--primary")
    page.wait_for_selector("[data-test=tokens] tr:has-text('热线对接')", state="detached")
    assert security.broken == []
    security.context.close()


def test_an_organisation_and_who_may(server: str, browser: Any) -> None:
    system = Person(browser, server, "sysadmin")
    page = system.page
    page.goto(f"{server}/desk/settings/organisations")
    page.wait_for_selector("[data-test=organisations]")
    page.click("[data-test=new-organisation]")
    page.fill("#org-name", "茶园应急队")
    page.fill("#org-code", "tea team")
    page.click("[data-test=save]")
    page.wait_for_selector(".el-form-item__error")
    page.fill("#org-code", "tea-team")
    page.click("[data-test=save]")
    page.wait_for_selector("[data-test=organisation]:has-text('tea-team')")
    page.click("[data-test=close]")
    page.click("[data-test=confirm-close]:not(:disabled)")
    page.wait_for_selector("[data-test=reopen]")
    page.keyboard.press("Escape")
    page.fill("[data-test=find] input, input[data-test=find]", "名山区综合治理")
    page.click("[data-test=organisations] .open >> nth=0")
    page.wait_for_selector("[data-test=staff] li")
    page.click("[data-test=close]")
    page.wait_for_selector("[data-test=dependents]")
    assert page.is_disabled("[data-test=confirm-close]")
    # The three administrators are separate: no accounts and tokens for this one.
    page.goto(f"{server}/desk/settings/accounts")
    page.wait_for_url(f"{server}/desk/")
    system.context.close()

    audit = Person(browser, server, "audit")
    for path, test in (("accounts", "new-account"), ("tokens", "issue")):
        audit.page.goto(f"{server}/desk/settings/{path}")
        audit.page.wait_for_selector(f"[data-test={path}]")
        assert audit.page.locator(f"[data-test={test}]").count() == 0
    audit.context.close()


@has_axe
def test_nothing_serious_for_axe(server: str, browser: Any) -> None:
    security = Person(browser, server, "secadmin")
    page = security.page
    found: list[str] = []
    for dark in ("0", "1"):
        page.evaluate(f"localStorage.setItem('desk.dark', '{dark}')")
        for path, ready, then in (
            ("organisations", "[data-test=organisations]", "[data-test=organisations] .open"),
            ("accounts", "[data-test=accounts]", "[data-account=desk] .open"),
            ("tokens", "[data-test=tokens]", "[data-test=issue]"),
        ):
            page.goto(f"{server}/desk/settings/{path}")
            page.wait_for_selector(ready)
            found += security.serious()
            page.click(f"{then} >> nth=0")
            page.wait_for_selector("[data-test=staff], [data-test=posts], #token-post")
            found += security.serious()
    assert found == []
    security.context.close()
