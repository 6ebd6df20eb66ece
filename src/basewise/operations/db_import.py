"""`basewise db import`: renew the store from a bundle or from publishers' files, without any network."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from basewise.advisories.given_files import GivenFile, given_files
from basewise.advisories.read_input import input_of_file
from basewise.advisories.reading import READERS, DatedFile
from basewise.advisories.recognised import DATED_FEEDS
from basewise.advisories.renewal import Offer, RenewalRules
from basewise.advisories.user_store import alone_at, store_to_write
from basewise.errors import StoreError, UsageError
from basewise.model.store_update import DatabaseUpdate
from basewise.operations.db_update import fingerprint_of
from basewise.operations.imported_bundle import open_whole, take_over
from basewise.operations.renewed_store import renew_store
from basewise.progress import Progress, SilentProgress

__all__ = ["ImportWishes", "db_import"]

MAX_NAMED = 3


class ImportWishes(msgspec.Struct, frozen=True, kw_only=True):
    """What a user wants of an import.

    Args:
        allow_less: Take over a source that has far less than before, or a bundle without a source that was there.
        allow_downgrade: Take over a source that is older than before.
        as_of: Date of the data that carries none, `YYYY-MM-DD`; "" takes the time of each file, and says so.
    """

    allow_less: bool = False
    allow_downgrade: bool = False
    as_of: str = ""


def db_import(
    paths: Sequence[Path],
    *,
    today: date,
    wishes: ImportWishes | None = None,
    store: Path | None = None,
    environment: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> DatabaseUpdate:
    """Renew the store from files.

    Args:
        paths: One bundle or store file, or files, zip files and directories of publishers' files.
        today: The clock's date.
        wishes: What a user wants.
        store: The store to renew; the one that `BASEWISE_STORE` names, else the user's own, when None.
        environment: Variables; the process's own when None.
        progress: Told of each slow part.

    Returns:
        What became of each source.

    Raises:
        UsageError: The date is none, or lies in the future.
        StoreError: A file is missing, unknown or damaged, or must not replace what is there; the store is
            unchanged.
        OutputError: The store could not be written; it is unchanged.
    """
    wish, talk = wishes or ImportWishes(), progress or SilentProgress()
    _check_date(wish.as_of, today)
    target = store or store_to_write(os.environ if environment is None else environment)
    rules = RenewalRules(less=wish.allow_less, older=wish.allow_downgrade)
    for path in paths:
        whole = open_whole(path, talk)
        if whole is None:
            continue
        with whole.store:
            if len(paths) > 1:
                raise StoreError(
                    f"`{path}` is a whole store, which cannot be imported together with other files",
                    hint="import it first, and the other files after it",
                )
            return take_over(whole, target, today=today, rules=rules, talk=talk)
    with ExitStack() as stack:
        groups = given_files(paths, stack, talk)
        offers = [_offer(files, wish, today) for files in groups.values()]
        stack.enter_context(alone_at(target, talk))
        return renew_store(target, offers, today=today, progress=talk, rules=rules)


def _check_date(text: str, today: date) -> None:
    if not text:
        return
    try:
        future = date.fromisoformat(text) > today
    except ValueError as error:
        raise UsageError(f"not a date: `{text[:40]}`", hint="write `2026-11-23`") from error
    if future:
        raise UsageError(f"the data cannot be of {text}: the clock says {today.isoformat()}")


def _offer(files: Sequence[GivenFile], wish: ImportWishes, today: date) -> Offer:
    what = files[0].what
    gaps = []
    dated = what.feed in DATED_FEEDS
    if not dated and not wish.as_of:
        gaps.append("dated by the time of its file, which may be that of a copy; `--as-of` states the date")
    if what.feed == "alpine_secdb" and not any(file.what.repository == "community" for file in files):
        gaps.append("its repository `community` was not given")
    read = [
        DatedFile(path=file.path, as_of="" if dated else wish.as_of or _changed(file.path, today))
        for file in files
    ]
    return Offer(
        name=what.name,
        feed=what.feed,
        fingerprint=fingerprint_of(input_of_file(file.path, "").sha256 for file in files),
        read=lambda: READERS[what.feed](what.scope, read),
        origin=", ".join(file.shown for file in files[:MAX_NAMED]),
        gap="; ".join(gaps),
    )


def _changed(path: Path, today: date) -> str:
    try:
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    except (OSError, ValueError, OverflowError) as error:
        raise StoreError(
            f"cannot tell the date of `{path}`: {error}", hint="give it with `--as-of`"
        ) from error
    return min(changed, today).isoformat()
