"""What was said in any order gives the same time on duty."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mengding.duty.book import Limit, Mark, Span, spans

START = datetime(2026, 11, 30, tzinfo=UTC)
LONGEST = timedelta(hours=12)
NOW = START + timedelta(days=3)
times = st.integers(0, 3 * 24 * 4 - 1).map(lambda quarter: START + timedelta(minutes=15 * quarter))
said = st.lists(st.tuples(times, st.booleans()), max_size=14, unique=True)


def limit(mark: Mark) -> Limit:
    return Limit(mark.at + LONGEST, "longest")


def marks(pairs: list[tuple[datetime, bool]]) -> list[Mark]:
    return [Mark(at, on, key=number) for number, (at, on) in enumerate(pairs)]


def times_of(found: list[Span]) -> list[tuple[datetime, datetime | None]]:
    return [(span.start.at, span.end) for span in found]


def on_duty(pairs: list[tuple[datetime, bool]], at: datetime) -> bool:
    """The rule in other words, instant by instant: the last word counts, for 12 hours at most
    since the first "on" that counted."""
    since: datetime | None = None
    for moment, on in sorted(pairs, key=lambda pair: (pair[0], not pair[1])):
        if moment > at:
            break
        if since is not None and since + LONGEST <= moment:
            since = None
        if on and since is None:
            since = moment
        elif not on:
            since = None
    return since is not None and at < since + LONGEST


@given(said)
def test_as_the_rule_says(pairs: list[tuple[datetime, bool]]) -> None:
    found = spans(marks(pairs), limit, NOW)
    for quarter in range(3 * 24 * 4):
        at = START + timedelta(minutes=15 * quarter)
        inside = any(a <= at and (b is None or at < b) for a, b in times_of(found))
        assert inside == on_duty(pairs, at), at


@given(said, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    pairs: list[tuple[datetime, bool]], dice: object
) -> None:
    at_once = spans(marks(pairs), limit, NOW)
    arrived: list[Mark] = []
    found: list[Span] = []
    shuffled = marks(pairs)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    for mark in shuffled:
        arrived.append(mark)
        found = spans(arrived, limit, NOW, owned={span.start.at for span in found})
    assert times_of(found) == times_of(at_once)


@given(said)
def test_spans_are_apart_and_end_for_a_reason(pairs: list[tuple[datetime, bool]]) -> None:
    found = spans(marks(pairs), limit, NOW)
    for span in found:
        assert span.end is None or span.start.at <= span.end <= span.limit.at
        assert (span.end is None) == (span.by == "")
        assert (span.off is not None) == (span.by == "worker")
    for one, following in pairwise(found):
        assert one.end is not None
        assert one.end <= following.start.at


def test_two_that_others_refer_to_stay_two() -> None:
    """A limit that reaches further back in time than the one found first."""
    eight, thirteen = START + timedelta(hours=8), START + timedelta(hours=13)

    def uneven(mark: Mark) -> Limit:
        short = mark.at == eight
        return Limit(mark.at + timedelta(hours=4 if short else 12), "shift" if short else "longest")

    first = spans([Mark(eight, True), Mark(thirteen, True, key=1)], uneven, NOW)
    assert len(first) == 2
    earlier = Mark(eight - timedelta(minutes=1), True, key=2)
    again = spans(
        [Mark(eight, True), Mark(thirteen, True, key=1), earlier],
        uneven,
        NOW,
        owned={span.start.at for span in first},
    )
    assert times_of(again)[0] == (earlier.at, thirteen)
    assert again[0].by == "next"
    assert again[1].start.at == thirteen
