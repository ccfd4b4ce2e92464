"""Which class a person's words are about: keywords and shared character pairs. Pure.

No model and no training: the score is a sum anybody can redo by hand, and every suggestion names
the words it rests on. The same text always gives the same answer.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_HAN = re.compile(r"[\u3400-\u9fff]+")
_WORD = re.compile(r"[a-z]{3,}")
_STOP = frozenset(
    {"and", "are", "for", "from", "has", "have", "its", "near", "not", "our", "that", "the"}
    | {"there", "this", "was", "with"}
)

# A pair counts once, at the weight of the most telling field it stands in.
_NAME, _KEYWORD, _DESCRIPTION, _CONDITION = 1.0, 0.8, 0.5, 0.4
# A whole keyword found says more than its pairs alone.
_WHOLE = 1.5


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index needs of one class. `conditions`: the filing texts."""

    code: str
    names: tuple[str, ...]
    keywords: tuple[str, ...]
    description: str
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A class, its score (comparable within one answer only) and the words that speak for it."""

    code: str
    score: float
    matched: tuple[str, ...]


def tokens(text: str) -> Iterator[tuple[str, int]]:
    """(token, position): overlapping pairs of Chinese characters, and Latin words."""
    lowered = text.lower()
    for run in _HAN.finditer(lowered):
        for at in range(run.start(), run.end() - 1):
            yield lowered[at : at + 2], at
    for word in _WORD.finditer(lowered):
        if word.group() not in _STOP:
            yield word.group(), word.start()


class Index:
    """Built once for a version; answers in well under a millisecond."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._weights: dict[str, dict[str, float]] = {}
        self._whole: dict[str, list[str]] = {}
        count = 0
        for entry in entries:
            count += 1
            fields = [
                *((text, _CONDITION) for text in entry.conditions),
                (entry.description, _DESCRIPTION),
                *((word, _KEYWORD) for word in entry.keywords),
                *((name, _NAME) for name in entry.names),
            ]
            for text, weight in fields:
                for token, _ in tokens(text):
                    held = self._weights.setdefault(token, {})
                    held[entry.code] = max(weight, held.get(entry.code, 0.0))
            for word in dict.fromkeys((*entry.keywords, *entry.names)):
                self._whole.setdefault(word.lower(), []).append(entry.code)
        self._rarity = {
            token: math.log(1 + count / len(held)) for token, held in self._weights.items()
        }
        self._count = count

    def suggest(self, text: str, limit: int = 5) -> list[Suggestion]:
        """The best classes for `text`, best first; empty when nothing matches."""
        lowered = text.lower()
        scores: dict[str, float] = {}
        spans: dict[str, set[tuple[int, int]]] = {}

        def add(code: str, amount: float, at: int, length: int) -> None:
            scores[code] = scores.get(code, 0.0) + amount
            spans.setdefault(code, set()).add((at, at + length))

        first: dict[str, int] = {}
        for token, at in tokens(lowered):
            first.setdefault(token, at)
        for token, at in first.items():
            for code, weight in self._weights.get(token, {}).items():
                add(code, weight * self._rarity[token], at, len(token))
        for word, codes in self._whole.items():
            at = lowered.find(word)
            if at >= 0:
                amount = _WHOLE * math.log2(len(word)) * math.log(1 + self._count / len(codes))
                for code in codes:
                    add(code, amount, at, len(word))
        best = sorted(scores, key=lambda code: (-round(scores[code], 9), code))[:limit]
        return [
            Suggestion(code, round(scores[code], 4), _words(lowered, spans[code])) for code in best
        ]


def _words(text: str, spans: set[tuple[int, int]]) -> tuple[str, ...]:
    """The matched places joined where they overlap, in reading order, each word once."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(dict.fromkeys(text[start:end] for start, end in joined))
