"""Raising what is new, renewing what is live."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from mengding.core import clock
from mengding.core.actor import SYSTEM, Role
from mengding.ledger import feed
from mengding.ledger.actions import Entry, record
from mengding.people import queries as people
from mengding.people.models import Post
from mengding.regions.models import Region
from mengding.warnings import gathering
from mengding.warnings.facts import LOCAL, Found, start_of
from mengding.warnings.finding import everything
from mengding.warnings.kinds import Kind
from mengding.warnings.models import LIVE, Alert
from mengding.warnings.queries.rules import rules_of

READER = "warnings"
PIECE = 50  # warnings of one transaction
# After it was decided the same thing is not raised again for a while.
QUIET = timedelta(days=7)
QUIET_CROWD = timedelta(hours=3)  # tomorrow's crowd is another one


def look() -> dict[str, int]:
    """Find what is so now; raise what is new, renew what is live.

    All is looked for before anything is written, and written in pieces: readers of the ledger wait
    for the oldest transaction that writes. Where another worker is at it, the rest is left to it.
    """
    now = clock.now()
    counted = {"found": 0, "raised": 0}
    for district in Region.objects.filter(level="district", active=True).order_by("code"):
        rules = rules_of(district.pk)
        since = start_of(now.astimezone(LOCAL).date() - timedelta(days=rules.past_days))
        all_found = everything(gathering.facts(district.pk, since, now), rules, now)
        for begin in range(0, len(all_found), PIECE):
            with transaction.atomic():
                if not feed.hold(READER):
                    return counted
                for found in all_found[begin : begin + PIECE]:
                    counted["found"] += 1
                    counted["raised"] += keep(found, now, rules.version)
    return counted


def keep(found: Found, now: datetime, rules: int) -> bool:
    """Whether a warning was raised; a live one is renewed, one just decided left alone."""
    figures: dict[str, Any] = {
        "since": found.since,
        "until": found.until,
        "observed": found.observed,
        "expected": found.expected,
        "threshold": found.threshold,
        "chance": found.chance,
        "stage": found.stage,
        "detail": found.detail,
        "case_ids": list(found.case_ids),
        "rules": rules,
        "seen_at": now,
    }
    key = _known_key(found, now) or found.key
    rows = Alert.objects.filter(kind=found.kind, key=key)
    if rows.filter(status__in=LIVE).update(**figures):
        return False
    quiet = QUIET_CROWD if found.kind is Kind.CROWD else QUIET
    if rows.filter(decided_at__gt=now - quiet).exists():
        return False
    owner, post = _proposed(found.region)
    row = Alert.objects.create(
        kind=found.kind.value,
        key=key,
        class_code=found.class_code,
        region_id=found.region,
        cell=found.cell,
        organisation_id=owner,
        post_id=post,
        raised_at=now,
        **figures,
    )
    after = {
        "kind": row.kind,
        "class_code": row.class_code,
        "region": row.region_id,
        "rules": rules,
    }
    record(SYSTEM, Entry("warning", row.pk, "warning.raise", after=after))
    return True


def _known_key(found: Found, now: datetime) -> str | None:
    """A neighbourhood is rarely the same cell by cell from day to day: what has a cell in common
    with a cluster of its class that lives, or was decided just now, is that cluster."""
    if found.kind is not Kind.CLUSTER:
        return None
    here = set(found.detail["cells"])
    alive = Q(status__in=LIVE) | Q(decided_at__gt=now - QUIET)
    big = found.detail["big"]
    known = Alert.objects.filter(alive, kind=Kind.CLUSTER, key__startswith=f"{big}:").order_by("pk")
    return next((row.key for row in known if here & set(row.detail["cells"])), None)


def _proposed(region: int) -> tuple[int, int | None]:
    """The nearest centre with a supervisor or dispatcher, and that post."""
    centre = people.centre_of(region)
    last = centre
    while centre is not None:
        last = centre
        for role in (Role.SUPERVISOR, Role.DISPATCHER):
            post = Post.objects.filter(organisation=centre.pk, role=role, active=True).first()
            if post is not None:
                return centre.pk, post.pk
        centre = people.centre_above(centre)
    assert last is not None  # every region lies under a centre
    return last.pk, None
