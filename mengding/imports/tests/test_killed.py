"""An import killed at any moment goes on, in real processes on a database of its own."""

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection

from mengding.cases.models import Report
from mengding.core.beside import connect
from mengding.core.cache import forget_everything
from mengding.imports import check
from mengding.imports.boston import counts, tally
from mengding.imports.boston.importer import Importer
from mengding.imports.rows import Unreadable
from mengding.imports.runner import execute
from mengding.imports.tests.archive import PECULIAR, line, write
from mengding.ledger.verify import verify

LINES = [*PECULIAR, *(line(100 + n, ward=f"Ward {n % 22 + 1}") for n in range(100))]


@pytest.fixture
def own(pristine_world: str, django_db_blocker: Any) -> Iterator[str]:
    """A database of the demo district that other processes can join: its URL."""
    with django_db_blocker.unblock():
        plain, name = connection.settings_dict["NAME"], f"test_import_{secrets.token_hex(4)}"
        connection.close()
        with connect("postgres", autocommit=True) as other:
            other.execute(f'CREATE DATABASE "{name}" TEMPLATE "{pristine_world}"')
        _point_to(name)
        yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
        _point_to(plain)
        with connect("postgres", autocommit=True) as other:
            other.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_killed_in_the_middle_and_run_again(tmp_path: Path, own: str) -> None:
    path = write(tmp_path / "made.csv", LINES)
    command = [sys.executable, "-m", "mengding", "import", "boston311", str(path), "--quiet"]
    environment = os.environ | {"DATABASE_URL": own}
    first = subprocess.Popen(command, cwd=tmp_path, env=environment, start_new_session=True)
    deadline = time.monotonic() + 60
    while Report.objects.count() < 30:
        assert first.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    between = Report.objects.count()
    assert 30 <= between < len(LINES)

    second = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert second.returncode == 0, second.stderr
    last = second.stdout.splitlines()[-1]
    # What was under way when it was killed may still have been committed by the server.
    found = re.match(r"imported=(\d+) present=(\d+) rejected=0 ", last)
    assert found, last
    assert int(found[1]) + int(found[2]) == len(LINES)
    assert int(found[2]) >= between
    assert Report.objects.count() == len(LINES)
    assert counts.differences(counts.counts(), tally.tally(str(path))) == []
    assert verify()[1] == []


def test_two_workers_do_the_work_of_one(tmp_path: Path, own: str) -> None:
    path = write(tmp_path / "made.csv", [*LINES, line(1, case_title="the number again")])
    seen: list[int] = []
    totals = execute(
        Importer(path),
        rejects=tmp_path / "rejects.csv",
        workers=2,
        watch=lambda totals, total: seen.append(totals.done),
    )
    assert (totals.imported, totals.present, totals.rejected) == (len(LINES), 0, 1)
    assert Report.objects.count() == len(LINES)
    assert seen == sorted(seen)
    assert len(seen) > 2
    once = write(tmp_path / "once.csv", LINES)
    assert counts.differences(counts.counts(), tally.tally(str(once))) == []
    numbers = list(Report.objects.values_list("case__number", flat=True))
    assert len(set(numbers)) == len(LINES)


def test_a_worker_that_dies_ends_the_import(tmp_path: Path, own: str) -> None:
    path = write(tmp_path / "made.csv", PECULIAR)
    importer = Importer(path)
    importer.plan = None  # type: ignore[assignment]
    setattr(importer, "rows", lambda: iter(()))  # noqa: B010 - only the workers look for the file
    path.unlink()
    with pytest.raises(Unreadable, match="another run goes on"):
        execute(importer, workers=2)


@pytest.mark.slow  # migrates an empty database
def test_the_check_command_says_what_it_found(
    tmp_path: Path, own: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KEEP", raising=False)
    path = write(tmp_path / "made.csv", PECULIAR)
    assert check.run([str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "imported=20 received=20 closed=18 ontime=13 mismatches=0"
    name = lines[0].removeprefix("database=")
    with connect("postgres", autocommit=True) as other:
        assert not other.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchall()
    assert check.run([str(tmp_path / "none.csv")]) == 2


def _point_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    forget_everything()
