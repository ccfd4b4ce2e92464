"""Sentences say what the numbers say, and no number that is not among them."""

import random
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mengding.briefings.findings import Numbers, Part, change, findings, moved, rate_moved
from mengding.core.text import T
from mengding.indicators.measures import Value

NAMES = {
    "in_time_rate": T("按时处置率", "Handled in time"),
    "rework_rate": T("返工率", "Reworked"),
    "satisfied_rate": T("满意率", "Satisfied"),
}


def part(name: str, now: int, before: int = 0, overdue: int = 0) -> Part:
    return Part(
        T(name, name),
        {"received": Value(now), "overdue": Value(overdue)},
        {"received": Value(before)},
    )


def test_a_month_counted_by_hand() -> None:
    of = Numbers(
        NAMES,
        now={
            "received": Value(115), "closed": Value(90), "open": Value(40),
            "in_time_rate": Value(83, 90), "overdue": Value(6),
        },
        before={"received": Value(100), "in_time_rate": Value(88, 100)},
        towns=[part("车岭镇", 60), part("百丈镇", 55)],
        orgs=[part("水利局", 0, overdue=2), part("执法局", 0, overdue=4)],
        classes=[part("路灯", 30, 10), part("井盖", 20, 19)],
    )  # fmt: skip
    assert [each.zh for each in findings(of)] == [
        "本期上报 115 件，比上期增加 15 件（15.0%）；结案 90 件；期末在办 40 件。",
        "按时处置率 92.2%（83/90），比上期提高 4.2 个百分点。",
        "超时待处置 6 件，其中执法局 4 件、水利局 2 件。",
        "上报较多的乡镇街道：车岭镇 60 件、百丈镇 55 件。",
        "上报较多的类别：路灯 30 件、井盖 20 件。",
        "“路灯”由上期 10 件增至 30 件，超出随机波动的通常范围。",
    ]
    assert findings(of)[0].en.startswith("115 cases were reported, 15 more than before (15.0%)")


def test_small_numbers_get_no_percent() -> None:
    assert change(4, 2).zh == "比上期增加 2 件"
    assert change(2, 2).zh == "与上期持平"


def test_rates_without_anything_before() -> None:
    assert moved(0.5, None).zh == "上期没有可比的案件"
    assert moved(0.5, 0.51).zh == "与上期（51.0%）基本持平"


def test_a_rate_is_compared_once_nearly_all_is_due() -> None:
    def now(not_due: int) -> dict[str, Value]:
        return {"in_time_rate": Value(83, 100), "not_due": Value(not_due)}

    before = {"in_time_rate": Value(90, 100)}
    assert rate_moved("in_time_rate", now(3), before).zh == "尚有未到期的，不与上期比较"
    assert rate_moved("in_time_rate", now(2), before).zh == "比上期下降 7.0 个百分点"
    assert rate_moved("in_time_rate", before, now(3)).zh == "尚有未到期的，不与上期比较"
    called = {"satisfied_rate": Value(9, 10), "not_due": Value(3)}  # nothing that could ripen
    assert rate_moved("satisfied_rate", called, called).zh == "与上期（90.0%）基本持平"


def most(*towns: int, classes: Sequence[tuple[int, int]] = (), share: float = 0.5) -> list[str]:
    """What is said of towns and classes with so many cases, beside the flow."""
    of = Numbers(
        NAMES, {}, {}, [part("甲乙丙丁戊"[n], now) for n, now in enumerate(towns)], [],
        [part(f"类{n}", *each) for n, each in enumerate(classes)], share=share,
    )  # fmt: skip
    return [each.zh for each in findings(of)[2:]]


@pytest.mark.parametrize(
    ("towns", "who"),
    [
        ((1, 1, 1, 1, 1), None),
        ((2, 2), None),
        ((2, 1), "甲 2 件、乙 1 件"),
        ((1, 5, 3, 3, 3), "乙 5 件"),
        ((3, 5, 3, 1), "乙 5 件、甲 3 件、丙 3 件"),
        ((4, 4, 4, 4, 1), None),
    ],
)
def test_no_list_ends_among_equals(towns: tuple[int, ...], who: str | None) -> None:
    assert most(*towns) == ([f"上报较多的乡镇街道：{who}。"] if who else [])


def test_overdue_with_many_alike_names_none_of_them() -> None:
    of = Numbers(NAMES, {"overdue": Value(4)}, {}, [], [part(n, 0, 0, 1) for n in "甲乙丙丁"], [])
    assert findings(of)[1].zh == "超时待处置 4 件。"


def risen(said: list[str]) -> bool:
    return any("随机波动" in each for each in said)


def test_a_rise_is_one_that_chance_hardly_brings() -> None:
    # P(X ≥ 21 of 28, a half each) = 0.0063, P(X ≥ 20) = 0.018.
    assert risen(most(classes=[(21, 7)]))
    assert not risen(most(classes=[(20, 8)]))
    assert not risen(most(classes=[(21, 7), (3, 3)]))  # two looked at: half the level for each
    assert risen(most(classes=[(21, 7), (0, 0)]))
    assert not risen(most(classes=[(21, 7)], share=31 / 59))  # after a February


def test_of_equal_rates_one_briefing_in_a_hundred_speaks_of_a_rise() -> None:
    chance = random.Random(7)

    def count() -> int:  # of a Poisson with a mean of 25
        n, left = 0, chance.expovariate(1)
        while left < 25:
            n, left = n + 1, left + chance.expovariate(1)
        return n

    told = sum(risen(most(classes=[(count(), count()) for _ in range(12)])) for _ in range(500))
    assert told <= 10


def test_nothing_happened() -> None:
    of = Numbers(NAMES, {}, {}, [], [], [])
    assert [each.zh for each in findings(of)] == [
        "本期上报 0 件，与上期持平；结案 0 件；期末在办 0 件。",
        "没有超时待处置的案件。",
    ]


COUNT = st.integers(0, 500)
PARTS = st.lists(
    st.builds(
        lambda n, a, b, o: part(f"镇{chr(65 + n)}", a, b, o),
        st.integers(0, 20),
        COUNT,
        COUNT,
        COUNT,
    ),
    max_size=6,
)


@given(received=COUNT, before=COUNT, share=st.tuples(COUNT, COUNT), towns=PARTS, orgs=PARTS)
def test_every_number_said_is_one_that_was_given(
    received: int, before: int, share: tuple[int, int], towns: list[Part], orgs: list[Part]
) -> None:
    n, of = min(share), max(share)
    numbers = Numbers(
        NAMES,
        {
            "received": Value(received), "closed": Value(n), "open": Value(of),
            "in_time_rate": Value(n, of),
            "overdue": Value(sum(each.now["overdue"].n for each in orgs)),
        },
        {"received": Value(before), "in_time_rate": Value(of, of)},
        towns, orgs, [],
    )  # fmt: skip
    known = {received, before, abs(received - before), n, of, numbers.now["overdue"].n}
    known |= {number.n for each in (*towns, *orgs) for number in each.now.values()}
    said = " ".join(each.zh for each in findings(numbers))
    plain = re.sub(r"[\d.]+(%| 个百分点)", "", said)
    assert {int(found) for found in re.findall(r"\d+", plain)} <= known
    shares = [n / of if of else 0, abs(received - before) / before if before else 0, 1]
    for found in re.findall(r"([\d.]+)%", said):
        assert any(abs(float(found) - 100 * each) < 0.06 for each in shares)
