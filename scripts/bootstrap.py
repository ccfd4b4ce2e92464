"""Make the environment in .venv if needed, then run a command in it. Standard library only.

    python3 scripts/bootstrap.py run --port 8000     the server (`make run`)
    python3 scripts/bootstrap.py --dev test          lint, types and tests (`make test`)
    python3 scripts/bootstrap.py [--dev] exec CMD …  any program of the environment

Written so that an old Python can still read it far enough to say that it is too old.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = ROOT / "requirements"
WEB = ROOT / "web"
OLDEST_NODE = (20, 19)
NEEDED_MIB = 900
BEGAN = time.monotonic()


def say(text: str) -> None:
    print(f"[{time.monotonic() - BEGAN:5.1f}s] {text}", flush=True)


def fail(text: str) -> None:
    print(f"mengding: 错误 error: {text}", file=sys.stderr)
    raise SystemExit(1)


def use_new_enough_python() -> None:
    """Go on with Python 3.11 or newer: this one, or one found under its versioned name."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(20, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            os.execv(found, [found, str(Path(__file__).resolve()), *sys.argv[1:]])
    fail(f"Python 太旧 too old: {sys.version.split()[0]}; 需要 needs Python 3.11+ (PYTHON=…)")


def digest(*names: str) -> str:
    """Changes when a lock, the Python or the place of the checkout changes."""
    total = hashlib.sha256(f"{sys.version} {sys.executable} {ROOT}".encode())
    for name in names:
        total.update((LOCKS / name).read_bytes())
    return total.hexdigest()


def stamp(name: str) -> Path:
    return VENV / f".installed-{name}"


def installed(name: str, wanted: str) -> bool:
    try:
        return stamp(name).read_text("ascii") == wanted and PYTHON.exists()
    except (OSError, ValueError):
        return False


def quiet(command: "list[str]") -> bool:
    null = subprocess.DEVNULL
    try:
        return subprocess.run(command, stdin=null, stdout=null, stderr=null).returncode == 0
    except FileNotFoundError:
        return False


def make_venv() -> None:
    if quiet([str(PYTHON), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]):
        return
    say("建立环境 making .venv")
    if VENV.exists():
        shutil.rmtree(VENV)
    if not quiet([sys.executable, "-m", "venv", "--without-pip", str(VENV)]):
        fail("缺少 venv 模块 this Python has no venv module: apt-get install python3-venv")


def installer() -> "list[str]":
    """The command that installs into .venv, without its arguments.

    Debian's Python comes without ensurepip; then uv, the machine's pip, or Debian's own package
    of pip serve, in this order.
    """
    python = str(PYTHON)
    if quiet([python, "-m", "pip", "--version"]) or quiet([python, "-m", "ensurepip"]):
        return [python, "-m", "pip", "install", "--disable-pip-version-check"]
    uv = shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--python", python]
    if quiet([sys.executable, "-m", "pip", "--python", python, "--version"]):
        return [sys.executable, "-m", "pip", "--python", python, "install"]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("安装 installing python3-venv (apt-get)")
        apt_install("python3-venv")
        if quiet([python, "-m", "ensurepip"]):
            return [python, "-m", "pip", "install", "--disable-pip-version-check"]
    wheel = debian_pip()
    if wheel:
        return [python, f"{wheel}/pip", "install", "--disable-pip-version-check"]
    fail("缺少 pip: apt-get install python3-venv")
    return []


