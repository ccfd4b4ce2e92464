"""A reader adds and subtracts all that is published of a month, and computes nothing left out."""

from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import product

from hypothesis import example, given
from hypothesis import strategies as st

from mengding.opendata.disclosure import (
    CLOSED,
    DECLINED,
    NOT_CLOSED,
    OPEN,
    Count,
    Disclosure,
    Fact,
    disclose,
)
from mengding.regions.cells import cell

Kind = tuple[str, str, str]  # town, class, state
TOWNS = "ABCD"
CLASSES = ("C0101", "C0102", "C0103", "C0201", "E0101")
STATES = (CLOSED, OPEN, DECLINED)
NEAR = [cell(103.1 + n / 200, 30.1) for n in range(4)]


def group(class_code: str) -> str:
    return class_code[:3]


def month(numbers: dict[Kind, int]) -> list[Fact]:
    """So many cases of each kind; lateness and place vary with the number."""
    return [
        Fact(town, group(kind), kind, state, [None, False, True][n % 3], NEAR[n * n % 4])
        for (town, kind, state), many in numbers.items()
        for n in range(many)
    ]


def closed(**towns: tuple[int, int]) -> list[Fact]:
    """Towns with so many closed and so many open cases of one class."""
    return month(
        {
            (town, "C0101", state): n
            for town, parts in towns.items()
            for state, n in zip((CLOSED, OPEN), parts, strict=True)
        }
    )


MONTHS = st.dictionaries(
    st.tuples(st.sampled_from(TOWNS), st.sampled_from(CLASSES), st.sampled_from(STATES)),
    st.integers(1, 9),
    max_size=14,
)


def test_of_few_cases_nothing_is_told() -> None:
    assert disclose(closed(A=(2, 2)), 5, 16) == Disclosure(Count(None, None), None, {}, {}, [])


def test_closed_are_no_way_round_a_town_left_out() -> None:
    """Closed of A, guarded for itself, was told: 0, with 1 reported."""
    found = disclose(closed(A=(0, 1), B=(8, 0), C=(15, 5)), 5, 16)
    assert found.towns == {"A": Count(None, None), "B": Count(None, None), "C": Count(20, None)}
    assert found.whole == Count(29, 23)
    assert {row.town for row in found.rows} == {"", "C"}
    assert {row.state for row in found.rows} == {""}


def test_classes_stay_where_no_closed_are_told_at_all() -> None:
    found = disclose(closed(A=(2, 9), B=(1, 8)), 5, 16)
    assert found.whole == Count(20, None)
    assert {(row.class_code, row.state) for row in found.rows} == {("C0101", "")}


def test_the_files_do_not_give_back_a_class_left_out() -> None:
    facts = month({("A", "C0101", OPEN): 9, ("A", "E0101", OPEN): 1, ("A", "S0101", OPEN): 20})
    found = disclose(facts, 5, 16)
    assert found.groups == {"C01": Count(None, None), "E01": Count(None, None), "S01": Count(20, 0)}
    assert Counter(row.class_code for row in found.rows) == {"": 10, "S0101": 20}


def test_a_class_of_few_is_told_as_its_group() -> None:
    facts = month({("A", "C0101", OPEN): 9, ("A", "C0102", OPEN): 2, ("A", "C0103", OPEN): 7})
    found = disclose(facts, 5, 16)
    assert Counter(row.class_code for row in found.rows) == {"C0101": 9, "C01": 9}


def test_five_towns_of_one_case_are_not_told_by_their_sum() -> None:
    """Zeros are told: five gaps of together 5 are five times 1."""
    found = disclose(month({(town, "C0101", OPEN): 1 for town in "ABCDE"}), 5, 16)
    assert (found.whole, found.towns) == (Count(5, 0), {})
    assert found.groups == {"C01": Count(5, 0)}


def test_a_square_lies_in_one_town() -> None:
    """Four cases of A share the square with six of B: A's would be told from their square."""
    facts = [Fact("A", "C01", "C0101", OPEN, None, NEAR[0])] * 4
    facts += [Fact("A", "C01", "C0101", OPEN, None, None)] * 4
    facts += [Fact("B", "C01", "C0101", OPEN, None, NEAR[0])] * 6
    found = disclose(facts, 5, 16)
    assert Counter((row.town, row.place is not None) for row in found.rows) == {
        ("A", False): 8,
        ("B", True): 6,
    }


