"""Verification at the console: compare, close, send back; rechecks by another; random draws."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from tests.desk.hands import Person, built, database, has_axe

pytestmark = [built, pytest.mark.browser]


def picture(colour: str) -> io.BytesIO:
    from PIL import Image

    made = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(made, "JPEG")
    made.seek(0)
    return made


@pytest.fixture
def do(server: str, django_db_blocker: Any) -> Callable[[str], Any]:
    """Cases made in the server's own database, by what they wait for."""
    from mengding.cases.stages import Stage
    from mengding.cases.tests.made import LEAD_ACTOR, case_at, disputed_case, who
    from mengding.evidence import actions as evidence
    from mengding.evidence.models import Purpose

    def make(what: str) -> Any:
        with database(django_db_blocker):
            if what == "disputed":
                return disputed_case()
            case = case_at(Stage(what))
            if what == "fed_back":
                for by, purpose, colour in (
                    ("desk", Purpose.BEFORE, "#804020"),
                    (LEAD_ACTOR, Purpose.AFTER, "#208040"),
                ):
                    evidence.attach(
                        who(by), "case", case.pk, picture(colour), purpose, name="a.jpg"
                    )
            return case

    return make


def lay(person: Person, case: int, tab: str = "") -> None:
    person.page.goto(f"{person.base}/desk/checking{tab}")
    person.page.click(f"[data-case='{case}']")
    person.page.wait_for_selector("[data-test=look]")


def stage_of(case: Any, django_db_blocker: Any) -> str:
    with database(django_db_blocker):
        case.refresh_from_db()
    return str(case.stage)


def test_compare_then_close_or_send_back(
    server: str, browser: Any, do: Callable[[str], Any], django_db_blocker: Any
) -> None:
    good, bad = do("fed_back"), do("fed_back")
    verifier = Person(browser, server, "verify")
    lay(verifier, good.pk)
    page = verifier.page
    page.wait_for_selector("[data-test=compare]")
    assert page.input_value("[data-test=slider]") == "50"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.input_value("[data-test=slider]") == "60"
    page.keyboard.press("z")
    page.wait_for_selector("[data-test=zoom]:has-text('2×')")
    page.keyboard.press("v")
    assert page.locator("[data-test=compare] figure").count() == 2
    page.keyboard.press("c")
    page.keyboard.type("现场核查，井盖平稳。")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(f"[data-case='{good.pk}']", state="detached")
    assert stage_of(good, django_db_blocker) == "closed"

    page.click(f"[data-case='{bad.pk}']")
    page.wait_for_selector(f"[data-case='{bad.pk}'][aria-current=true]")
    page.wait_for_selector("[data-test=bad]")
    page.keyboard.press("r")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#verdict-wrong:has-text('请填写')")
    page.keyboard.type("仍有松动。")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(f"[data-case='{bad.pk}']", state="detached")
    assert stage_of(bad, django_db_blocker) == "handling"
    assert verifier.broken == []
    verifier.context.close()


def test_dissatisfied_goes_to_another_verifier(
    server: str, browser: Any, do: Callable[[str], Any], django_db_blocker: Any
) -> None:
    closed = do("closed")
    desk = Person(browser, server, "desk")
    desk.open(str(closed.pk))
    desk.page.click("[data-action=call_back]")
    desk.page.click("label:has-text('不满意')")
    desk.page.fill("#field-note", "井盖还是响")
    desk.page.click("[data-test=confirm]")
    desk.page.wait_for_selector("[data-test=timeline] li:has-text('回访')")
    desk.context.close()

    first = Person(browser, server, "verify")
    first.page.goto(f"{server}/desk/checking?tab=recheck")
    first.page.wait_for_selector("text=没有等待您复核的案件")
    first.context.close()

    other = Person(browser, server, "recheck")
    lay(other, closed.pk, "?tab=recheck")
    told = other.page.inner_text("[data-test=why-again]")
    assert "井盖还是响" in told
    assert "周静" in told
    other.page.keyboard.press("r")
    other.page.keyboard.type("复核属实，仍有松动。")
    other.page.keyboard.press("Control+Enter")
    other.page.wait_for_selector(f"[data-case='{closed.pk}']", state="detached")
    assert stage_of(closed, django_db_blocker) == "filed"
    assert other.broken == []
    other.context.close()


def test_a_draw_and_its_progress(
    server: str, browser: Any, do: Callable[[str], Any], django_db_blocker: Any
) -> None:
    from mengding.cases.models import Recheck

    for _ in range(3):
        do("closed")
    boss = Person(browser, server, "supervise")
    page = boss.page
    page.goto(f"{server}/desk/checking")
    page.click("[data-test=draw]")
    page.fill("#draw-size", "2")
    page.click("[data-test=draw-now]")
    page.wait_for_selector("[data-draw] >> text=2 件")
    page.wait_for_selector("text=已复核 0/2")
    seed = page.inner_text("aside .hex >> nth=0")
    assert len(seed) == 64
    with database(django_db_blocker):
        task = Recheck.objects.filter(draw__seed=seed).earliest("pk")
    boss.context.close()

    other = Person(browser, server, "recheck")
    lay(other, task.case_id, "?tab=recheck")
    other.page.keyboard.press("c")
    other.page.keyboard.type("抽查属实。")
    other.page.keyboard.press("Control+Enter")
    other.page.wait_for_selector(f"[data-case='{task.case_id}']", state="detached")
    other.page.click("[data-tab=draws]")
    other.page.wait_for_selector("text=已复核 1/2（50%）")
    assert other.broken == []
    other.context.close()


@has_axe
def test_nothing_serious_for_axe(server: str, browser: Any, do: Callable[[str], Any]) -> None:
    case, disputed = do("fed_back"), do("disputed")
    person = Person(browser, server, "recheck")
    found: list[str] = []
    for dark in ("0", "1"):
        person.page.evaluate(f"localStorage.setItem('desk.dark', '{dark}')")
        lay(person, case.pk)
        person.page.wait_for_selector("[data-test=compare]")
        found += person.serious()
        person.page.keyboard.press("c")
        found += person.serious()
        lay(person, disputed.pk, "?tab=recheck")
        found += person.serious()
        person.page.click("[data-tab=draws]")
        person.page.wait_for_selector("[data-draw]")
        person.page.click("[data-draw]")
        person.page.wait_for_selector("aside .hex")
        found += person.serious()
    assert found == []
    person.context.close()
    boss = Person(browser, server, "supervise")
    boss.page.goto(f"{server}/desk/checking")
    boss.page.click("[data-test=draw]")
    boss.page.wait_for_selector("[data-test=draw-now]")
    assert boss.serious() == []
    boss.context.close()
