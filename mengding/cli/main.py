"""The ``mengding`` command. Only the standard library is imported before a command needs more."""

from __future__ import annotations

import argparse
import errno
import importlib
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from mengding.runtime.problem import Problem
from mengding.runtime.state import one_line, state_dir

ABOUT = """\
蒙顶：区级社区服务与应急平台。Mengding: a district's community services and emergency platform.

第一次使用 First steps:
  make run                         环境、数据库、演示区、服务器，一步到位 everything, in one step
  make run PORT=8123               换端口 another port
  MENGDING_DATA=/srv/m make run    换数据目录 another state folder

没有 DATABASE_URL 时，每条命令都会用数据目录里的内置 PostgreSQL，需要时启动，用完停止。
Without DATABASE_URL every command uses the embedded PostgreSQL of the state folder: it joins one
that runs, or starts one and stops it at the end.
"""

RUN = """\
启动一切：数据库、表结构、演示区、网页、后台任务。Ctrl-C 全部停止，数据保留。
Starts everything; Ctrl-C stops everything and loses nothing.

例 Examples:
  mengding run
  mengding run --port 8123 --no-demo
  DATABASE_URL=postgresql://m:secret@db.example/mengding mengding run
"""

IMPORT = """\
导入案件；可中断续传；被拒的行连同行号与原因写入文件。
Imports cases through the ordinary actions: streaming, resumable; rejected lines are written with
their number and reason.

例 Examples:
  mengding import open311-csv requests.csv --rejects rejects.csv
  mengding import boston311 boston_311_2011.zip --limit 1000
  mengding import cases cases.jsonl --quiet
"""

CHECK = """\
检查。0 = 无问题，1 = 有问题。Checks; exit code 0 when all is well, 1 when not.

  ledger      台账哈希链是否完整 has any ledger entry been changed or removed
  evidence    附件的存证与内容 do seals verify, is the stored content what was sent
  jobs        后台任务是否按时成功运行 do the background jobs run, and succeed
  boundaries  是否出现不该有的字段或接口 fields or routes that must never exist
  deploy      生产设置 settings for production (Django's own check)
  boston      波士顿数据全量核对 import the Boston archive and compare every count
  indicators  指标核对 are the numbers right, to the case? With FILE: an archive of Boston,
              or `sample`; otherwise the numbers of this installation
  costs       成本汇总核对 are the counts of costs those of the cases

例 Examples:
  mengding check ledger
  mengding check boston 311-requests.csv
"""

INDICATORS = """\
指标。Numbers of the evaluation.

  rebuild  由台账重新计算全部指标（期间不能查看指标）make all numbers anew from the ledger;
           meanwhile they cannot be read
  state    汇总到什么时候 up to when the numbers are right
"""

COSTS = """\
成本。What cases cost.

  rebuild  由各案件的成本重新汇总（期间照常查看）make all counts anew from what each case came to;
           they can be read meanwhile
"""

MANAGE = """\
Django 管理命令原样转交。Hands its arguments to Django's management commands.

例 Examples:
  mengding manage createsuperuser
  mengding manage shell
"""

# Each checker is `run(arguments: list[str]) -> int`, the exit code.
CHECKERS = {
    "ledger": "mengding.ledger.check",
    "evidence": "mengding.evidence.check",
    "jobs": "mengding.jobs.check",
    "boundaries": "mengding.cli.boundaries",
    "boston": "mengding.imports.check",
    "indicators": "mengding.imports.check_indicators",
    "costs": "mengding.costs.check",
}


