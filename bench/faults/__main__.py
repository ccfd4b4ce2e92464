"""`python -m bench.faults --n 10000`; see the package."""

import argparse
import http.client
import json
import shutil
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from bench.faults.device import BREAKINGS, VILLAGE, Device
from bench.faults.judge import Verdict, judge, last_line, tally
from bench.faults.layer import HOST, Network, Tally
from bench.faults.outbox import Outbox
from bench.faults.server import Reaper, Server

ORDER = "派单"  # what is prepared to be handled
SHARE = 0.4  # of the requests meet a fault
# Name, demo account, what they do.
DEVICES = (
    ("phone-1", "grid", "grid"),
    ("phone-2", "grid", "grid"),
    ("phone-3", "grid", "grid"),
    ("phone-4", "handler", "handler"),
    ("phone-5", "desk", "desk"),
    ("phone-6", "desk", "desk"),
)


def main(arguments: list[str] | None = None) -> int:
    """Run, judge, print; 0 when nothing is lost and nothing is there twice."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--n", type=int, default=10_000, help="faults to inject")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--broken", choices=BREAKINGS, default="", help="break the app on purpose")
    parser.add_argument("--keep", action="store_true", help="keep the folder of the run")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="mengding-faults-"))
    server = Server(folder / "state")
    began = time.monotonic()
    try:
        server.start()
        print(f"server after {time.monotonic() - began:.0f} s, port {server.port}", flush=True)
        verdict, counted = run(server, folder, options.n, options.seed, options.broken)
    finally:
        server.stop()
        if options.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{time.monotonic() - began:.0f} s")
    print(last_line(counted, verdict), flush=True)
    return 1 if verdict.lost or verdict.doubled or counted < options.n else 0


def run(
    server: Server, folder: Path, most: int, seed: int = 1, broken: str = ""
) -> tuple[Verdict, int]:
    """Inject `most` faults into the work of all devices, then count. The server must answer."""
    counter, mark = Tally(most), f"故障演练 {uuid.uuid4().hex[:8]}"
    station, office = f"centre-{VILLAGE}", "dept-urban_management"
    tokens, orgs = server.known(["grid", "handler", "desk", "dispatch"], [station, office])
    ready = {
        "grid": prepared(server.port, tokens, max(4, most // 90), orgs[station], mark),
        "handler": prepared(server.port, tokens, max(3, most // 90), orgs[office], mark),
    }
    orders = {name: _shared(cases) for name, cases in ready.items()} | {"desk": iter(())}
    devices = [
        Device(
            *(name, folder, Network(server.port, tokens[who], counter, seed + place, SHARE)),
            *(counter, orders[role]),
            role=role,
            mark=mark,
            broken=broken,
        )
        for place, (name, who, role) in enumerate(DEVICES)
    ]
    reaper = Reaper(server, counter)
    for thread in (reaper, *devices):
        thread.start()
    _watch(counter, devices, reaper)
    for device in devices:
        device.network.settle()
    for device in devices:
        if device.failed is not None:
            raise device.failed
    if reaper.failed is not None:
        raise reaper.failed
    lives = sum(device.starts for device in devices)
    print(f"{dict(sorted(counter.kinds.items()))}; apps started {lives} times", flush=True)
    server.wait_ready()
    return weigh(server, mark, devices), counter.count


def _watch(counter: Tally, devices: list[Device], reaper: Reaper) -> None:
    """Until every queue is empty; says how far it is."""
    told = time.monotonic()
    drained: float | None = None
    while any(device.is_alive() for device in devices):
        time.sleep(0.1)
        if counter.count >= counter.most and drained is None:
            drained = time.monotonic()
            for device in devices:  # what is not through by then is lost
                device.deadline = drained + 600
        if time.monotonic() - told > 20:
            told = time.monotonic()
            print(f"{counter.count} faults", flush=True)
        if reaper.failed is not None:
            raise reaper.failed
    reaper.over.set()
    reaper.join(330)


def _shared(cases: list[int]) -> Iterator[int]:
    """One list for several threads."""
    lock = threading.Lock()

    class Shared:
        def __iter__(self) -> Iterator[int]:
            return self

        def __next__(self) -> int:
            with lock:
                if not cases:
                    raise StopIteration
                return cases.pop()

    return Shared()


def prepared(port: int, tokens: dict[str, str], count: int, lead: int, mark: str) -> list[int]:
    """Cases sent to an organisation, made before anything goes wrong."""
    line = http.client.HTTPConnection(HOST, port, timeout=60)

    def call(method: str, path: str, who: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {tokens[who]}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        line.request(method, f"/api/v1{path}", content, headers)
        answer = line.getresponse()
        told = json.loads(answer.read())
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {told}")
        return told

    made = []
    for _ in range(count):
        message = {"description": f"{ORDER} {mark}", "class_code": "C0101", "region_code": VILLAGE}
        case = call("POST", "/reports", "desk", message)["case_id"]
        call("POST", f"/cases/{case}/file", "desk", {"condition_code": "C0101-1"})
        call("POST", f"/cases/{case}/dispatch", "dispatch", {"lead_org_id": lead})
        made.append(case)
    return made


_FOUND = """
SELECT 'report ' || description, count(*) FROM cases_report WHERE description LIKE %(mark)s
  GROUP BY 1
