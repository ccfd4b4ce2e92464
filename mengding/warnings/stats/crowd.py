"""How full a place is, in stages, from counts of nobody in particular. Pure."""

from dataclasses import dataclass

CALM = 0


@dataclass(frozen=True, slots=True)
class Stages:
    """Percent of the capacity at which stages 1, 2 and 3 begin; a stage ends `slack` below, so
    that a number that wavers around a limit warns once."""

    attention: int = 60
    crowded: int = 80
    full: int = 100
    slack: int = 5

    def stage(self, people: int, capacity: int, before: int = CALM) -> int:
        """The stage now, from the one before."""
        share = 100 * people / capacity
        limits = (self.attention, self.crowded, self.full)
        reached = sum(share >= limit for limit in limits)
        if reached >= before:
            return reached
        kept = sum(share >= limit - self.slack for limit in limits)
        return min(before, kept)
