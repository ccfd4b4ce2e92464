"""What measures is started by hand and seldom: all of it can be, from the pinned packages."""

import importlib
from pathlib import Path

import pytest

BENCH = Path(__file__).parent.parent / "bench"
MODULES = sorted(
    ".".join(path.relative_to(BENCH.parent).with_suffix("").parts) for path in BENCH.rglob("*.py")
)


@pytest.mark.parametrize("module", MODULES)
def test_it_can_be_started(module: str) -> None:
    importlib.import_module(module)
