"""The `world` fixture. Imports models late: pytest may load this before Django is set up."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mengding.people.tests.world import World


@pytest.fixture
def make_world() -> "Callable[[], World]":
    """For tests that need real commits."""
    from mengding.people.tests.world import build

    return build


@pytest.fixture
def world(db: None) -> "World":
    """The district of `world`, rolled back afterwards."""
    from mengding.people.tests.world import build

    return build()
