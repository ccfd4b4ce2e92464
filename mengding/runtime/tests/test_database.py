"""The embedded database, really started, and the checks of a given one."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mengding.runtime import database as module
from mengding.runtime.binaries import find_binaries
from mengding.runtime.database import Embedded, check_given, require_disk_space
from mengding.runtime.problem import Problem
from mengding.runtime.processes import alive, command_line


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Embedded]:
    one = Embedded(tmp_path / "state", careless=True)
    yield one
    one.stop()


def test_speaks_chinese_and_asks_for_a_password(server: Embedded) -> None:
    server.start()
    with psycopg.connect(server.url()) as connection:
        row = connection.execute(
            "SELECT '路灯' ~ '^[[:alpha:]]+$', current_setting('server_encoding')"
        ).fetchone()
        assert row == (True, "UTF8")
        connection.execute("CREATE EXTENSION ltree")
        connection.execute("CREATE EXTENSION btree_gist")
    wrong = server.url().replace("mengding:", "mengding:x", 1)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)
    assert (server.state / "run").stat().st_mode & 0o777 == 0o700


def test_a_second_user_joins_and_does_not_stop_it(server: Embedded) -> None:
    server.start()
    other = Embedded(server.state)
    other.start()
    assert not other.started_here
    other.stop()
    check_given(server.url())


def test_starts_below_a_folder_only_its_owner_may_enter(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    server = Embedded(home / "checkout" / ".mengding", careless=True)
    server.start()
    try:
        check_given(server.url())
        assert home.stat().st_mode & 0o007 == 0  # nobody else was let in
    finally:
        server.stop()


def test_a_path_too_long_for_a_socket(tmp_path: Path) -> None:
    server = Embedded(tmp_path / ("long" * 20) / "state", careless=True)
    server.start()
    try:
        check_given(server.url())
    finally:
        server.stop()


def test_a_stale_lock_file_whose_number_another_program_has(server: Embedded) -> None:
    server.start()
    lock = (server.data / "postmaster.pid").read_text("utf-8")
    server.stop()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        try:
            # A program just started has no command line yet, and one that cannot be read counts
            # as the server: nobody may take a live server for dead.
            while not command_line(stranger.pid):
                time.sleep(0.001)
            path = server.data / "postmaster.pid"
            path.write_text(lock.replace(lock.split()[0], str(stranger.pid), 1), "utf-8")
            assert server.running_pid() is None
            server.start()
            check_given(server.url())
            assert alive(stranger.pid)
        finally:
            stranger.kill()


def test_replaced_secrets_are_named(server: Embedded) -> None:
    server.start()
    (server.state / "secrets.json").unlink()
    with pytest.raises(Problem, match="password"):
        Embedded(server.state).start()


def test_an_older_server_is_refused(server: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    server.start()
    monkeypatch.setattr(module, "OLDEST", 99)
    with pytest.raises(Problem, match="too old"):
        check_given(server.url())


def test_a_database_of_an_absent_version_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="made by PostgreSQL 9"):
        find_binaries(9)


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    require_disk_space(tmp_path, 1)
    with pytest.raises(Problem, match="disk is full"):
        require_disk_space(tmp_path, 1 << 60)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run it as somebody else")
def test_root_does_not_run_it_as_root(server: Embedded) -> None:
    server.start()
    assert server.child is not None
    assert Path(f"/proc/{server.child.pid}").stat().st_uid != 0
