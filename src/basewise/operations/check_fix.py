"""`check --fix`: make the repairs that are safe, one round after the other until nothing is left to repair."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from basewise._internal.paths import write_atomically
from basewise.advisories.store import Store
from basewise.dockerfile.edit import Edit, apply_edits
from basewise.dockerfile.parse import encode_dockerfile
from basewise.errors import InputError
from basewise.model.check import Check
from basewise.model.evidence import NotCovered
from basewise.operations.check_options import CheckOptions
from basewise.operations.check_targets import Target, find_targets
from basewise.operations.checker import Checker, edits_of, look_again
from basewise.progress import Progress

__all__ = ["FixedFile", "Repaired", "difference", "fix"]

MAX_ROUNDS = 8


class FixedFile(msgspec.Struct, frozen=True):
    """A file that changes: its path, its text before and after, and the rules that were repaired."""

    path: str
    before: str
    after: str
    rules: tuple[str, ...]


class Repaired(msgspec.Struct, frozen=True):
    """What was repaired, and what a check of it says.

    Args:
        files: Files that changed, or would change.
        check: The check of the repaired files.
    """

    files: tuple[FixedFile, ...]
    check: Check

    @property
    def diff(self) -> str:
        """All changes as a unified diff."""
        return "".join(difference(file.path, file.before, file.after) for file in self.files)


def fix(
    paths: Iterable[Path | str],
    options: CheckOptions | None = None,
    *,
    write: bool = True,
    now: datetime | None = None,
    progress: Progress | None = None,
    store: Store | None = None,
) -> Repaired:
    """Repair what is safe to repair, changing only the bytes that a repair means to change.

    Args:
        paths: As `check` takes them.
        options: As `check` takes them.
        write: Write the files; False only says what would be written.
        now: The clock.
        progress: Told of slow parts.
        store: Advisory store.

    Raises:
        InputError: As `check`.
        OutputError: A file could not be written; it is as it was.
        UsageError: As `check`.
    """
    targets = find_targets(Path(path) for path in paths)
    files: list[FixedFile] = []
    results = []
    missing = set(targets.not_covered)
    with Checker(options or CheckOptions(), now=now, progress=progress, store=store) as checker:
        for target in targets.files:
            try:
                looked = checker.look(target)
            except InputError as error:
                if len(targets.files) == 1 and not missing:
                    raise
                missing.add(NotCovered(target.shown, error.message))
                continue
            text = target.text
            rules: set[str] = set()
            for _ in range(MAX_ROUNDS):
                repairs = edits_of(looked)
                if not repairs:
                    break
                text, made = _made(text, repairs)
                rules |= made
                looked = look_again(checker, target, text)
            if text != target.text:
                files.append(FixedFile(target.shown, target.text, text, tuple(sorted(rules))))
                if write:
                    _write(target, text)
            results.append(looked)
        return Repaired(tuple(files), checker.document(results, missing))


def difference(path: str, before: str, after: str) -> str:
    """Return a change as a unified diff; bytes that are no UTF-8 are shown as escapes."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}"
    )
    shown = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return "".join(shown).encode("utf-8", "backslashreplace").decode()


def _made(text: str, repairs: Sequence[tuple[str, tuple[Edit, ...]]]) -> tuple[str, set[str]]:
    """Make the repairs that do not touch each other; the others come with the next round."""
    edits: list[Edit] = []
    rules: set[str] = set()
    for rule, wanted in repairs:
        if not any(_touch(one, other) for one in wanted for other in edits if one != other):
            edits += wanted
            rules.add(rule)
    return apply_edits(text, edits), rules


def _touch(one: Edit, other: Edit) -> bool:
    """Tell whether two edits cannot both be made at once; one that ends where the other begins can."""
    insertions = one.start == one.end == other.start == other.end
    return insertions or (one.start < other.end and other.start < one.end)


def _write(target: Target, text: str) -> None:
    write_atomically(target.path, encode_dockerfile(text), keep_mode=True)
