"""Bring the database up to date and load the demo, in a process of its own.

The supervisor runs this as a child, so that Django's memory is given back afterwards and a
Ctrl-C stops it cleanly. Progress and results are JSON lines on stdout; the rest goes to stderr,
which the supervisor keeps in a log.
"""

from __future__ import annotations

import json
import os
import sys
import traceback

from mengding.runtime.problem import Problem

LOCK = 0x4D454E47  # any number; two servers on one database must not migrate at once


def say(**line: object) -> None:
    print(json.dumps(line, ensure_ascii=False), file=sys.__stdout__, flush=True)


def migrate() -> None:
    """Apply migrations, one process at a time."""
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        call_command("migrate", interactive=False, verbosity=0, stdout=sys.stderr)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def main(argv: list[str]) -> int:
    """``argv``: host, then ``demo`` to load the demo district if it is not there."""
    host, *wants = argv
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mengding.settings")
    # Whatever the applications print belongs in the log, not in the JSON.
    sys.stdout = sys.stderr
    try:
        import django

        django.setup(set_prefix=False)
        say(step="migrate")
        migrate()
        say(done="migrate")

        from mengding.demo import actions, queries
        from mengding.runtime.exposure import refuse_demo_on_network

        if "demo" in wants and not queries.is_loaded():
            say(step="demo")
            actions.load()
            say(done="demo")
        refuse_demo_on_network(host)
        say(accounts=queries.accounts() if queries.is_loaded() else [])
    except Problem as problem:
        say(error=str(problem))
        return 1
    except Exception as error:  # noqa: BLE001 (one line for the console, the rest in the log)
        traceback.print_exc()
        reason = " ".join(str(error).split())[:200]
        if "No space left on device" in reason:
            reason = "磁盘已满 disk is full"
        say(error=f"{type(error).__name__}: {reason}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
