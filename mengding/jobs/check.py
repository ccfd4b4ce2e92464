"""`mengding check jobs`: does every background job run, and did its last run succeed?"""

from mengding.jobs.models import JobRun
from mengding.jobs.schedule import jobs, state


def run(arguments: list[str]) -> int:
    """Print one line a job; 1 when one is late, has never run or failed last."""
    if arguments:
        print("mengding check jobs: 不需要参数 takes no arguments")
        return 2
    kept = {row.name: row for row in JobRun.objects.all()}
    bad = 0
    for name, cron in jobs().items():
        row = kept.get(name)
        found = state(cron, row)
        bad += found != "ok"
        last = row.ended_at.isoformat(timespec="seconds") if row else "-"
        print(f"{found:6} {name:20} {last}  {row.result if row else ''} {row.error if row else ''}")
    return 1 if bad else 0
