"""A random draw that anyone can repeat. Pure: no Django, no chance of its own.

Within each stratum the ids stand in the order of SHA-256 of "<seed>:<id>" (hex, ascending) and
the first ones are drawn. How many of each stratum follows from the sizes alone: one each where
there are enough to go round, the rest in proportion by largest remainder, ties by the key.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence


def place(seed: str, number: int, salt: str = "") -> str:
    """Where an id stands in the order of the draw: 64 hex digits, smallest first."""
    return hashlib.sha256(f"{seed}:{number}{salt}".encode()).hexdigest()


def digest(numbers: Iterable[int]) -> str:
    """SHA-256 over the ids in ascending order, one on each line."""
    return hashlib.sha256("\n".join(str(n) for n in sorted(numbers)).encode()).hexdigest()


def shares(sizes: Mapping[str, int], wanted: int) -> dict[str, int]:
    """How many to draw from each stratum; together `wanted`, or everything there is."""
    filled = {key: size for key, size in sorted(sizes.items()) if size > 0}
    total = sum(filled.values())
    if wanted >= total:
        return filled
    first = 1 if wanted >= len(filled) else 0
    left, rest = wanted - first * len(filled), total - first * len(filled)
    # In whole numbers: each share is left·(size - first) / rest.
    exact = {key: left * (size - first) for key, size in filled.items()}
    found = {key: first + (part // rest if rest else 0) for key, part in exact.items()}
    spare = wanted - sum(found.values())
    by_remainder = sorted(exact, key=lambda key: (-(exact[key] % rest if rest else 0), key))
    for key in by_remainder[:spare]:
        found[key] += 1
    return found


def draw(seed: str, strata: Mapping[str, Sequence[int]], wanted: int) -> dict[str, list[int]]:
    """The drawn ids by stratum, in the order of the draw."""
    sizes = {key: len(numbers) for key, numbers in strata.items()}
    return {
        key: sorted(strata[key], key=lambda number: place(seed, number))[:count]
        for key, count in shares(sizes, wanted).items()
    }


def assign(
    seed: str, drawn: Sequence[int], eligible: Mapping[int, Sequence[int]]
) -> dict[int, int | None]:
    """Who looks at each drawn id: of those eligible the one with the fewest so far.

    `eligible`: accounts by drawn id; None where nobody is.
    """
    load: dict[int, int] = {}
    found: dict[int, int | None] = {}
    for number in sorted(drawn, key=lambda each: place(seed, each)):
        best = min(
            eligible.get(number, ()),
            key=lambda account: (load.get(account, 0), place(seed, number, f":{account}")),
            default=None,
        )
        found[number] = best
        if best is not None:
            load[best] = load.get(best, 0) + 1
    return found
