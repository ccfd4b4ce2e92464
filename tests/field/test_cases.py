"""Handling on the phone: without a signal, against what happened meanwhile, and as it looks."""

import gzip
import re
from typing import Any

import pytest

from tests.desk.hands import call, has_axe
from tests.field.hands import PHONE, WEB, Worker, digest, photo

built = pytest.mark.skipif(
    not (WEB / "dist" / "field.html").exists(), reason="the app is not built (no Node.js)"
)
pytestmark = [pytest.mark.browser, built]


def dispatched(server: str, words: str) -> int:
    """A case that was sent to the water bureau just now."""
    said = {"description": words, "class_code": "C0507", "lon": 103.0281, "lat": 30.1502}
    case = int(call(server, "desk", "/reports", said)["case_id"])
    call(server, "desk", f"/cases/{case}/file", {"condition_code": "C0507-1"})
    orgs = call(server, "dispatch", "/organisations?limit=200")["items"]
    water = next(each["id"] for each in orgs if each["code"] == "dept-water")
    call(server, "dispatch", f"/cases/{case}/dispatch", {"lead_org_id": water})
    return case


def stage(server: str, case: int) -> str:
    return str(call(server, "desk", f"/cases/{case}")["stage"])


def at_case(worker: Worker, case: int) -> None:
    worker.go(f"cases/{case}", "[data-test=stage]")


def test_accept_arrive_and_feed_back_without_a_network(browser: Any, server: str) -> None:
    case = dispatched(server, "泵站铁门坏了。")
    worker = Worker(browser.new_context(**PHONE), server)
    worker.sign_in("water")
    worker.go("cases?list=accept", f"[data-case='{case}']")
    at_case(worker, case)
    worker.offline()
    worker.page.reload()
    worker.page.wait_for_selector("[data-test=stage]")
    href = worker.page.get_attribute("[data-test=navigate]", "href")
    assert href is not None
    assert re.match(r"geo:30\.\d+,103\.\d+\?q=", href)
    worker.page.tap("[data-action=accept]")
    worker.page.tap("[data-action=arrive]")
    worker.page.tap("[data-action=feed_back]")
    worker.page.wait_for_selector("[data-test=sheet-feed_back]")
    before, after = photo(40 + case), photo(41 + case)
    worker.shoot(before, "camera-before")
    worker.shoot(after, "camera-after")
    worker.page.fill("#verb-report", "已更换门轴，开关正常。")
    worker.page.tap("[data-test=submit]")
    worker.page.wait_for_function(
        "() => document.querySelectorAll('[data-test=pending] article').length === 3"
    )
    worker.go("cases?list=done", f"[data-case='{case}'] [data-test=unsent]")  # as it will be
    assert stage(server, case) == "dispatched"

    worker.offline(False)
    worker.wait_sent()
    assert stage(server, case) == "fed_back"
    story = call(server, "desk", f"/cases/{case}/timeline")["items"]
    done = [each["action"] for each in story]
    for verb in ("accept", "arrive", "feed_back"):
        assert done.count(f"case.{verb}") == 1, verb
    shown = call(server, "desk", f"/evidence?subject_kind=case&subject_id={case}")["items"]
    assert {each["purpose"]: each["sha256"] for each in shown} == {
        "before": digest(before),
        "after": digest(after),
    }
    worker.leave()


