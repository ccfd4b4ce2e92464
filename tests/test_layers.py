"""Which part may know which: the order in docs/architecture.md, and what keeps files honest."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "mengding"

# An app imports only from lines above its own. On one line: not from each other either.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("core", "worktime"),
    ("policy",),
    ("jobs",),
    ("http",),
    ("ledger",),
    ("regions",),
    ("people",),
    ("catalogue",),
    ("clocks",),
    ("routing",),
    ("evidence",),
    ("search",),
    ("cases",),
    ("notices", "phrases", "presence", "filters", "bulk", "duty"),
    ("positions", "tasks", "resources", "outreach", "supervision", "indicators"),
    ("scores", "escalation", "briefings", "costs", "warnings"),
    ("live", "open311", "opendata", "imports", "desk", "figures"),
    ("field",),
    ("demo",),
    ("cli", "runtime", "settings", "urls", "wsgi", "__main__"),
)
RANK = {name: number for number, names in enumerate(LAYERS) for name in names}

# (importer, imported): why it is right all the same.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("demo/secrets.py", "runtime.state"): "the state folder and its secrets know no app",
    ("imports/check.py", "runtime.prepare"): "`check boston` prepares a database of its own",
    ("imports/check_indicators.py", "runtime.prepare"): "as `check boston`",
}

# Rules that can be read, tested and reused without Django or a database.
PURE = (
    *("core/actor.py", "core/clock.py", "core/errors.py", "core/text.py"),
    "core/spreadsheet.py",
    *("worktime", "policy/permissions.py", "routing/rules", "cases/lifecycle.py"),
    *(
        "cases/guards.py",
        "cases/stages.py",
        "regions/cells.py",
        "regions/codes.py",
        "regions/geometry.py",
    ),
    *("escalation/steps.py", "escalation/document.py", "warnings/stats", "warnings/finding"),
    *(f"warnings/{name}.py" for name in ("classes", "facts", "kinds", "methods", "rules")),
    *(
        f"indicators/{name}.py"
        for name in ("cuts", "definitions", "facts", "fold", "measures", "spans")
    ),
    *("opendata/coarsen.py", "opendata/disclosure.py"),
    *(f"costs/{name}.py" for name in ("activities", "cuts", "packing", "rates", "reckon", "work")),
    *(f"briefings/{name}.py" for name in ("blocks", "changes", "charts", "findings", "template")),
    *(
        "search/text.py",
        "catalogue/suggest.py",
        "phrases/variables.py",
        "duty/book.py",
        "duty/rota.py",
    ),
    *("tasks/states.py", "tasks/recurrence.py", "tasks/matching.py", "tasks/catalogue.py"),
    "tasks/moments.py",
    "positions/protocol",
    *("scores/rules.py", "scores/evidence.py"),
)
LONGEST = 400
# Long files with a reason.
MAY_BE_LONG: dict[str, str] = {}


def _files(where: Path) -> Iterator[Path]:
    found = [where] if where.suffix == ".py" else sorted(where.rglob("*.py"))
    for path in found:
        if not {"tests", "migrations"} & set(path.relative_to(PACKAGE).parts):
            yield path


def _imports(path: Path) -> Iterator[str]:
    """Full names of the modules a file imports, wherever in it; relative ones resolved."""
    package = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: -node.level]
                base = ".".join([*above, *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _top(path: Path) -> str:
    part = path.relative_to(PACKAGE).parts[0]
    return part.removesuffix(".py")


def test_every_part_has_its_place() -> None:
    parts = {_top(path) for path in _files(PACKAGE)} - {"__init__"}
    assert parts - set(RANK) == set(), "give these a line in LAYERS and in docs/architecture.md"


def _upward() -> Iterator[tuple[str, str]]:
    for path in _files(PACKAGE):
        own = _top(path)
        if own == "__init__":
            continue
        for name in _imports(path):
            parts = name.split(".")
            if parts[0] != "mengding" or len(parts) < 2 or parts[1] not in RANK:
                continue
            other = parts[1]
            top = len(LAYERS) - 1
            if other == own or RANK[own] == top == RANK[other]:
                continue
            if RANK[other] >= RANK[own]:
                yield str(path.relative_to(PACKAGE)), ".".join(parts[1:3])


def test_imports_point_one_way() -> None:
    wrong = {pair for pair in _upward() if pair not in EXCEPTIONS}
    wrong = {pair for pair in wrong if not _covered(pair)}
    assert not wrong, sorted(wrong)


def _covered(pair: tuple[str, str]) -> bool:
    """`from a.b import c` also names a.b alone; one exception covers both."""
    return any(pair[0] == file and what.startswith(pair[1]) for file, what in EXCEPTIONS)


def test_exceptions_are_still_needed() -> None:
    found = set(_upward())
    for pair in EXCEPTIONS:
        if RANK[pair[0].split("/")[0].removesuffix(".py")] < len(LAYERS) - 1:
            assert pair in found, pair


@pytest.mark.parametrize("name", PURE)
def test_pure_parts_know_neither_django_nor_a_database(name: str) -> None:
    files = list(_files(PACKAGE / name))
    assert files, f"{name} is gone"
    for path in files:
        for module in _imports(path):
            assert module.split(".")[0] not in {"django", "ninja", "psycopg"}, (path, module)


def test_the_order_in_the_documentation_is_this_one() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d+ \| ([^|]+)\|", text, flags=re.MULTILINE)
    written = tuple(tuple(re.findall(r"`(\w+)`", row)) for row in rows)
    assert written == tuple(
        tuple(n for n in names if n not in {"settings", "urls", "wsgi", "__main__"})
        for names in LAYERS
    )


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    ).stdout.decode()
    names = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    if not names:
        pytest.skip("not a git checkout")
    return names


def test_no_file_is_too_long_to_read() -> None:
    long = {}
    for name in tracked():
        if not name.endswith(".py") or "/tests/" in name or "/migrations/" in name:
            continue
        if name.startswith("tests/"):
            continue
        lines = (ROOT / name).read_text(encoding="utf-8").count("\n")
        if lines > LONGEST and name not in MAY_BE_LONG:
            long[name] = lines
    assert not long, f"split these: {long}"
    for name in MAY_BE_LONG:
        assert (ROOT / name).read_text(encoding="utf-8").count("\n") > LONGEST, name


# Written in pieces, or this file would find itself.
_MACHINE = re.compile(
    "|".join(
        [
            r"(?<![\w.])/(?:ro" + r"ot|wo" + r"rk|Us" + r"ers)/\w",
            r"(?<![\w.])/ho" + r"me/(?!\$|USER)\w",
            r"[A-Z]:\\Us" + r"ers",
            r"file" + r"s\.pythonhosted",
            r"py" + r"pi\.org/simple",
            r"registry\.np" + r"mjs",
            r"(?:index|find-links)[-_]url\s*[=:]\s*http",
            r"mirrors?\.(?:ali" + r"yun|tuna|ust" + r"c)",
        ]
    )
)


def test_no_machine_paths_and_no_registry_hosts() -> None:
    found = []
    for name in tracked():
        raw = (ROOT / name).read_bytes()
        if b"\0" in raw:
            continue
        for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), 1):
            if hit := _MACHINE.search(line):
                found.append(f"{name}:{number}: {hit.group()}")
    assert not found, found
