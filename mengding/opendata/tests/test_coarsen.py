"""No small count, alone or as a difference, and no place that few share."""

from collections import Counter
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from mengding.opendata.coarsen import guarded, spots
from mengding.regions.cells import cell

COUNTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 30), max_size=8)


def test_one_gap_is_never_alone() -> None:
    found = guarded({"a": 3, "b": 9, "c": 20}, 5)
    assert found.counts == {"a": None, "b": None, "c": 20}
    assert found.total == 32


def test_gaps_that_are_small_together_get_company() -> None:
    assert guarded({"a": 1, "b": 2, "c": 7, "d": 0}, 5).counts == {
        **dict.fromkeys("abc"),
        "d": 0,
    }


def test_where_nothing_else_helps_the_total_goes() -> None:
    found = guarded({"a": 3, "b": 0}, 5)
    assert (found.counts, found.total) == ({"a": None, "b": 0}, None)


def test_nothing_small_nothing_left_out() -> None:
    found = guarded({"a": 5, "b": 0, "c": 8}, 5)
    assert (found.counts, found.total) == ({"a": 5, "b": 0, "c": 8}, 13)


@given(counts=COUNTS, threshold=st.integers(2, 10))
def test_no_small_count_can_be_read_or_computed(counts: dict[str, int], threshold: int) -> None:
    found = guarded(counts, threshold)
    shown = {key: n for key, n in found.counts.items() if n is not None}
    assert all(shown[key] == counts[key] for key in shown)
    assert all(n == 0 or n >= threshold for n in shown.values())
    hidden = [counts[key] for key in counts if key not in shown]
    if hidden and found.total is not None:
        # The total tells the sum of the gaps, and nothing smaller.
        assert len(hidden) > 1
        assert sum(hidden) >= threshold
    if found.total is None:
        assert 0 < sum(counts.values()) < threshold or len(hidden) == len(
            [n for n in counts.values() if n]
        )


@given(counts=COUNTS, threshold=st.integers(2, 10))
def test_no_more_is_left_out_than_needed(counts: dict[str, int], threshold: int) -> None:
    """The gaps besides the small counts are the fewest possible."""
    found = guarded(counts, threshold)
    small = {key for key, n in counts.items() if 0 < n < threshold}
    hidden = {key for key, n in found.counts.items() if n is None}
    assert small <= hidden
    others = [n for key, n in counts.items() if n >= threshold]
    if not small:
        assert not hidden
        return
    for size in range(len(hidden - small)):
        for some in combinations(others, size):
            gaps = [counts[key] for key in small] + list(some)
            assert len(gaps) < 2 or sum(gaps) < threshold


PLACES = st.lists(
    st.one_of(
        st.none(),
        st.tuples(st.floats(103.0, 103.4), st.floats(29.9, 30.3)).map(lambda p: cell(*p)),
    ),
    max_size=40,
)


@given(cells=PLACES, threshold=st.integers(2, 8), finest=st.sampled_from([12, 13, 14, 16]))
def test_every_place_is_shared(cells: list[int | None], threshold: int, finest: int) -> None:
    found = spots(cells, threshold, finest)
    assert all(place is None for place, at in zip(found, cells, strict=True) if at is None)
    sizes = Counter(place for place in found if place is not None)
    assert all(n >= threshold for n in sizes.values())


def test_the_smallest_square_that_is_shared_is_taken() -> None:
    close = [cell(103.1 + n / 100_000, 30.1) for n in range(5)]
    far = [cell(103.3, 30.2)]
    found = spots([*close, *far], 5, 16)
    assert {place.metres for place in found[:5] if place} <= set(range(400, 700))
    assert found[5] is None
