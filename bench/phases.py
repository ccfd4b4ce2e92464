"""What is measured: one function per figure, each through HTTP as a client would."""

import itertools
import json
import random
from typing import Any
from urllib.parse import quote

from bench.load import Load, Request

WORDS = ("井盖", "路灯", "垃圾堆放", "消火栓", "占道经营")


def create(load: Load, tokens: dict[str, str], *, seconds: float) -> dict[str, Any]:
    """POST /reports without a photo: case, report, routing, clock, search entry, ledger."""
    dice = random.Random(1)

    def make(connection: int, number: int) -> Request:
        body = {
            "description": f"路灯不亮，晚上出行不便，请尽快派人处理。{connection}-{number}",
            "class_code": "C0137",
            "channel": "phone",
            "lon": 103.11 + dice.uniform(-0.03, 0.03),
            "lat": 30.09 + dice.uniform(-0.03, 0.03),
            "address": f"解放路{number}号",
        }
        return "POST", "/api/v1/reports", json.dumps(body).encode(), tokens["desk"]

    result = load.run(make, connections=8, seconds=seconds)
    load.created = [json.loads(body)["case_id"] for body in load.bodies]
    return result


def _get(load: Load, token: str, paths: list[str], seconds: float) -> dict[str, Any]:
    turn = itertools.cycle(paths)
    return load.run(lambda _c, _n: ("GET", next(turn), b"", token), connections=4, seconds=seconds)


def listing(load: Load, tokens: dict[str, str], *, seconds: float) -> dict[str, Any]:
    """GET /cases: the newest 50 of the district."""
    return _get(load, tokens["desk"], ["/api/v1/cases?limit=50"], seconds)


def filtered_list(load: Load, tokens: dict[str, str], *, seconds: float) -> dict[str, Any]:
    """GET /cases with filters that people use: stage, class, town, light, department, period."""
    paths = [
        "/api/v1/cases?limit=50&stage=handling",
        "/api/v1/cases?limit=50&class_code=C0137&open=true",
        "/api/v1/cases?limit=50&region=511803102",
        "/api/v1/cases?limit=50&colour=red&sort=due_at",
        "/api/v1/cases?limit=50&class_code=E01&region=511803001",
    ]
    return _get(load, tokens["desk"], paths, seconds)


def search(load: Load, tokens: dict[str, str], *, seconds: float) -> dict[str, Any]:
    """GET /cases?q=: words of two characters up to a phrase, frequent and rare."""
    words = ["井盖", "路灯", "蒙顶山", "消火栓缺水带", "污水溢出到人行道上"]
    paths = [f"/api/v1/cases?limit=50&q={quote(word)}" for word in words]
    result = _get(load, tokens["desk"], paths, seconds)
    for word, path in zip(words, paths, strict=True):
        one = _get(load, tokens["desk"], [path], 1.5)
        result[word] = one["p95_ms"]
    return result


def detail(load: Load, tokens: dict[str, str], *, seconds: float) -> dict[str, Any]:
    """GET /cases/{id}: random cases of the whole table."""
    top, dice = min(load.created), random.Random(2)
    paths = [f"/api/v1/cases/{dice.randrange(1, top)}" for _ in range(5000)]
    return _get(load, tokens["desk"], paths, seconds)


def transition(load: Load, tokens: dict[str, str], *, seconds: float) -> dict[str, Any]:
    """POST file, dispatch and accept, in turn, on the cases just created."""
    ids = iter(load.created)
    held: dict[int, int] = {}
    lead = lead_org(load, tokens)

    def make(connection: int, number: int) -> Request | None:
        step = number % 3
        if step == 0:
            case_id = next(ids, None)
            if case_id is None:
                return None
            held[connection] = case_id
        case_id = held[connection]
        verb, user, body = (
            ("file", "desk", {"condition_code": "C0137-1"}),
            ("dispatch", "dispatch", {"lead_org_id": lead}),
            ("accept", "handler", {}),
        )[step]
        return (
            "POST",
            f"/api/v1/cases/{case_id}/{verb}",
            json.dumps(body).encode(),
            tokens[user],
        )

    return load.run(make, connections=4, seconds=seconds)


def lead_org(load: Load, tokens: dict[str, str]) -> int:
    """Organisation id of the demo handler."""
    cursor = ""
    while True:
        page = load.get(f"/api/v1/organisations?limit=200{cursor}", tokens["handler"])
        for row in page["items"]:
            if row["code"] == "dept-urban_management":
                return int(row["id"])
        cursor = f"&cursor={page['next']}"
