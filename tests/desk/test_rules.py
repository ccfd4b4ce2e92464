"""Catalogue, calendar and routing rules, as a district's administrator keeps them."""

import json
import urllib.request
from typing import Any

import pytest

from tests.desk.hands import Person, built, has_axe, receive

SETTINGS = "/desk/settings"


def api(server: str, who: str, method: str, path: str, body: Any = None) -> Any:
    """One call by the machine of a demo account."""
    from mengding.demo.secrets import token

    request = urllib.request.Request(
        f"{server}/api/v1{path}",
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {token(who)}", "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read() or b"null")


class Admin(Person):
    """The system administrator, who sees settings and no cases."""

    def __init__(self, browser: Any, base: str) -> None:
        super().__init__(browser, base, "sysadmin")

    def go(self, path: str, ready: str) -> None:
        self.page.goto(f"{self.base}{SETTINGS}/{path}")
        self.page.wait_for_selector(ready)

    def choose(self, field: str, words: str) -> None:
        """Pick the first offer of a searching list."""
        # The list before has gone, or its offer would be taken for one of this list.
        self.page.wait_for_function(
            "() => ![...document.querySelectorAll('.el-select-dropdown__item')]"
            ".some(each => each.checkVisibility())"
        )
        self.page.click(field)
        self.page.keyboard.type(words)
        self.page.click(f".el-select-dropdown__item:visible:has-text('{words}')")

    def yes(self) -> None:
        self.page.click(".el-message-box__btns .el-button--primary")

    def told(self, words: str) -> None:
        self.page.wait_for_selector(f".el-message:has-text('{words}')")


@pytest.fixture
def admin(server: str, browser: Any) -> Any:
    person = Admin(browser, server)
    yield person
    assert person.broken == []
    person.context.close()


@built
@pytest.mark.browser
def test_a_limit_from_draft_to_force(server: str, admin: Admin) -> None:
    page = admin.page
    admin.go("catalogue?c=C0102", "[data-test=class]")
    page.fill("[data-test=find-class]", "自来水井盖")
    page.click("[data-class=C0101]")
    page.wait_for_selector("[data-test=class] h2:has-text('C0101')")
    page.click("[data-test=edit-class]")  # what is in force cannot be edited: a draft is offered
    page.fill("#name-version", "2026.1")
    page.click("[data-test=name-confirm]")
    page.wait_for_selector("text=已有版本 2026.1")
    page.fill("#name-version", "2099.7")
    page.click("[data-test=name-confirm]")
    page.wait_for_selector("[data-test=class-form]")
    page.fill("#class-zh", "")
    page.fill("#way-0-amount", "6")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".el-form-item__error:has-text('名称')")
    assert page.input_value("#way-0-amount") == "6"  # nothing typed is lost
    page.fill("#class-zh", "自来水井盖")
    page.keyboard.press("Control+Enter")
    admin.told("C0101 已存入草稿")
    # From the version in force the way leads to the draft as it is, not to a copy of the old text.
    admin.go("catalogue?c=C0101", "[data-test=class] h2:has-text('上水井盖')")
    page.click("[data-test=edit-class]")
    page.wait_for_selector("[data-test=class-form]")
    assert page.input_value("#class-zh") == "自来水井盖"
    page.click("[data-test=to-review]")
    review = page.wait_for_selector("[data-test=review]").inner_text()
    assert "2099.7 与启用中的 2026.1 相比" in review
    assert "上水井盖" in review
    assert "2 紧急小时" in review
    assert "6 紧急小时" in review
    page.click("[data-test=publish]")
    admin.yes()
    admin.told("2099.7 已启用")
    found = api(server, "grid", "GET", "/catalogue/classes/C0101")
    assert (found["version"], found["zh"]) == ("2099.7", "自来水井盖")
    assert found["conditions"][0]["limit_amount"] == 6
    old = next(
        each
        for each in api(server, "sysadmin", "GET", "/catalogue/versions")["items"]
        if each["version"] == "2026.1"
    )
    assert old["status"] == "retired"
    api(server, "sysadmin", "POST", f"/catalogue/versions/{old['id']}/publish")