def test_a_conflict_is_shown_side_by_side_and_a_refusal_keeps_the_words(
    browser: Any, server: str
) -> None:
    soft, hard = dispatched(server, "水闸漏水。"), dispatched(server, "渠道堵塞。")
    for case in (soft, hard):
        call(server, "water", f"/cases/{case}/accept", {})
    worker = Worker(browser.new_context(**PHONE), server)
    worker.sign_in("water")
    for case in (soft, hard):
        at_case(worker, case)
    worker.offline()
    for case in (soft, hard):
        at_case(worker, case)
        worker.page.tap("[data-test=more]")
        worker.page.tap("[data-action=request_extension]")
        worker.page.wait_for_selector("[data-test=sheet-request_extension]")
        worker.page.fill("#verb-amount", "1")
        worker.page.fill("#verb-reason", f"等配件，案件 {case}。")
        worker.page.tap("[data-test=submit]")
        worker.page.wait_for_selector("[data-test=pending] article")
    call(server, "desk", f"/cases/{soft}/reply", {"text": "正在处理。"})  # another change
    call(server, "water", f"/cases/{hard}/feed_back", {"report": "已疏通。"})  # it is over
    worker.offline(False)
    worker.go("outbox", "[data-state=needs]")
    worker.page.wait_for_function(
        "() => document.querySelectorAll('[data-state=needs]').length === 2"
    )

    sides = worker.page.inner_text("[data-test=conflict]")
    assert f"等配件，案件 {soft}。" in sides
    assert "现在的情况" in sides
    refused = worker.page.locator("[data-state=needs]").filter(has=worker.page.locator(
        "[data-test=again]"
    ))  # fmt: skip
    assert refused.count() == 1
    worker.page.tap("[data-test=still]")  # the person says: all the same
    worker.page.wait_for_function(
        "() => document.querySelectorAll('[data-state=needs]').length === 1"
    )
    worker.page.tap("[data-test=edit]")  # what was refused opens with its words
    worker.page.wait_for_selector("[data-test=sheet-request_extension]")
    assert worker.page.input_value("#verb-reason") == f"等配件，案件 {hard}。"
    worker.go("outbox", "[data-state=needs]")
    worker.page.tap("[data-test=discard]")
    worker.page.tap("[data-test=discard-yes] >> visible=true")
    worker.wait_sent()
    asked = call(server, "water", f"/cases/{soft}")["approvals"]
    assert [each["kind"] for each in asked] == ["extension"]
    assert stage(server, hard) == "fed_back"
    worker.leave()


def test_done_on_the_spot_and_the_check_on_the_phone(browser: Any, server: str) -> None:
    worker = Worker(browser.new_context(**PHONE), server)
    worker.sign_in("grid")
    worker.warm()
    worker.offline()
    worker.go("report", "[data-test=camera-report]")
    words = "井盖松动，已垫好。"
    worker.page.fill("#report-words", words)
    worker.page.wait_for_selector("[data-chip][aria-pressed=true]")  # suggested from the words
    worker.page.tap("[data-test=self]")
    worker.page.tap("[data-chip][aria-pressed=true]")
    worker.page.tap("[data-test=send]")  # the server would refuse it: said here already
    worker.page.wait_for_selector("[data-test=wrong]:has-text('类别')")
    worker.page.tap("[data-chip] >> nth=0")
    worker.page.tap("[data-test=send]")
    worker.page.wait_for_selector("[data-test=wrong]")  # what was done, and a photo of it
    worker.shoot(photo(70), "camera-after")
    worker.page.fill("[data-test=done]", "加了垫圈，过车不响了。")
    worker.page.tap("[data-test=send]")
    worker.page.wait_for_selector("[data-test=today-outbox]")
    worker.offline(False)
    worker.wait_sent()
    (entry,) = worker.writes()
    case = int(entry["answer"]["case_id"])
    assert stage(server, case) == "fed_back"
    worker.leave()

    checker = Worker(browser.new_context(**PHONE), server)
    checker.sign_in("verify")
    at_case(checker, case)
    checker.page.tap("[data-action=start_check]")
    checker.page.wait_for_selector("[data-action=close]")
    checker.page.tap("[data-action=close]")
    checker.page.wait_for_selector("[data-test=sheet-close]")
    checker.shoot(photo(71), "camera-check")
    checker.page.fill("#verb-finding", "井盖平稳。")
    checker.page.tap("[data-test=submit]")
    checker.page.wait_for_selector("[data-test=sheet-close]", state="detached")
    checker.wait_sent()
    assert stage(server, case) == "closed"
    shown = call(server, "desk", f"/evidence?subject_kind=case&subject_id={case}")["items"]
    assert {each["purpose"] for each in shown} == {"after", "check"}
    checker.leave()


@has_axe
@pytest.mark.parametrize("width", [390, 360])
def test_pages_are_readable_reachable_and_keep_to_the_screen(
    browser: Any, server: str, width: int
) -> None:
    case = dispatched(server, "一段很长很长的描述，" * 12)
    look = {**PHONE, "viewport": {"width": width, "height": 844 if width == 390 else 740}}
    worker = Worker(browser.new_context(**look), server)
    worker.go("", "#username")
    found = {"sign-in": worker.serious()}
    worker.sign_in("water" if width == 390 else "grid")
    pages = {"": "[data-test=today]", "cases": "[data-test=rows], [data-test=empty]",
             "me": "[data-test=sign-out]", "outbox": "[data-test=outbox-empty]"}  # fmt: skip
    if width == 390:
        pages[f"cases/{case}"] = "[data-test=stage]"
    else:
        pages["report"] = "[data-test=camera-report]"
    for size, dark in (("1", "0"), ("3", "1")):
        worker.page.evaluate(
            "([size, dark]) => { localStorage.setItem('desk.size', size);"
            " localStorage.setItem('desk.dark', dark); }",
            [size, dark],
        )
        for path, ready in pages.items():
            worker.go(path, ready)
            found[f"{path} {size}"] = worker.serious()
            assert worker.small_targets() == [], path
            assert worker.spills() <= 0, (path, size)
    bad = {name: said for name, said in found.items() if said}
    assert bad == {}, bad
    worker.leave()


