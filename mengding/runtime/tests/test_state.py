"""Secrets are made once, stay secret, and are never silently replaced."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mengding.runtime.state import StateError, checkout_dir, load_secrets, state_dir


def test_made_once_private_and_of_the_right_size(tmp_path: Path) -> None:
    made = load_secrets(tmp_path / "new" / "state")
    path = tmp_path / "new" / "state" / "secrets.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert len(base64.urlsafe_b64decode(made.contact_key)) == 32
    assert len(base64.urlsafe_b64decode(made.evidence_key)) == 32
    assert load_secrets(path.parent) == made
    assert load_secrets(tmp_path / "other") != made
    assert [item.name for item in path.parent.iterdir()] == ["secrets.json"]


def test_processes_starting_together_agree(tmp_path: Path) -> None:
    code = f"from mengding.runtime.state import *; print(load_secrets(Path({str(tmp_path)!r})))"
    together = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=checkout_dir(), stdout=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    assert len({process.communicate()[0] for process in together}) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"django_key": 5}'])
def test_a_damaged_file_is_refused_not_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(text, "utf-8")
    with pytest.raises(StateError, match=r"secrets\.json"):
        load_secrets(tmp_path)
    assert path.read_text("utf-8") == text


def test_a_key_of_a_newer_version_is_added_and_the_old_ones_stay(tmp_path: Path) -> None:
    before = load_secrets(tmp_path)
    path = tmp_path / "secrets.json"
    stored = json.loads(path.read_text("utf-8"))
    del stored["evidence_key"]
    stored["of_a_later_version"] = "kept"
    path.write_text(json.dumps(stored), "utf-8")
    after = load_secrets(tmp_path)
    assert after.contact_key == before.contact_key
    assert len(base64.urlsafe_b64decode(after.evidence_key)) == 32
    assert json.loads(path.read_text("utf-8"))["of_a_later_version"] == "kept"
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_folder_moves_with_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENGDING_DATA", "/elsewhere")
    assert state_dir() == Path("/elsewhere")
    monkeypatch.delenv("MENGDING_DATA")
    assert state_dir() == checkout_dir() / ".mengding"