def debian_pip() -> str:
    """Debian's signed package of pip, unpacked into .venv: needs no root."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return ""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["apt-get", "download", "-q", "python3-pip-whl"],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for package in Path(folder).glob("*.deb"):
            quiet(["dpkg-deb", "-x", str(package), str(VENV / "debian")])
    wheels = sorted((VENV / "debian").glob("usr/share/python-wheels/pip-*.whl"))
    return str(wheels[-1]) if wheels else ""


def apt_install(*packages: str) -> bool:
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    return quiet(command) or (quiet(["apt-get", "update"]) and quiet(command))


def install(tool: "list[str]", lock: str, *more: str, optional: bool = False) -> bool:
    """Install one lock file, every archive checked against its hash, showing progress."""
    path = LOCKS / lock
    total = sum("==" in line for line in path.read_text("utf-8").splitlines())
    say(f"安装依赖 installing {total} pinned packages ({lock})")
    command = [*tool, "--require-hashes", "-r", str(path), *more]
    log = VENV / f"install-{path.stem}.log"
    seen = 0
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    with log.open("wb") as file:
        for line in process.stdout:
            file.write(line)
            if line.startswith((b"Collecting", b"Requirement already")):
                seen += 1
                if sys.stdout.isatty():
                    print(f"\r         {min(seen, total)}/{total}", end="", flush=True)
    if sys.stdout.isatty():
        print("\r" + " " * 30 + "\r", end="")
    if process.wait() == 0:
        return True
    if optional:
        return False
    text = log.read_text("utf-8", "replace")
    if "No space left" in text:
        fail("磁盘已满 disk is full: cannot install the dependencies")
    reasons = [line for line in text.splitlines() if line.lower().startswith("error")]
    fail(f"依赖安装失败 cannot install: {(reasons or ['?'])[-1][:200]} ({log})")
    return False


def environment(dev: bool) -> None:
    """Bring .venv up to the locks; a moment's work when it already is."""
    wanted = digest("base.txt", "postgres.txt")
    wanted_dev = digest("base.txt", "dev.txt")
    have = installed("base", wanted)
    have_dev = installed("dev", wanted_dev)
    if have and (have_dev or not dev):
        return
    os.umask(0o022)  # the database account must be able to read its programs
    lock = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not VENV.exists() and shutil.disk_usage(ROOT).free < NEEDED_MIB << 20:
        free = shutil.disk_usage(ROOT).free >> 20
        fail(f"磁盘空间不足 disk is full: {free} MiB free at {ROOT}, {NEEDED_MIB} needed")
    make_venv()
    tool = installer()
    if not have:
        install(tool, "base.txt")
        if not install(tool, "postgres.txt", "--no-deps", optional=True):
            say("此平台没有内置 PostgreSQL no embedded PostgreSQL here: one on the machine is used")
        link()
        stamp("base").write_text(wanted, "ascii")
    if dev and not have_dev:
        install(tool, "dev.txt")
        stamp("dev").write_text(wanted_dev, "ascii")
    os.close(lock)


