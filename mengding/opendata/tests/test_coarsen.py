"""No small count, alone or as a difference, and no place that few share."""

from collections import Counter
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from mengding.opendata.coarsen import LeftOut, left_out, spots
from mengding.regions.cells import cell

COUNTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 30), max_size=8)


def lines(**counts: int) -> dict[str, tuple[int, ...]]:
    return {key: (n,) for key, n in counts.items()}


def test_one_gap_is_never_alone() -> None:
    assert left_out(lines(a=3, b=9, c=20), 5) == LeftOut(frozenset("ab"), total_safe=True)


def test_gaps_that_are_small_together_get_company() -> None:
    assert left_out(lines(a=1, b=2, c=7, d=0), 5) == LeftOut(frozenset("abc"), total_safe=True)


def test_gaps_that_must_all_be_small_get_company() -> None:
    """Three gaps of together 5 are at most 3 each."""
    assert left_out(lines(a=1, b=2, c=2, d=7), 5) == LeftOut(frozenset("abcd"), total_safe=True)


def test_where_nothing_else_helps_the_total_goes() -> None:
    assert left_out(lines(a=3, b=0), 5) == LeftOut(frozenset("a"), total_safe=False)
    assert left_out(lines(a=1, b=2, c=2), 5) == LeftOut(frozenset("abc"), total_safe=False)


def test_nothing_small_nothing_left_out() -> None:
    assert left_out(lines(a=5, b=0, c=8), 5) == LeftOut(frozenset(), total_safe=True)


def test_each_part_of_a_line_is_guarded() -> None:
    """One closed of a, so its closed are not told; b hides them, though many in both parts."""
    found = left_out({"a": (1, 9), "b": (8, 8), "c": (20, 0), "d": (0, 6)}, 5)
    assert found == LeftOut(frozenset("adb"), total_safe=True)


@given(counts=COUNTS, threshold=st.integers(2, 10))
def test_no_small_count_can_be_read_or_computed(counts: dict[str, int], threshold: int) -> None:
    found = left_out(lines(**counts), threshold)
    assert all(n == 0 or n >= threshold for key, n in counts.items() if key not in found)
    assert all(counts[key] for key in found.keys)
    gaps = [counts[key] for key in found.keys]
    if gaps and found.total_safe:
        # The total tells the sum of the gaps: any of them may be large, the others being 1.
        assert len(gaps) > 1
        assert sum(gaps) - (len(gaps) - 1) >= threshold
    if not found.total_safe:
        assert set(found.keys) == {key for key, n in counts.items() if n}


@given(counts=COUNTS, threshold=st.integers(2, 10))
def test_no_more_is_left_out_than_needed(counts: dict[str, int], threshold: int) -> None:
    """The gaps besides the small counts are the fewest possible."""
    found = left_out(lines(**counts), threshold)
    small = {key for key, n in counts.items() if 0 < n < threshold}
    assert small <= found.keys
    others = [n for key, n in counts.items() if n >= threshold]
    if not small:
        assert not found.keys
        return
    for size in range(len(found.keys - small)):
        for some in combinations(others, size):
            gaps = [counts[key] for key in small] + list(some)
            assert len(gaps) < 2 or sum(gaps) - (len(gaps) - 1) < threshold


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
