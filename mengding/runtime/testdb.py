"""Run a command with a throw-away database: ``python -m mengding.runtime.testdb pytest …``.

Starts an embedded PostgreSQL that does not sync to disk, in a temporary state folder, unless
``DATABASE_URL`` names a server; stops and deletes it afterwards.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType

from mengding.runtime.database import Embedded, check_given
from mengding.runtime.problem import Problem


def main(command: list[str]) -> int:
    """Returns the exit code of ``command``."""

    def terminate(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, terminate)
    with tempfile.TemporaryDirectory(prefix="mengding-test-", ignore_cleanup_errors=True) as name:
        environment = {"MENGDING_DATA": name} | os.environ
        if os.environ.get("DATABASE_URL"):
            check_given(os.environ["DATABASE_URL"])
            return subprocess.run(command, env=environment, check=False).returncode
        server = Embedded(Path(name), careless=True)
        try:
            server.start()
            environment |= {"MENGDING_DATA": name, "DATABASE_URL": server.url()}
            return subprocess.run(command, env=environment, check=False).returncode
        finally:
            server.stop()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Problem as problem:
        print(f"mengding: 错误 error: {problem}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