def link() -> None:
    """Put the checkout on the environment's path, and the `mengding` command beside Python."""
    version = subprocess.run(
        [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        stdout=subprocess.PIPE,
        check=True,
    )
    (Path(os.fsdecode(version.stdout).strip()) / "mengding.pth").write_text(f"{ROOT}\n", "utf-8")
    command = VENV / "bin" / "mengding"
    # Through sh, because a #! line is cut at 127 bytes and cannot hold a space.
    command.write_text(
        '#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/python" -m mengding "$@"\n', "utf-8"
    )
    command.chmod(0o755)


def console() -> None:
    """Build the console's pages when web/ changed. Without Node the rest works all the same."""
    mark = WEB / "dist" / ".built"
    wanted = sources()
    try:
        if mark.read_text("ascii") == wanted:
            return
    except OSError:
        pass  # never built, or not to the end
    version = node()
    if version < OLDEST_NODE:
        found = ".".join(map(str, version)) or "没有 none"
        say(f"受理台未构建 the console is not built: Node.js {found}, needs 20.19+; the API runs")
        return
    say("构建受理台 building the console (npm)")
    log = ROOT / "build" / "console.log"
    log.parent.mkdir(exist_ok=True)
    quickly = ["--no-audit", "--no-fund", "--loglevel=error"]
    steps = [["npm", "ci", *quickly], ["npm", "run", "build"]]
    if digest_of(WEB / "package-lock.json") == read(WEB / "node_modules" / ".from"):
        del steps[0]
    with log.open("wb") as file:
        for step in steps:
            null = subprocess.DEVNULL
            done = subprocess.run(step, cwd=WEB, stdin=null, stdout=file, stderr=file)
            if done.returncode:
                say(f"受理台构建失败 the console could not be built ({log}); the API runs")
                return
            if step[1] == "ci":
                of = digest_of(WEB / "package-lock.json")
                (WEB / "node_modules" / ".from").write_text(of, "ascii")
    mark.write_text(wanted, "ascii")


def sources() -> str:
    """Changes when anything the build reads changes."""
    names = ["package.json", "package-lock.json", "index.html", "vite.config.ts", "tsconfig.json"]
    total = hashlib.sha256()
    for path in [*(WEB / name for name in names), *sorted((WEB / "src").rglob("*"))]:
        if path.is_file():
            total.update(f"{path.relative_to(WEB)} {digest_of(path)}\n".encode())
    return total.hexdigest()


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except OSError:
        return ""


def node() -> "tuple[int, ...]":
    """Version of the machine's Node.js; empty without it or without npm."""
    if not (shutil.which("node") and shutil.which("npm")):
        return ()
    said = subprocess.run(["node", "--version"], stdout=subprocess.PIPE).stdout.decode()
    parts = said.strip().lstrip("v").split(".")
    return tuple(int(part) for part in parts[:2] if part.isdigit())


def program(name: str) -> str:
    own = VENV / "bin" / name
    return str(own) if own.exists() else name


def test(arguments: "list[str]") -> int:
    """Lint, types, tests: all of them, even after one fails; then a summary."""
    browser()
    python = str(PYTHON)
    workers = os.environ.get("TEST_WORKERS", "auto")
    steps = [
        ("ruff check", [python, "-m", "ruff", "check", "."]),
        ("ruff format", [python, "-m", "ruff", "format", "--check", "."]),
        ("mypy --strict", [python, "-m", "mypy"]),
        ("pytest", [python, "-m", "mengding.runtime.testdb", python, "-m", "pytest",
                    "-n", workers, *arguments]),
    ]  # fmt: skip
    results = []
    for name, command in steps:
        say(name)
        results.append((name, subprocess.run(command, cwd=ROOT).returncode))
    for name, code in results:
        say(f"{'通过 ok    ' if code == 0 else '失败 FAILED'}  {name}")
    return 1 if any(code for _, code in results) else 0


def browser() -> None:
    """The browser tests use Debian's Chromium and a Chinese font."""
    missing = []
    if not (shutil.which("chromium") or shutil.which("chromium-browser")):
        missing.append("chromium")
    if not Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").exists():
        missing.append("fonts-noto-cjk")
    if not missing:
        return
    names = " ".join(missing)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"安装 installing {names} (apt-get)")
        if apt_install(*missing):
            return
    say(f"跳过浏览器测试 browser tests are skipped; missing: {names}")
    os.environ["MENGDING_NO_BROWSER"] = "1"


def main(arguments: "list[str]") -> int:
    use_new_enough_python()
    dev = "--dev" in arguments[:1]
    if dev:
        arguments = arguments[1:]
    if not arguments:
        print(__doc__)
        return 2
    try:
        environment(dev)
        if arguments[0] in ("run", "test"):
            console()
    except OSError as error:
        full = "No space left" in str(error)
        fail("磁盘已满 disk is full" if full else f"无法建立环境 cannot make .venv: {error}")
    command, rest = arguments[0], arguments[1:]
    os.environ["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    sys.stdout.flush()
    if command == "test":
        return test(rest)
    if command == "exec":
        return os.execvp(program(rest[0]), rest)
    return os.execv(str(PYTHON), [str(PYTHON), "-m", "mengding", command, *rest])


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\n已取消 cancelled", file=sys.stderr)
        sys.exit(130)
