"""The rules as properties, and a month counted by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mengding.core.errors import Invalid
from mengding.scores.rules import (
    SHIPPED,
    Handed,
    Part,
    Piece,
    Rules,
    Why,
    Work,
    document,
    evaluate,
    parse,
    percent,
)

DUE = datetime(2026, 11, 10, 10, tzinfo=UTC)
KINDS = ("hazard", "key_place", "legal")
minutes = st.integers(-600, 600)
# Months are large inputs, and the machine may be busy.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def pieces(draw: st.DrawFn) -> tuple[Piece, ...]:
    found = []
    for number in range(draw(st.integers(0, 8))):
        away = draw(st.none() | minutes)
        done = None if away is None else DUE + timedelta(minutes=away)
        found.append(
            Piece(
                task=number,
                kind=draw(st.sampled_from(KINDS)),
                day=date(2026, 11, 10),
                due_at=DUE,
                done_at=done,
                received_at=None
                if done is None
                else done + timedelta(hours=draw(st.integers(0, 99))),
                event=None if done is None else 1000 + number,
                why=tuple(draw(st.lists(st.sampled_from([w.value for w in Why]), max_size=2))),
            )
        )
    return tuple(found)


handed = st.lists(
    st.builds(Handed, st.integers(1, 9), st.integers(1, 9), st.none() | st.integers(1, 9)),
    max_size=5,
).map(tuple)
works = st.builds(Work, pieces(), handed, st.just(("511803", "511803102")))
rule_sets = st.builds(
    Rules,
    st.just(1),
    st.builds(
        lambda a, b, c: {Part.COMPLETION: a, Part.TIMELINESS: b, Part.QUALITY: c},
        st.integers(1, 100),
        st.integers(0, 100),
        st.integers(0, 100),
    ),
    st.dictionaries(st.sampled_from(KINDS), st.fractions(0, 10, max_denominator=10)),
    st.dictionaries(
        st.sampled_from(["511803", "511803102"]), st.fractions(1, 3, max_denominator=10)
    ),
)


def tenths(rules: Rules, work: Work) -> int:
    """Nothing to look at stands above everything: nobody loses by it."""
    found = evaluate(rules, work).tenths
    return 1001 if found is None else found


@patient
@given(rule_sets, works)
def test_between_nought_and_a_hundred(rules: Rules, work: Work) -> None:
    found = evaluate(rules, work)
    assert found.tenths is None or 0 <= found.tenths <= 1000
    assert found.steps
    for part in found.parts:
        assert 0 <= part.good <= part.of
        assert part.count_good <= part.count


@patient
@given(rule_sets, works, st.sampled_from([w.value for w in Why]), st.data())
def test_no_exclusion_ever_lowers_it(
    rules: Rules, work: Work, why: str, data: st.DataObject
) -> None:
    """Leave, closed areas, days off and granted appeals only help, whichever tasks they touch."""
    touched = data.draw(st.sets(st.integers(0, 8)))
    eased = replace(
        work,
        pieces=tuple(
            replace(p, why=(*p.why, why)) if p.task in touched else p for p in work.pieces
        ),
    )
    assert tenths(rules, eased) >= tenths(rules, work)


@patient
@given(rule_sets, works, st.integers(0, 10_000))
def test_time_without_signal_changes_nothing(rules: Rules, work: Work, hours: int) -> None:
    late = replace(
        work,
        pieces=tuple(
            replace(p, received_at=p.done_at + timedelta(hours=hours)) if p.done_at else p
            for p in work.pieces
        ),
    )
    assert evaluate(rules, late) == evaluate(rules, work)


@patient
@given(rule_sets, works, st.randoms(use_true_random=False))
def test_the_order_does_not_matter(rules: Rules, work: Work, dice: Random) -> None:
    mixed, given_in = list(work.pieces), list(work.handed)
    dice.shuffle(mixed)
    dice.shuffle(given_in)
    other = replace(work, pieces=tuple(mixed), handed=tuple(given_in))
    assert evaluate(rules, other) == evaluate(rules, work)


@patient
@given(rule_sets, works, st.data())
def test_doing_more_in_time_never_lowers_it(rules: Rules, work: Work, data: st.DataObject) -> None:
    undone = [p.task for p in work.pieces if p.done_at is None]
    if not undone:
        return
    one = data.draw(st.sampled_from(undone))
    more = replace(
        work,
        pieces=tuple(replace(p, done_at=DUE) if p.task == one else p for p in work.pieces),
    )
    before, after = evaluate(rules, work), evaluate(rules, more)
    by = {part.part: part for part in after.parts}
    for part in before.parts:
        if part.value is not None:
            now = by[part.part].value
            assert now is not None
            assert now >= part.value


@patient
@given(rule_sets, works, st.fractions(1, 3, max_denominator=10))
def test_a_harder_area_never_lowers_it(rules: Rules, work: Work, factor: Fraction) -> None:
    plain = replace(rules, factors={})
    hard = replace(rules, factors={"511803102": factor})
    assert tenths(hard, work) >= tenths(plain, work)


@patient
@given(rule_sets)
def test_rules_survive_their_document(rules: Rules) -> None:
    kinds = {k: Fraction(round(v * 100), 100) for k, v in rules.kinds.items()}
    factors = {k: Fraction(round(v * 100), 100) for k, v in rules.factors.items()}
    exact = replace(rules, kinds=kinds, factors=factors)
    assert parse(1, document(exact)) == exact


def piece(task: int, kind: str, away: int | None, *why: str) -> Piece:
    done = None if away is None else DUE + timedelta(minutes=away)
    return Piece(
        task, kind, date(2026, 11, 10), DUE, done, done, None if done is None else task, why
    )


def test_a_month_counted_by_hand() -> None:
    """Ten tasks. Weights: inspections 2, the others 1.

    1–4 hazards in time, 5 a hazard late, 6 a hazard missed, 7 an inspection in time,
    8 an inspection missed, 9 missed on leave, 10 done late while the road was closed.
    Completion: done 1–5, 10 (6×1) and 7 (2) = 8 of due 1–8, 10: 7×1 + 2×2 = 11.
    Timeliness: of done without the excused late one: 1–4 and 7 = 6 of 5×1 + 2 = 7.
    Quality: 3 of 4.
    (50×8/11 + 30×6/7 + 20×3/4) / 100 = 0.770779… ; factor 1.25: 1 − 0.229220…/1.25 = 0.816623…
    """
    rules = Rules(
        3,
        {Part.COMPLETION: 50, Part.TIMELINESS: 30, Part.QUALITY: 20},
        {"key_place": Fraction(2)},
        {"511803102": Fraction(5, 4), "511803": Fraction(1)},
    )
    work = Work(
        (
            *(piece(n, "hazard", -30) for n in (1, 2, 3, 4)),
            piece(5, "hazard", 60),
            piece(6, "hazard", None),
            piece(7, "key_place", 0),
            piece(8, "key_place", None),
            piece(9, "hazard", None, "leave"),
            piece(10, "hazard", 90, "closure"),
        ),
        (Handed(1, 11), Handed(2, 12), Handed(3, 13), Handed(4, 14, returned=15)),
        ("511803", "511803102", "511803102201"),
    )
    found = evaluate(rules, work)
    completion, timeliness, quality = found.parts
    assert completion.value == Fraction(8, 11)
    assert completion.lacking == (6, 8)
    assert timeliness.value == Fraction(6, 7)
    assert timeliness.lacking == (5,)
    assert quality.value == Fraction(3, 4)
    assert quality.lacking == (4,)
    assert found.mean == (50 * Fraction(8, 11) + 30 * Fraction(6, 7) + 15) / 100
    assert found.value == "81.7"
    assert found.excluded == ((9, ("leave",)), (10, ("closure",)))
    said = " ".join(step.zh for step in found.steps)
    for words in (
        "请假：1 件不计",
        "应办 9 件，办了 7 件",
        "6 件中，5 件在时限内",
        "1.25",
        "81.7 分",
    ):
        assert words in said


def test_nothing_due_is_no_number() -> None:
    found = evaluate(SHIPPED, Work((piece(1, "hazard", None, "leave"),)))
    assert found.tenths is None
    assert found.value is None
    assert "不作评价" in found.steps[-1].zh


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"weights": {"completion": 0}}, "weights.completion"),
        ({"weights": {"completion": 50, "quality": -1}}, "weights.quality"),
        ({"weights": {"completion": True}}, "weights.completion"),
        ({"weights": {"completion": 1}, "kinds": {"hazard": "x"}}, "kinds.hazard"),
        ({"weights": {"completion": 1}, "factors": {"5118": 0.5}}, "factors.5118"),
        ({"weights": {"completion": 1}, "factors": {"5118": 1.005}}, "factors.5118"),
    ],
)
def test_a_mistake_names_its_field(said: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(1, said)
    assert refused.value.field == field


def test_rounding_is_half_up() -> None:
    assert percent(Fraction(1, 2000)) == "0.1%"
    assert percent(Fraction(1)) == "100.0%"