UNION ALL
SELECT replace(e.action, 'case.', '') || ' ' || w.text, count(*)
  FROM ledger_event e JOIN ledger_words w ON w.id = e.words_id
  WHERE w.text LIKE %(mark)s GROUP BY 1
UNION ALL
SELECT replace(action, 'case.', '') || ' ' || subject_id, count(*) FROM ledger_event
  WHERE subject_kind = 'case' AND action IN ('case.accept', 'case.arrive')
  AND subject_id IN (SELECT case_id FROM cases_report WHERE description = %(order)s) GROUP BY 1
UNION ALL
SELECT 'photo ' || e.blob_id || ' of ' ||
    CASE WHEN r.description = %(order)s THEN '#' || r.case_id ELSE r.description END, count(*)
  FROM evidence_evidence e JOIN cases_report r ON r.case_id = e.subject_id
  WHERE e.subject_kind = 'case' AND e.erased_at IS NULL
  AND (r.description = %(order)s OR r.description LIKE %(mark)s) GROUP BY 1
"""
_WHOLE = """
import django; django.setup()
from mengding.evidence import queries, seals
from mengding.evidence.models import Blob, Evidence
from mengding.ledger.verify import verify
for blob in Blob.objects.filter(erased_at=None):
    for part in queries.unsound(blob):
        print("content", blob.sha256, part)
for row in Evidence.objects.select_related("blob", "seal"):
    for fault in seals.verify(row, row.seal).faults:
        print("seal", row.pk, fault)
for fault in verify()[1]:
    print("ledger", fault)
"""


def weigh(server: Server, mark: str, devices: list[Device]) -> Verdict:
    """What was queued, by the people's own count and by the queues, against the server's rows."""
    expected = set().union(*(device.expected for device in devices))
    refused: list[str] = []
    for device in devices:
        outbox = Outbox(device.file, device.network.send)
        for write in outbox.all():
            if write.state != "done":
                refused.append(f"{write.state} {write.path} {write.answer.get('code', '')}")
        outbox.close()
    with psycopg.connect(server.database()) as connection:
        rows = connection.execute(
            _FOUND, {"mark": f"{mark} %", "order": f"{ORDER} {mark}"}
        ).fetchall()
        unfinished = connection.execute(
            "SELECT count(*) FROM http_idempotencykey WHERE status = 0"
        ).fetchone()
    verdict = judge(expected, {str(name): int(count) for name, count in rows})
    broken = server.ask(_WHOLE).splitlines()
    if unfinished != (0,):
        broken.append(f"unfinished keys: {unfinished}")
    for kind, names in (("lost", verdict.lost), ("doubled", verdict.doubled)):
        for name in names[:20]:
            print(f"{kind}: {name}")
    for text, count in tally(refused + broken).most_common(20):
        print(f"{count} × {text}")
    print(f"{len(expected)} things were queued; contents, seals and ledger: {len(broken)} faults")
    # What does not verify is as good as lost.
    return Verdict((*verdict.lost, *broken), verdict.doubled)


if __name__ == "__main__":
    sys.exit(main())
