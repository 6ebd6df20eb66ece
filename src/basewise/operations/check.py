"""`check`: hold Dockerfiles and compose files against the rules, with evidence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from basewise.advisories.store import Store
from basewise.errors import InputError
from basewise.model.check import Check
from basewise.model.evidence import NotCovered
from basewise.operations.check_options import CheckOptions
from basewise.operations.check_targets import find_targets
from basewise.operations.checker import Checker
from basewise.progress import Progress

__all__ = ["CheckOptions", "check"]


def check(
    paths: Iterable[Path | str],
    options: CheckOptions | None = None,
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
    store: Store | None = None,
) -> Check:
    """Hold Dockerfiles and compose files against the rules.

    Nothing of a file or of an application is executed. Nobody is asked unless `options.online` allows it.

    Args:
        paths: Dockerfiles, compose files, and folders that are searched for them.
        options: How to check; the defaults when None.
        now: The clock, with a time zone; the present when None.
        progress: Told of slow parts.
        store: Advisory store; `BASEWISE_STORE` or the embedded one when None.

    Returns:
        Every finding with its place, what comments take out, and what could not be seen.

    Raises:
        InputError: A path is not there, a named file cannot be read, or nothing is there to check.
        PolicyError: The policy file cannot be read.
        StoreError: The advisory store could not be read.
        UsageError: A setting or an option makes no sense.
    """
    targets = find_targets(Path(path) for path in paths)
    with Checker(options or CheckOptions(), now=now, progress=progress, store=store) as checker:
        results = []
        missing = set(targets.not_covered)
        for target in targets.files:
            try:
                results.append(checker.look(target))
            except InputError as error:
                if len(targets.files) == 1 and not missing:
                    raise
                missing.add(NotCovered(target.shown, error.message))
        return checker.document(results, missing)