def test_the_first_load_is_small() -> None:
    """What field.html names, compressed."""
    page = (WEB / "dist" / "field.html").read_text("utf-8")
    names = re.findall(r'(?:src|href)="/desk/(assets/[^"]+)"', page)
    total = sum(len(gzip.compress((WEB / "dist" / name).read_bytes())) for name in names)
    print(f"\nfirst load of /field/: {total / 1000:.0f} kB in {len(names)} files")
    assert names
    assert total < 200_000
    worker = (WEB / "dist" / "field" / "sw.js").read_text("utf-8")
    for name in names:
        assert name in worker, name  # all of it is there without a network
    assert not re.search(r"maplibre|element-plus", worker)


def test_a_demand_is_seen_and_answered_without_a_network(browser: Any, server: str) -> None:
    case = dispatched(server, "水泵异响。")
    call(server, "water", f"/cases/{case}/accept", {})
    call(server, "supervise", f"/cases/{case}/supervise", {"demand": "今日内说明进度。"})
    worker = Worker(browser.new_context(**PHONE), server)
    worker.sign_in("water")
    page = worker.page
    page.wait_for_selector("[data-test=demands-mine]")
    at_case(worker, case)
    worker.offline()
    worker.go("", "[data-test=demands-mine] a")  # Today says that an answer is awaited
    at_case(worker, case)
    assert "今日内说明进度。" in page.inner_text("[data-demand]")
    page.tap("[data-test=demand-answer]")
    page.fill("#demand-text", "已排查")
    page.wait_for_timeout(500)
    page.reload()  # what was typed is kept
    page.tap("[data-test=demand-answer]")
    page.wait_for_function("() => document.querySelector('#demand-text').value === '已排查'")
    page.fill("#demand-text", "已排查，今晚更换轴承。")
    page.tap("[data-test=demand-send]")
    page.wait_for_selector("[data-test=demand-said]")
    assert page.locator("[data-test=demand-answer]").count() == 0
    worker.go("", "[data-test=today-outbox]")
    page.wait_for_selector("[data-test=demands-mine]", state="detached")
    worker.offline(False)
    worker.wait_sent()
    (demand,) = call(server, "supervise", f"/supervision/demands?case={case}")["items"]
    assert demand["status"] == "answered"
    assert demand["turns"][-1]["words"] == "已排查，今晚更换轴承。"
    worker.go(f"cases/{case}", "[data-demand][data-status=answered]")
    worker.leave()


def test_an_answer_that_comes_too_late_keeps_its_words(browser: Any, server: str) -> None:
    case = dispatched(server, "闸门锈死。")
    call(server, "water", f"/cases/{case}/accept", {})
    call(server, "supervise", f"/cases/{case}/supervise", {"demand": "说明原因。"})
    (demand,) = call(server, "water", f"/supervision/demands?case={case}")["items"]
    worker = Worker(browser.new_context(**PHONE), server)
    worker.sign_in("water")
    page = worker.page
    at_case(worker, case)
    worker.offline()
    page.tap("[data-test=demand-answer]")
    page.fill("#demand-text", "锈蚀严重，已报修。")
    page.tap("[data-test=demand-send]")
    page.wait_for_selector("[data-test=demand-said]")
    call(server, "supervise", f"/supervision/demands/{demand['id']}/withdraw", {"reason": "误发"})
    worker.offline(False)
    worker.go("outbox", "[data-state=needs]")
    assert "督办" in page.inner_text("[data-state=needs] .why")  # why, in words
    page.tap("[data-test=edit]")
    page.wait_for_selector("[data-test=demand-sheet]")
    assert page.input_value("#demand-text") == "锈蚀严重，已报修。"
    worker.leave()
