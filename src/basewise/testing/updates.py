"""Updating a store in other processes, small and quick: what tests of crashes and full disks need."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from basewise.advisories.store import Store
from basewise.advisories.write import write_store
from basewise.model.advisory import FactKind
from basewise.operations.db_update import UpdateWishes, db_update
from basewise.testing.feeds import FactsFeed, content_of, fact

__all__ = ["KEV_ENTRIES", "TODAY", "kev_update", "kill_updates", "small_store"]

TODAY = date(2026, 11, 27)
KEV_ENTRIES = 1000
_AT_A_TIME = 2
_MEASURED = 3


def small_store(directory: Path) -> Path:
    """Write a store to begin with instead of the embedded one, which takes most of an update's time."""
    path = directory / "embedded.sqlite"
    facts = [
        fact(f"CVE-2026-{number:04}", FactKind.FIXED, "1-1", package=f"package-{number % 200}")
        for number in range(4000)
    ]
    exploited = FactsFeed("kev", exploited=["CVE-2020-0001"], as_of="2025-08-25")
    write_store(path, content_of(*facts, feeds=[exploited]))
    return path


def kev_update(store: Path, address: str) -> None:
    """Update the list of exploited vulnerabilities of a store, from one address."""
    wishes = UpdateWishes(wanted=("kev",), addresses=(f"kev={address}",))
    db_update(today=TODAY, wishes=wishes, store=store)


def kill_updates(url: str, directory: Path, rounds: int, seed: int) -> dict[str, int]:
    """Kill updates at random moments, and look at the store after each.

    Args:
        url: Serves `NUMBER.json`, a list with `KEV_ENTRIES` + NUMBER entries.
        directory: Where stores and caches may lie; empty.
        rounds: How often.
        seed: Of the moments.

    Returns:
        How often the process was killed, and the store was the `old` or the `new` one.

    Raises:
        AssertionError: A store did not open, or is neither.
    """
    generator = random.Random(seed)  # noqa: S311 - the same moments in every run
    seconds = _measured(lambda number: kev_update(directory / "first.sqlite", f"{url}/{number}.json"))
    counts = {"killed": 0, "old": 0, "new": 0}
    stores = [directory / str(number) / "store.sqlite" for number in range(_AT_A_TIME)]
    before = [0] * _AT_A_TIME
    for path in stores:
        os.environ["BASEWISE_CACHE_DIR"] = str(path.parent / "cache")
        kev_update(path, f"{url}/0.json")
    for number in range(1, rounds // _AT_A_TIME + 1):
        children = [_fork(path, f"{url}/{number}.json") for path in stores]
        for moment, child in sorted((generator.uniform(0, seconds * 2), child) for child in children):
            time.sleep(moment)
            os.kill(child, signal.SIGKILL)
        for index, (child, path) in enumerate(zip(children, stores, strict=True)):
            _, status = os.waitpid(child, 0)
            counts["killed"] += os.WIFSIGNALED(status)
            with Store.open_path(path) as store:
                found = len(store.exploited_ids()) - KEV_ENTRIES
            if found not in {before[index], number}:
                raise AssertionError(f"{found} entries, neither {before[index]} nor {number}")
            counts["new" if found == number else "old"] += 1
            # As long as half of the updates end before they are killed, the moments lie in all of their parts,
            # however busy the machine is.
            seconds *= 0.9 if found == number else 1.1
            before[index] = found
    for path in stores:
        os.environ["BASEWISE_CACHE_DIR"] = str(path.parent / "cache")
        kev_update(path, f"{url}/0.json")
        left = {entry.name for entry in path.parent.iterdir()}
        if not left <= {"store.sqlite", ".store.sqlite.lock", "cache"}:
            raise AssertionError(f"left behind: {sorted(left)}")
    return counts


def _measured(work: Callable[[int], None]) -> float:
    """Return the seconds that the last of a few runs took, which loaded nothing any more."""
    began = time.monotonic()
    for number in range(_MEASURED):
        began = time.monotonic()
        work(number)
    return time.monotonic() - began


def _fork(store: Path, address: str) -> int:
    """Update in a child of this process, which has one thread and everything loaded."""
    child = os.fork()
    if child == 0:
        try:
            os.environ["BASEWISE_CACHE_DIR"] = str(store.parent / "cache")
            kev_update(store, address)
        finally:
            os._exit(0)
    return child


def main(url: str, folder: str, rounds: str, seed: str) -> None:
    """Kill updates, and print what became of them."""
    embedded = small_store(Path(folder))
    setattr(Store, "open_embedded", lambda: Store.open_path(embedded))  # noqa: B010 - mypy forbids the other form
    counts = kill_updates(url, Path(folder), int(rounds), int(seed))
    sys.stdout.write(json.dumps(counts))


if __name__ == "__main__":
    main(*sys.argv[1:])
