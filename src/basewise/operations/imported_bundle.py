"""Importing a whole store: a bundle of `db export`, or a store file."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import msgspec

from basewise._internal.paths import write_atomically
from basewise.advisories.bundle import IMPORT_HINT, open_bundle, read_bundle
from basewise.advisories.coverage import coverage_of
from basewise.advisories.given_files import READABLE
from basewise.advisories.read_input import open_input
from basewise.advisories.renewal import RenewalRules, compare_sources, row_of
from basewise.advisories.store import Store
from basewise.advisories.store_file import read_store_bytes, schema_of
from basewise.advisories.user_store import alone_at
from basewise.errors import StoreError
from basewise.model.advisory import SourceStatus
from basewise.model.evidence import Coverage
from basewise.model.store_update import DatabaseUpdate, Outcome, SourceUpdate
from basewise.operations.renewed_store import open_previous
from basewise.progress import Progress

__all__ = ["WholeStore", "open_whole", "take_over"]

MAX_NAMED = 3
_BUFFER_BYTES = 1024**2


class WholeStore(msgspec.Struct, frozen=True):
    """An open store, its bytes, and where it came from."""

    store: Store
    raw: bytes
    origin: Path


def open_whole(path: Path, talk: Progress) -> WholeStore | None:
    """Open what is a whole store: a bundle or a store file; None for something else.

    Raises:
        StoreError: It is missing or damaged.
    """
    try:
        there = path.exists()
    except OSError as error:
        raise StoreError(f"cannot import `{path}`: {error.strerror or error}") from error
    if not there:
        raise StoreError(f"cannot import `{path}`: there is no such file", hint=f"name {READABLE}")
    if path.is_dir():
        members = read_bundle(path)
    elif not path.is_file():
        raise StoreError(f"cannot import `{path}`: it is no regular file", hint=f"name {READABLE}")
    elif schema_of(path) is not None or path.name.endswith((".sqlite", ".sqlite.gz")):
        return WholeStore(Store.open_path(path, IMPORT_HINT), read_store_bytes(path), path)
    else:
        talk.step(f"looking into {path}")
        with open_input(path, _BUFFER_BYTES) as file:
            is_zip = file.read(2) == b"PK"
        members = read_bundle(path) if is_zip else None
    return None if members is None else WholeStore(*open_bundle(path, members), path)


def take_over(
    new: WholeStore, target: Path, *, today: date, rules: RenewalRules, talk: Progress
) -> DatabaseUpdate:
    """Replace a store by another one, if that is as good.

    Args:
        new: The other one.
        target: The store to replace.
        today: The clock's date.
        rules: What a user allows.
        talk: Told of each slow part.

    Raises:
        StoreError: It has less or older sources; the store is unchanged.
        OutputError: The store could not be written; it is unchanged.
    """
    with alone_at(target, talk):
        previous = open_previous(target, talk)
        with Store.open_embedded() if previous is None else previous as before:
            known = before.sources()
        objections = compare_sources(new.store.sources(), known, today, rules)
        if objections:
            raise _refused(new.origin, objections, target)
        written = previous is None or read_store_bytes(target) != new.raw
        if written:
            talk.step(f"writing {target}")
            raw = gzip.compress(new.raw, mtime=0) if target.name.endswith(".gz") else new.raw
            write_atomically(target, raw)
    sources, not_covered = coverage_of(new.store.sources(), today)
    return DatabaseUpdate(
        store=str(target),
        written=written,
        size_bytes=target.stat().st_size,
        complete=True,
        sources=_rows(new, {source.name: source for source in known}, today),
        notes=(),
        coverage=Coverage(complete=not not_covered, sources=sources, not_covered=not_covered),
    )


def _refused(origin: Path, objections: list[str], target: Path) -> StoreError:
    shown = "; ".join(objections[:MAX_NAMED])
    more = len(objections) - MAX_NAMED
    return StoreError(
        f"cannot import `{origin}`: {shown}{f'; and {more} more' if more > 0 else ''}; the store `{target}` stays as"
        " it was",
        hint="export a newer bundle; `--allow-less` and `--allow-downgrade` take this one all the same",
    )


def _rows(new: WholeStore, known: dict[str, SourceStatus], today: date) -> tuple[SourceUpdate, ...]:
    rows = []
    for source in new.store.sources():
        before = known.get(source.name)
        outcome = Outcome.UNCHANGED if before == source else Outcome.UPDATED
        rows.append(
            msgspec.structs.replace(
                row_of(source.name, outcome, (source,), today),
                entries_before=None if before is None else before.entries,
                origin=str(new.origin),
            )
        )
    return tuple(rows)