def test_few_declined_are_not_told_from_open() -> None:
    facts = month(
        {
            ("A", "C0101", CLOSED): 9, ("A", "C0101", DECLINED): 2, ("A", "C0101", OPEN): 7,
            ("B", "C0101", CLOSED): 9, ("B", "C0101", DECLINED): 5, ("B", "C0101", OPEN): 6,
        }
    )  # fmt: skip
    found = disclose(facts, 5, 16)
    assert Counter((row.town, row.state) for row in found.rows) == {
        ("A", CLOSED): 9, ("A", NOT_CLOSED): 9,
        ("B", CLOSED): 9, ("B", DECLINED): 5, ("B", OPEN): 6,
    }  # fmt: skip
    # Only what is handled has been in time or not: it would tell open from declined.
    assert found.in_time is not None
    assert {row.in_time for row in found.rows if row.state == NOT_CLOSED} == {None}


def test_in_time_needs_many_on_both_sides() -> None:
    def share(in_time: int, late: int) -> tuple[float | None, set[bool | None]]:
        facts = [
            Fact("A", "C01", "C0101", CLOSED, n >= in_time, None) for n in range(in_time + late)
        ]
        found = disclose(facts, 5, 16)
        return found.in_time, {row.in_time for row in found.rows}

    assert share(15, 5) == (75.0, {True, False})
    assert share(20, 4) == (None, {None})
    assert share(4, 20) == (None, {None})


@given(numbers=MONTHS, threshold=st.integers(2, 6))
def test_what_is_told_is_true_and_of_many(numbers: dict[Kind, int], threshold: int) -> None:
    facts = month(numbers)
    found = disclose(facts, threshold, 16)
    if len(facts) < threshold:
        assert not found.rows
        return

    def many(counts: Iterable[int]) -> bool:
        return all(n == 0 or n >= threshold for n in counts)

    for table, keys in (
        (found.towns, [fact.town for fact in facts]),
        (found.groups, [fact.group for fact in facts]),
    ):
        all_ = Counter(keys)
        done = Counter(key for key, fact in zip(keys, facts, strict=True) if fact.state == CLOSED)
        for key, line in table.items():
            assert line.received in (None, all_[key])
            assert line.closed in (None, done[key])
            if line.closed is not None:
                assert many([done[key], all_[key] - done[key]])
        if table:
            gaps = [key for key in all_ if table[key].received is None]
            assert len(gaps) != 1
            assert many([sum(all_[key] for key in gaps)])
            assert many(n for key, n in all_.items() if key not in gaps)
    assert found.whole.closed in (None, sum(fact.state == CLOSED for fact in facts))

    for fact, row in zip(facts, found.rows, strict=True):
        assert row.town in ("", fact.town)
        assert row.class_code in ("", fact.group, fact.class_code)
        words = (fact.state, "") if fact.state == CLOSED else (fact.state, NOT_CLOSED, "")
        assert row.state in words
        assert row.in_time in (None, not fact.late)
        assert row.town or row.place is None
    rows = found.rows
    for town, n in Counter(row.town for row in rows).items():
        assert many([n])
        assert not town or found.towns[town].received == n
    # A group is named as often as it is told, but for towns whose state is not.
    fine = Counter(row.class_code for row in rows if len(row.class_code) > 3)
    assert many(fine.values())
    assert many(Counter((row.town, row.place) for row in rows if row.place).values())
    assert many(Counter((row.town, row.state) for row in rows).values())
    assert all(found.groups[group(row.class_code)].received for row in rows if row.class_code)
    assert found.in_time is not None or all(row.in_time is None for row in rows)


