"""Chinese found by any of its characters, in cases as people see them."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mengding.cases import actions, queries
from mengding.cases.models import Case
from mengding.cases.tests.made import report, who
from mengding.core import clock
from mengding.core.errors import Invalid
from mengding.search.actions import index
from mengding.search.queries import matches
from mengding.search.text import MAX_CHARS, bigrams, document, query

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


def found(typed: str, by: str = "desk") -> set[int]:
    """Ids of the cases somebody finds."""
    page, _ = queries.case_page(
        who(by), queries.Filters(text=typed), order="-reported_at", cursor=None, limit=100
    )
    return {row["id"] for row in page}


@pytest.fixture
def case() -> Case:
    return report("解放路１２号旁，ABC小区门口的麒麟雕塑倒塌；压住盘羊。Tel-88", class_code="").case


@pytest.mark.parametrize(
    "typed",
    [
        "麒麟",  # two characters
        "麒麟雕塑倒塌",  # more
        "麒",  # one, the first of its run
        "塌",  # the last one of a run
        "羊",
        "１２",  # full-width digits
        "12",
        "1",  # the beginning of a number
        "abc",
        "ａｂｃ",
        "ABC小区",
        "麒麟 盘羊",  # both, anywhere
        "盘羊，麒麟！",
        "  麒麟  ",
        "tel 88",
    ],
)
def test_what_finds_it(case: Case, typed: str) -> None:
    assert case.pk in found(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "麟麒",  # the order matters
        "麒麟倒塌",  # a phrase has no holes
        "塌压",  # not across punctuation
        "麒麟 犀牛",  # every word must occur
        "麒麟雕像",
        "bc",  # not inside a word
        "2",
        "犀",
    ],
)
def test_what_does_not(case: Case, typed: str) -> None:
    assert case.pk not in found(typed)


def test_a_phrase_never_spans_two_fields() -> None:
    case = report("麒麟倒了").case
    actions.amend(who("desk"), case.pk, address="东门麒")
    assert case.pk in found("东门麒") & found("麒麟倒")
    assert case.pk not in found("门麒麟")
    assert case.pk not in found("麒麒")
    doc = document("甲乙", "丙丁")
    assert query("乙丙") == "('乙丙')"
    assert "'乙丙'" not in doc


@pytest.mark.parametrize("typed", ["", "  ", "，。！", "--", "_", "'", "\\", "😀"])
def test_nothing_to_search_is_said_so(typed: str) -> None:
    assert matches(typed) is None
    if typed.strip():
        with pytest.raises(Invalid) as wrong:
            found(typed)
        assert wrong.value.field == "q"


@pytest.mark.parametrize(
    "typed", ["麒麟' | '羊", "麒:*", "!麒麟", "麒麟 & !盘羊", "('麒", "a'b\\c"]
)
def test_nothing_typed_is_syntax(case: Case, typed: str) -> None:
    found(typed)  # no error from the database


def test_number_class_and_reply_are_found() -> None:
    case = report().case
    case = actions.file(who("desk"), case.pk, condition_code="C0101-1")
    assert case.number is not None
    assert found(case.number) == {case.pk}
    assert found(case.number.lower()) == {case.pk}
    assert case.pk in found(case.number[:9])  # the class and the year
    assert case.pk in found("C0101") & found("井盖")
    actions.reply(who("desk"), case.pk, text="鸵鸟已经送还")
    assert found("鸵鸟") == {case.pk}
    actions.amend(who("desk"), case.pk, address="新地址")
    assert found("鸵鸟") == {case.pk}, "a correction keeps the reply"


def test_search_shows_nobody_more_than_they_may_see() -> None:
    here, there = report("鸵鸟在此").case, report("鸵鸟在彼", village="511803001001").case
    secret = report("鸵鸟吵架", class_code="S0102").case
    everything = {here.pk, there.pk, secret.pk}
    assert found("鸵鸟") == found("鸵鸟", "mediate") == everything
    assert found("鸵鸟", "dispatch") == {here.pk, there.pk}
    assert found("鸵鸟", "town") == found("鸵鸟", "grid") == {here.pk}
    assert found("鸵鸟", "handler") == found("鸵鸟", "audit") == set()


CJK = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
EXTRA = st.sampled_from("㐀鿿豈𠀀𪛟")  # the blocks at the edges, and beyond the first plane
TEXT = st.text(
    st.one_of(CJK, CJK, CJK, EXTRA, st.sampled_from("井盖丢失aZ09，。 _'\"\\１ｂ")), max_size=60
)


def test_any_run_of_characters_in_a_text_finds_it() -> None:
    pk = report(class_code="C0101").case_id
    rows = Case.objects.filter(pk=pk)

    @settings(max_examples=150, deadline=None)
    @given(text=TEXT, data=st.data())
    @example(text="井盖" * 30 + "失", data=None)
    def check(text: str, data: st.DataObject | None) -> None:
        index(pk, clock.now(), "", text)
        plain = unicodedata.normalize("NFKC", text)
        runs = _cjk_runs(plain)
        if data is None:
            wanted = [plain[i:j] for i in range(3) for j in (i + 1, i + 2, len(plain))]
        elif runs:
            run = data.draw(st.sampled_from(runs))
            start = data.draw(st.integers(0, len(run) - 1))
            wanted = [run[start : data.draw(st.integers(start + 1, len(run)))]]
        else:
            return
        for typed in wanted:
            hit = matches(typed)
            assert hit is not None
            assert rows.filter(hit).exists(), (text, typed)

    check()


def _cjk_runs(text: str) -> list[str]:
    """Maximal runs of ideographs, found without the product's own expression."""
    runs, run = [], ""
    for char in text + " ":
        if unicodedata.name(char, "").startswith("CJK "):
            run += char
        elif run:
            runs.append(run)
            run = ""
    return runs


def test_a_very_long_text_is_indexed_up_to_a_limit() -> None:
    pk = report().case_id
    index(pk, clock.now(), "麒麟" + "甲" * MAX_CHARS + "犀牛")
    rows = Case.objects.filter(pk=pk)
    near, far = matches("麒麟"), matches("犀牛")
    assert near is not None
    assert far is not None
    assert rows.filter(near).exists()
    assert not rows.filter(far).exists()


def test_bigrams_compare_texts() -> None:
    assert bigrams("井盖丢失，A1") == {"井盖", "盖丢", "丢失", "a1"}
    assert bigrams("") == frozenset()
