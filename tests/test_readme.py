"""The lines of the README, run as they stand against a real server process."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def walk() -> str:
    """The marked lines."""
    found = re.findall(
        r"<!-- readme-walk:begin -->\n```bash\n(.*?)```\n<!-- readme-walk:end -->",
        README,
        re.DOTALL,
    )
    assert len(found) == 1
    return str(found[0])


@pytest.fixture
def server(world: str) -> Iterator[dict[str, str]]:
    """The environment of a shell beside a server of the demo district on a free port."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    user = database["USER"] + (f":{database['PASSWORD']}" if database["PASSWORD"] else "")
    place = f"{user}@{database['HOST'] or 'localhost'}:{database['PORT'] or 5432}"
    if database["HOST"].startswith("/"):
        place = f"{user}@"
    env = {
        **os.environ,
        "PORT": port,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DATABASE_URL": f"postgresql://{place}/{world}",
        "DJANGO_SETTINGS_MODULE": "mengding.settings",
        "PYTHONPATH": str(ROOT),
    }
    if database["HOST"].startswith("/"):
        env["DATABASE_URL"] += f"?host={database['HOST']}&port={database['PORT'] or 5432}"
    process = subprocess.Popen(
        [sys.executable, "-m", "mengding", "serve", "box", "--port", port], cwd=ROOT, env=env
    )
    try:
        _wait(f"http://127.0.0.1:{port}/open311/v2/discovery.json", process)
        yield env
    finally:
        process.terminate()
        process.wait(20)


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, "the server has stopped"
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server does not answer")


def test_the_walk_is_a_dozen_lines_of_curl() -> None:
    numbered = re.findall(r"^# (\d+) ", walk(), re.MULTILINE)
    assert numbered == [str(n) for n in range(1, 13)]


def test_the_walk(server: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", walk()],
        cwd=ROOT, env=server, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    moves: list[Any] = [answer for answer in said if isinstance(answer, dict) and "stage" in answer]
    assert [move["stage"] for move in moves] == [
        "filed", "dispatched", "handling", "fed_back", "fed_back", "checking", "closed",
    ]  # fmt: skip
    assert moves[-1]["outcome"] == "fixed"
    timeline = [event["action"] for event in said[-2]["items"]]
    assert timeline[0] == "case.receive"
    assert timeline[-1] == "case.close"
    (seen,) = said[-1]
    assert seen["status"] == "closed"
    assert seen["status_notes"] == "护栏已修复，感谢您的提醒。"
    assert seen["description"] == "河边护栏断了一截，小孩容易掉下去。"
    assert "13812345678" not in done.stdout


def test_the_commands_it_names_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", README)) <= targets | {"and"}


def test_its_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