@built
@pytest.mark.browser
def test_a_faulty_file_is_explained_line_by_line(admin: Admin) -> None:
    page = admin.page
    admin.go("catalogue", "[data-test=class]")
    page.set_input_files(
        "[data-test=import]",
        {"name": "x.json", "mimeType": "application/json", "buffer": b'{"format": "other"}'},
    )
    page.wait_for_selector("[data-test=file-problems] li:nth-child(3)")
    assert "格式应为 mengding-catalogue/1" in page.inner_text("[data-test=file-problems]")


@built
@pytest.mark.browser
def test_a_day_off_and_what_it_does_to_a_limit(server: str, admin: Admin) -> None:
    page = admin.page
    admin.go("calendars", "[data-test=due]")
    assert "2027" in page.inner_text("[data-test=warning]")  # its holidays are not known yet
    page.click("[aria-label=下一年]")
    page.wait_for_selector("[data-date='2027-01-04']")
    page.fill("[data-test=try-due] input[type=datetime-local]", "2027-01-01T17:30")
    page.wait_for_selector("[data-test=due]:has-text('2027-01-04 17:30')")
    # By keyboard, from the Friday to the Monday.
    page.focus("[data-date='2027-01-01']")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    assert "1月4日" in page.inner_text("[data-test=overrides]")
    page.wait_for_selector("[data-test=due]:has-text('2027-01-05 17:30')")  # by the edited one
    page.click("text=撤销")
    page.wait_for_selector("[data-test=due]:has-text('2027-01-04 17:30')")
    page.click("[data-date='2027-02-08']")
    page.click("[data-date='2027-02-10']", modifiers=["Shift"])
    page.click("[data-test=publish-calendar]")
    assert "3 天改变" in page.inner_text(".el-message-box")
    admin.yes()
    admin.told("工作日历第 2 版已启用")
    spec = api(server, "grid", "GET", "/calendars/active")["calendar"]["spec"]
    assert spec["overrides"] == {f"2027-02-{n:02}": False for n in (8, 9, 10)}


@built
@pytest.mark.browser
def test_a_rule_from_idea_to_force(server: str, browser: Any, admin: Admin) -> None:
    case = receive(server)  # a street lamp, to its default department
    page = admin.page
    admin.go("routing", "[data-test=rules] li")
    page.keyboard.press("a")
    page.fill("#rule-name", "路灯由水利局处置")
    page.click("[data-add=class_codes]")
    page.click("[data-test=rule-done]")
    page.wait_for_selector(".el-form-item__error:has-text('请选择')")
    admin.choose(".el-select:has(#rule-class_codes)", "C0137")
    page.click(".el-dialog__title")
    admin.choose(".el-select:has(#rule-department)", "水利局")
    page.click("[data-test=rule-done]")
    page.wait_for_selector("[data-test=state].saved")
    first = "[data-test=rules] li:first-child"
    assert "当类别路灯" in page.inner_text(f"{first} .sentence")
    # The made-up case says who takes it, and the list shows where.
    admin.choose(
        ".el-select[data-test=try-class], [data-test=try-class] .el-select__wrapper", "C0137"
    )
    page.wait_for_selector(f"{first}.taker")
    assert "水利局" in page.inner_text("[data-test=tried]")
    # The new rule is the chosen one: move it down and up again by keyboard.
    page.keyboard.press("Escape")
    page.click(".rules .bar")
    page.keyboard.press("Shift+J")
    page.wait_for_selector("[data-test=rules] li:nth-child(2):has-text('路灯由水利局处置')")
    page.keyboard.press("Shift+K")
    page.wait_for_selector(f"{first}:has-text('路灯由水利局处置')")
    page.click("[data-test=to-dry-run]")
    page.wait_for_selector("[data-test=headline] b:has-text('1')")
    page.click("[data-test=which]")
    assert f"#{case}" in page.inner_text(".samples")
    assert page.query_selector(".samples a") is None  # the administrator opens no cases
    page.click("[data-test=publish-rules]")
    admin.yes()
    admin.told("已启用")
    tried = {"facts": {"class_code": "C0137", "default_department": "municipal"}}
    assert api(server, "dispatch", "POST", "/routing/try", tried)["department"] == "water"
    # A dispatcher reads, opens the very case, and changes nothing.
    reader = Person(browser, server, "dispatch")
    reader.page.goto(f"{server}{SETTINGS}/routing?v=1&review=1")
    reader.page.click("[data-test=which]")
    assert reader.page.query_selector("[data-test=publish-rules]") is None
    reader.page.click(f".samples a:has-text('#{case}')")
    reader.page.wait_for_selector("[data-test=timeline] li")
    reader.context.close()
    # Back to the version before, through a draft and the same dry run.
    page.goto(f"{server}{SETTINGS}/routing?v=1")
    page.click("[data-test=restore]")
    page.wait_for_selector("[data-test=headline] b:has-text('1')")
    page.click("[data-test=publish-rules]")
    admin.yes()
    admin.told("已启用")
    assert api(server, "dispatch", "POST", "/routing/try", tried)["rule"] is None


