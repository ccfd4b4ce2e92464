"""`mengding check ledger`: recompute every chain and print a digest over all of them.

Whoever notes position and digest outside (paper will do) can later ask for the digest at that
position again: `mengding check ledger 7313-9001`. It differs when anything before was changed,
even by somebody who could rewrite whole chains.
"""

import sys

from mengding.ledger import queries
from mengding.ledger.feed import Position


def run(arguments: list[str]) -> int:
    """Print the faults and the digest; 1 when there is a fault. `arguments`: [position]."""
    at = Position.parse(arguments[0]) if arguments else None
    if len(arguments) > 1 or (arguments and at is None):
        print("用法 usage: mengding check ledger [位置 POSITION, e.g. 7313-9001]")
        return 2

    def progress(count: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{count:,}", end="", file=sys.stderr, flush=True)

    found = queries.verified(progress, at)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    for fault in found["faults"]:
        print(f"{fault['kind']} {fault['subject']} #{fault['seq']}: {fault['what']}")
    if found["faults_total"] > len(found["faults"]):
        print(f"… 共 {found['faults_total']} 处 in all")
    print(f"事件 events: {found['events']:,}  对象 subjects: {found['subjects']:,}")
    print(f"位置 position: {found['at']}")
    print(f"摘要 head: {found['head']}")
    if found["faults_total"]:
        print("台账不完整 THE LEDGER HAS BEEN CHANGED")
        return 1
    print("台账完整 the ledger is whole")
    return 0
