"""Chinese text as overlapping pairs of characters, other text as words. Pure.

A trigram index finds nothing for a word of two characters and ignores Chinese under the C
locale, so the index holds bigrams: 井盖丢失 → 井盖 盖丢 丢失. Positions are kept, so a longer
query is a phrase: 井盖丢失 does not match a text with 井盖 here and 丢失 there.
"""

import re
import unicodedata

# Runs of CJK ideographs, or of other letters and digits: in “12号楼” the number ends where the
# Chinese begins, although both are letters to a regular expression. Everything else separates.
_CJK = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"([{_CJK}]+)|((?:(?![{_CJK}])[^\W_])+)")
# tsvector positions end at 16383; what stands further is indexed without adjacency.
_LAST_POSITION = 16383
# Between fields, so that a phrase never spans two of them.
_FIELD_GAP = 8
MAX_CHARS = 20_000


def normalise(text: str) -> str:
    """Full-width to half-width, compatibility forms folded, lower case."""
    return unicodedata.normalize("NFKC", text).lower()


def _tokens(text: str, *, tails: bool) -> list[list[str]]:
    """The text's runs, each as its tokens in order.

    `tails` adds the last character of a Chinese run alone, so that one typed character finds it
    at the end of a word too (elsewhere it begins a pair).
    """
    runs: list[list[str]] = []
    for cjk, word in _RUN.findall(normalise(text[:MAX_CHARS])):
        if word:
            runs.append([word[:60]])
        elif len(cjk) == 1:
            runs.append([cjk])
        else:
            runs.append([cjk[i : i + 2] for i in range(len(cjk) - (0 if tails else 1))])
    return runs


def document(*fields: str) -> str:
    """The tsvector literal of the fields, in order; empty fields are skipped."""
    positions: dict[str, list[int]] = {}
    at = 1
    for field in fields:
        for run in _tokens(field, tails=True):
            for token in run:
                positions.setdefault(token, []).append(min(at, _LAST_POSITION))
                at += 1
            # The end of a run of CJK is no neighbour of what follows.
            at += 1
        at += _FIELD_GAP
    return " ".join(
        f"'{token}':{','.join(map(str, sorted(set(where))[:255]))}"
        for token, where in positions.items()
    )


def query(text: str) -> str | None:
    """The tsquery literal for what somebody typed: every run must occur, each as a phrase.

    A single Chinese character matches as the beginning of a pair, a word of letters and digits
    as a prefix. None when nothing searchable was typed.
    """
    parts = []
    for run in _tokens(text, tails=False):
        if len(run) == 1 and (len(run[0]) == 1 or not _is_cjk(run[0])):
            parts.append(f"'{run[0]}':*")
        else:
            parts.append("(" + " <-> ".join(f"'{token}'" for token in run) + ")")
    return " & ".join(parts) or None


def _is_cjk(token: str) -> bool:
    match = _RUN.fullmatch(token)
    return bool(match and match.group(1))


def bigrams(text: str) -> frozenset[str]:
    """The set of tokens of a text, to compare two texts by what they share."""
    return frozenset(token for run in _tokens(text, tails=False) for token in run)