def published(found: Disclosure) -> Iterator[tuple[set[Kind], int]]:
    """Every sum a reader knows: which kinds of cases it counts, and how many they are."""
    kinds = set(product(TOWNS, CLASSES, STATES))
    yield kinds, len(found.rows)
    if found.whole.closed is not None:
        yield {kind for kind in kinds if kind[2] == CLOSED}, found.whole.closed
    for at, table in ((0, found.towns), (1, found.groups)):
        for key in {(kind[0], group(kind[1]))[at] for kind in kinds} if table else ():
            line = table.get(key, Count(0, 0))
            mine = {kind for kind in kinds if (kind[0], group(kind[1]))[at] == key}
            if line.received is not None:
                yield mine, line.received
            if line.closed is not None:
                yield {kind for kind in mine if kind[2] == CLOSED}, line.closed
    sums = Counter((row.town, row.class_code, row.state) for row in found.rows)
    signs = {kind: _sign(kind, found) for kind in kinds}
    for sign in set(signs.values()):
        yield {kind for kind in kinds if signs[kind] == sign}, sums[sign]
    assert sum(sums[sign] for sign in set(signs.values())) == len(found.rows)


def _sign(kind: Kind, found: Disclosure) -> Kind:
    """How a case of this kind is written in the file, as its reader can see from the rest of it."""
    town, class_code, state = kind
    line = found.towns.get(town, Count(0, 0)) if found.towns else Count(None, None)
    mine = town if line.received is not None else ""
    words = {row.state for row in found.rows if row.town == mine}
    if state != CLOSED and NOT_CLOSED in words:
        state = NOT_CLOSED
    if words == {""}:
        state = ""
    codes = {row.class_code for row in found.rows}
    if class_code not in codes:
        class_code = group(class_code) if group(class_code) in codes else ""
    if not state and found.whole.closed is not None:
        class_code = ""
    return mine, class_code, state


def computable(wanted: set[Kind], sums: list[tuple[set[Kind], int]]) -> bool:
    """Whether the number of cases of these kinds follows from the sums; none counts below zero."""
    gone: set[Kind] = set().union(*(kinds for kinds, n in sums if n == 0))
    order = sorted(set(product(TOWNS, CLASSES, STATES)) - gone)

    def row(kinds: set[Kind]) -> list[Fraction]:
        return [Fraction(kind in kinds) for kind in order]

    basis: list[tuple[int, list[Fraction]]] = []

    def rest(vector: list[Fraction]) -> list[Fraction]:
        for lead, other in basis:
            if factor := vector[lead]:
                vector = [a - factor * b for a, b in zip(vector, other, strict=True)]
        return vector

    for kinds, _ in sums:
        left = rest(row(kinds))
        lead = next((at for at, value in enumerate(left) if value), None)
        if lead is not None:
            basis.append((lead, [value / left[lead] for value in left]))
    return not any(rest(row(wanted)))


@given(numbers=MONTHS, threshold=st.integers(2, 6))
@example(
    # A has only class C, B only E, and both states are untold: with classes on their rows, the
    # closed of C less those seen elsewhere would be those of A.
    numbers={
        ("A", "C0101", CLOSED): 2, ("A", "C0101", OPEN): 6, ("B", "E0101", CLOSED): 7,
        ("B", "E0101", OPEN): 7, ("C", "C0101", CLOSED): 9, ("C", "C0101", OPEN): 9,
        ("C", "E0101", CLOSED): 9, ("C", "E0101", OPEN): 9,
    },
    threshold=5,
)  # fmt: skip
def test_nothing_left_out_can_be_computed(numbers: dict[Kind, int], threshold: int) -> None:
    facts = month(numbers)
    found = disclose(facts, threshold, 16)
    if not found.rows:
        return
    sums = list(published(found))
    truth = Counter(numbers)
    assert all(sum(truth[kind] for kind in kinds) == n for kinds, n in sums)
    for at, table in ((0, found.towns), (1, found.groups)):
        for key in {(fact.town, fact.group)[at] for fact in facts}:
            line = table.get(key, Count(None, None))
            mine = {
                kind
                for kind in product(TOWNS, CLASSES, STATES)
                if (kind[0], group(kind[1]))[at] == key
            }
            ended = {kind for kind in mine if kind[2] == CLOSED}
            if line.received is None:
                assert not computable(mine, sums)
            # Of what is left out together, all may be known to be open: nobody stands behind 0.
            if line.closed is None and (line.received or any(truth[kind] for kind in ended)):
                assert not computable(ended, sums)
