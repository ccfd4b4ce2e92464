"""Demo accounts have printed passwords, so they stay on this machine unless someone insists."""

from __future__ import annotations

import ipaddress
import os

from mengding.runtime.problem import Problem

ALLOW_DEMO = "MENGDING_ALLOW_DEMO_ON_NETWORK"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server listening on ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_demo_on_network(host: str) -> None:
    """Raise ``Problem`` if demo accounts, whose passwords are printed, would face a network."""
    if is_loopback(host) or os.environ.get(ALLOW_DEMO) == "1":
        return
    from mengding.demo import queries

    if queries.is_loaded():
        raise Problem(
            f"演示账户不得对外服务 the demo accounts must not be served on {host}; "
            "use 127.0.0.1, or --allow-demo-on-network if you mean it"
        )
