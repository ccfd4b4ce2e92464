"""Memory of a process and everything below it, shared pages counted once."""

import psutil


def shared_out(pid: int) -> tuple[float, dict[str, float]]:
    """(MiB of all processes, MiB by name), as proportional set size.

    The embedded database is a process tree of its own account; it is found by its parent chain
    or, where it was detached, by the state folder on its command line.
    """
    root = psutil.Process(pid)
    found = {root.pid: root, **{p.pid: p for p in root.children(recursive=True)}}
    state = root.environ()["MENGDING_DATA"]
    for process in psutil.process_iter():
        try:
            if state in " ".join(process.cmdline()):
                found |= {p.pid: p for p in [process, *process.children(recursive=True)]}
        except psutil.Error:
            continue
    by_name: dict[str, float] = {}
    for process in found.values():
        try:
            name, size = process.name(), process.memory_full_info().pss / 2**20
        except psutil.Error:
            continue
        by_name[name] = round(by_name.get(name, 0) + size, 1)
    return round(sum(by_name.values()), 1), by_name