@built
@pytest.mark.browser
def test_what_is_wrong_stays_unsaved_and_marked(server: str, admin: Admin) -> None:
    """Two people on one draft: the later is told, and nothing is overwritten."""
    page = admin.page
    admin.go("routing", "[data-test=rules] li")
    mine = api(server, "sysadmin", "GET", "/routing/rule-sets?limit=1")["items"][0]
    rules = api(server, "sysadmin", "GET", f"/routing/rule-sets/{mine['version']}")["rules"]
    api(server, "sysadmin", "PUT", "/routing/draft", {"rules": rules})
    page.click("[data-test=rules] li:first-child .el-switch")
    page.wait_for_selector("[data-test=state].lost")
    page.click("[data-test=state] button")
    page.wait_for_selector("[data-test=versions]:has-text('草稿')")
    page.click("[data-test=rules] li:first-child .el-switch")
    page.wait_for_selector("[data-test=state].saved")
    page.click("[aria-label=更多]")
    page.click("text=丢弃草稿")
    admin.yes()
    admin.told("草稿已丢弃")


@built
@pytest.mark.browser
@has_axe
def test_nothing_serious_for_axe(server: str, admin: Admin) -> None:
    page = admin.page
    made = api(server, "sysadmin", "POST", "/catalogue/drafts", {"version": "2099.8"})
    found: list[str] = []
    for dark in ("0", "1"):
        page.evaluate(f"localStorage.setItem('desk.dark', '{dark}')")
        for path, ready in (
            ("catalogue", "[data-test=class]"),
            (f"catalogue?v={made['id']}&review=1", "[data-test=review]"),
            ("calendars", "[data-test=due]"),
            ("routing", "[data-test=rules] li"),
            ("routing?review=1", "[data-test=dry-run]"),
        ):
            admin.go(path, ready)
            found += [f"{path} {each}" for each in admin.serious()]
        admin.go("routing", "[data-test=rules] li")
        page.click("[data-test=add-rule]")
        page.wait_for_selector("[data-test=rule-form]")
        found += [f"rule {each}" for each in admin.serious()]
        admin.go(f"catalogue?v={made['id']}", "[data-test=class]")
        page.click("[data-test=edit-class]")
        page.wait_for_selector("[data-test=class-form]")
        found += [f"class {each}" for each in admin.serious()]
    assert found == [], "\n".join(found)


@built
@pytest.mark.browser
def test_publishing_a_catalogue_names_the_rules_it_breaks(server: str, admin: Admin) -> None:
    made = api(server, "sysadmin", "POST", "/catalogue/drafts", {"version": "2099.9"})
    page = admin.page
    admin.go(f"catalogue?v={made['id']}&c=E0301", "[data-test=class] h2:has-text('E0301')")
    page.click("[data-test=class] button.danger")
    admin.yes()
    admin.told("E0301 已从草稿移除")
    page.click("[data-test=to-review]")
    page.wait_for_selector("[data-test=broken-rules]:has-text('夜间施工扰民由区级执法')")
    page.click("[aria-label=更多]")
    page.click("text=丢弃草稿")
    admin.yes()
    admin.told("草稿已丢弃")
    page.wait_for_selector("[data-test=versions]:has-text('启用中')")
