"""The command teaches, and unknown things are said plainly."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mengding.cli.main import parser
from mengding.runtime.state import checkout_dir

COMMANDS = ["run", "migrate", "demo", "import", "worker", "check", "serve", "manage"]


def test_help_names_every_command_and_the_first_steps(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leave:
        parser().parse_args(["--help"])
    assert leave.value.code == 0
    text = capsys.readouterr().out
    assert "make run" in text
    for command in COMMANDS:
        assert f"\n    {command}" in text


@pytest.mark.parametrize("command", ["run", "import", "check", "manage"])
def test_help_of_a_command_has_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args([command, "--help"])
    text = capsys.readouterr().out
    assert f"mengding {command} " in text
    assert any("\u4e00" <= char <= "\u9fff" for char in text)


def test_help_needs_neither_django_nor_a_database() -> None:
    code = (
        "import sys; from mengding.cli.main import parser; parser().format_help(); "
        "sys.exit(any(name in sys.modules for name in ('django', 'psycopg', 'uvicorn')))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=checkout_dir(), check=False).returncode
        == 0
    )