def parser() -> argparse.ArgumentParser:
    """The command line, complete with its lessons."""
    raw = argparse.RawDescriptionHelpFormatter
    top = argparse.ArgumentParser(prog="mengding", description=ABOUT, formatter_class=raw)
    commands = top.add_subparsers(dest="command", metavar="命令 COMMAND", required=True)

    def add(name: str, short: str, long: str = "") -> argparse.ArgumentParser:
        return commands.add_parser(name, help=short, description=long or short, formatter_class=raw)

    run = add("run", "启动一切 start everything", RUN)
    run.add_argument("--host", default="127.0.0.1", help="监听地址 address (default 127.0.0.1)")
    run.add_argument("--port", type=int, default=8000, help="端口 port (default 8000)")
    run.add_argument("--no-demo", action="store_true", help="不载入演示区 no demo district")
    run.add_argument(
        "--allow-demo-on-network",
        action="store_true",
        help="允许演示账户对外服务（口令是公开打印的）serve demo accounts beyond this machine",
    )
    run.add_argument("--web", type=int, default=2, metavar="N", help="网页进程数 web processes")
    run.add_argument("--threads", type=int, default=4, metavar="N", help="threads per process")

    add("migrate", "更新表结构 bring the tables up to date")

    demo = add("demo", "演示账户 the demo accounts, passwords and tokens")
    demo.add_argument("--json", action="store_true", help="供脚本使用 for scripts")
    demo.add_argument("--load", action="store_true", help="先载入演示区 load the demo first")

    imports = add("import", "导入案件 import cases", IMPORT)
    imports.add_argument("kind", choices=("open311-csv", "boston311", "cases"))
    imports.add_argument("file", type=Path, metavar="FILE")
    imports.add_argument("--rejects", type=Path, metavar="FILE", help="被拒行 rejected lines")
    imports.add_argument("--limit", type=int, metavar="N", help="只导入前 N 行 first N rows only")
    imports.add_argument("--restart", action="store_true", help="从头开始 do not resume")
    imports.add_argument("--quiet", action="store_true", help="不显示进度 no progress bar")

    add("worker", "后台任务 background jobs (part of `mengding run`)")

    check = add("check", "检查 checks", CHECK)
    check.add_argument("what", choices=(*CHECKERS, "deploy"))
    check.add_argument("arguments", nargs=argparse.REMAINDER)

    numbers = add("indicators", "指标 numbers: make them anew from the ledger", INDICATORS)
    numbers.add_argument("what", choices=("rebuild", "state"))

    costs = add("costs", "成本 costs: make their counts anew from the cases", COSTS)
    costs.add_argument("what", choices=("rebuild",))

    serve = add("serve", "单个网页进程 one web process, for production: box, wsgi or live")
    serve.add_argument("arguments", nargs=argparse.REMAINDER)

    manage = add("manage", "Django 管理命令 Django's management commands", MANAGE)
    manage.add_argument("arguments", nargs=argparse.REMAINDER)
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code. A ``Problem`` is one line and code 1."""
    options = parser().parse_args(argv)
    try:
        return _dispatch(options)
    except Problem as problem:
        print(f"mengding: 错误 error: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(f"mengding: 错误 error: {one_line(error)}", file=sys.stderr)
        return 1


def _dispatch(options: argparse.Namespace) -> int:
    if options.command == "run":
        return _run(options)
    if options.command == "serve":
        from mengding.runtime import web

        with _django(setup=False):
            return web.main(options.arguments)
    with _django():
        match options.command:
            case "migrate":
                from mengding.runtime.prepare import migrate

                migrate()
                print("表结构已是最新 the tables are up to date")
                return 0
            case "demo":
                return _demo(options)
            case "import":
                return _import(options)
            case "check":
                return _check(options)
            case "indicators":
                return _indicators(options)
            case "costs":
                from mengding.costs import rollup

                print(f"汇总 counts: {rollup.rebuild(_step):,}")
                return 0
            case "worker":
                from mengding.runtime import worker

                worker.run()
                return 0
            case _:
                return _manage(options.arguments)


def _run(options: argparse.Namespace) -> int:
    from mengding.runtime.supervisor import Options, Supervisor

    return Supervisor(
        state_dir(),
        Options(
            host=options.host,
            port=options.port,
            demo=not options.no_demo,
            allow_demo_on_network=options.allow_demo_on_network,
            web=max(1, options.web),
            threads=max(1, options.threads),
        ),
    ).run()


@contextmanager
def _django(*, setup: bool = True) -> Iterator[None]:
    """A database and a configured Django, for the length of one command."""
    from mengding.runtime.database import database

    def terminate(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if not os.environ.get("DATABASE_URL"):
        signal.signal(signal.SIGTERM, terminate)  # so that a database started here is stopped
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mengding.settings")
    with database(state_dir()):
        if setup:
            import django

            django.setup(set_prefix=False)
        try:
            yield
        finally:
            if setup:
                from django.db import connections

                connections.close_all()


def _manage(arguments: list[str]) -> int:
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(["mengding manage", *arguments])
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else int(leave.code is not None)
    return 0


def _demo(options: argparse.Namespace) -> int:
    from django.db import ProgrammingError

    from mengding.demo import actions, queries

    try:
        if options.load and not queries.is_loaded():
            actions.load()
        loaded = queries.is_loaded()
    except ProgrammingError as error:
        raise Problem("表结构未建立 no tables yet: mengding migrate") from error
    if not loaded:
        raise Problem("演示区未载入 the demo is not loaded: mengding demo --load, or make run")
    accounts = queries.accounts()
    if options.json:
        print(json.dumps(accounts, ensure_ascii=False, indent=1))
    else:
        from mengding.runtime.supervisor import table

        print(table(accounts))
    return 0


def _import(options: argparse.Namespace) -> int:
    if not options.file.is_file():
        raise Problem(f"没有这个文件 no such file: {options.file}")
    from mengding import imports

    wishes: dict[str, Any] = {
        "rejects": options.rejects,
        "limit": options.limit,
        "restart": options.restart,
        "progress": not options.quiet,
    }
    return int(imports.run(options.kind, options.file, wishes) or 0)


def _step(step: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{step:<20}", end="", file=sys.stderr, flush=True)


def _indicators(options: argparse.Namespace) -> int:
    from mengding.indicators import actions, queries

    if options.what == "rebuild":
        print(f"案件 cases: {actions.rebuild(_step):,}")
    for name, value in queries.state().items():
        print(f"{name}: {value}")
    return 0


def _check(options: argparse.Namespace) -> int:
    if options.what == "deploy":
        return _manage(["check", "--deploy", *options.arguments])
    name = CHECKERS[options.what]
    if importlib.util.find_spec(name) is None:
        raise Problem(f"此版本没有该检查 this version has no such check: {options.what}")
    return int(importlib.import_module(name).run(options.arguments) or 0)
