"""`pin`: write digests behind tags, and write down where they come from."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from basewise._internal.paths import write_atomically
from basewise._internal.text import format_moment
from basewise.advisories.store import Store
from basewise.dockerfile.edit import Edit, apply_edits
from basewise.dockerfile.images import ImageUse, image_uses, resolve_stages
from basewise.dockerfile.lock import (
    LOCK_FILE_NAME,
    file_in_lock,
    lock_text,
    project_root,
    read_lock,
    write_lock,
)
from basewise.dockerfile.parse import encode_dockerfile, parse_dockerfile
from basewise.errors import InputError
from basewise.model.lock import ImageLock, Pin
from basewise.model.pin import PinChange, Pinned, PinRow
from basewise.model.platform import LINUX_AMD64, Platform
from basewise.operations.check_fix import difference
from basewise.operations.check_images import ImageKnowledge
from basewise.operations.check_targets import Target, find_targets
from basewise.operations.document_words import document_distro
from basewise.operations.image_registry import Registry
from basewise.operations.pin_edit import PinEdit, pin_edit
from basewise.operations.read_image import ImageAccess
from basewise.operations.refresh_effect import EffectReader
from basewise.progress import Progress, SilentProgress
from basewise.rules.evidence import ImageEvidence

__all__ = ["PinOptions", "pin"]


class PinOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to pin.

    Args:
        refresh: Move digests that stand there to the newest build of their tag.
        offline: Ask no registry: the catalogue says what tags lead to.
        write: Write the files; False only says what would be written.
        platform: Platform of the images.
        access: How registries may be asked.
    """

    refresh: bool = False
    offline: bool = False
    write: bool = True
    platform: Platform = LINUX_AMD64
    access: ImageAccess = ImageAccess()


class _File(msgspec.Struct, frozen=True):
    """One file with what becomes of it."""

    target: Target
    text: str
    rows: tuple[PinRow, ...]
    pins: tuple[Pin, ...]


def pin(
    paths: Iterable[Path | str],
    options: PinOptions | None = None,
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
    store: Store | None = None,
) -> Pinned:
    """Insert digests behind the tags of files, and write `basewise.lock` at the root of each file's project.

    Nothing but `@sha256:…` is inserted. A name that has a digest is left alone, unless `options.refresh` moves it.

    Args:
        paths: Dockerfiles, compose files, and folders that are searched for them.
        options: How to pin; the defaults when None.
        now: The clock.
        progress: Told of slow parts.
        store: Advisory store, for what a refresh removes.

    Returns:
        A row for each image. One that cannot be pinned is a row with the reason; the others are pinned.

    Raises:
        InputError: A path is not there, a named file or a lock cannot be read, or nothing is there to pin.
        OutputError: A file could not be written; it is as it was.
    """
    chosen = options or PinOptions()
    moment = now or datetime.now(UTC)
    talk = progress or SilentProgress()
    targets = [target for target in find_targets(Path(path) for path in paths).files if not target.inside]
    with ExitStack() as stack:
        opened = store if store is not None else stack.enter_context(Store.open_default())
        registry = None
        if not chosen.offline:
            registry = stack.enter_context(Registry(chosen.access, talk))
        knowledge = ImageKnowledge(chosen.platform, EffectReader(opened), registry)
        pinner = _Pinner(chosen, knowledge, registry, moment)
        files = [pinner.file(target) for target in targets]
    if not files:
        raise InputError(
            "there is nothing to pin", hint="name a Dockerfile: `basewise pin path/to/Dockerfile`"
        )
    return _finished(files, chosen, moment)


class _Pinner:
    """Pins the images of files.

    Args:
        options: How.
        knowledge: What is known of images.
        registry: Was asked; None when it was not.
        moment: The clock.
    """

    def __init__(
        self, options: PinOptions, knowledge: ImageKnowledge, registry: Registry | None, moment: datetime
    ) -> None:
        self._options = options
        self._knowledge = knowledge
        self._registry = registry
        self._today = moment.date().isoformat()

    def file(self, target: Target) -> _File:
        root = project_root(target.path)
        name = file_in_lock(target.path, root)
        lock = read_lock(root) or ImageLock()
        known = tuple(one for one in lock.pins if one.file == name)
        edits: list[Edit] = []
        rows: list[PinRow] = []
        pins: list[Pin] = []
        for use in _uses(target, self._options.platform):
            image = self._knowledge.of(use, final=False, pins=known)
            change = self._change(image, target.text)
            if change.edit is not None:
                edits.append(change.edit)
            rows.append(self._row(target, image, change))
            if change.digest is not None and image.reference is not None:
                pins.append(self._pin(image, change, known, file=name))
        text = apply_edits(target.text, edits)
        return _File(target, text, tuple(rows), _once(pins))

    def _change(self, image: ImageEvidence, text: str) -> PinEdit:
        """Return what happens to an image: nothing where its registry was to be asked and did not answer."""
        change = pin_edit(image, text, refresh=self._options.refresh)
        problem = self._problem(image)
        stands = image.reference is not None and image.reference.digest is not None
        if not problem or (stands and not self._options.refresh):
            return change
        before = str(image.reference.digest) if stands and image.reference is not None else None
        return PinEdit(change=PinChange.NOT_PINNED, digest=before, before=before, why=problem)

    def _row(self, target: Target, image: ImageEvidence, change: PinEdit) -> PinRow:
        return PinRow(
            path=target.shown,
            line=target.text.count("\n", 0, image.use.start) + 1,
            image=image.name,
            change=change.change,
            digest=change.digest,
            before=change.before,
            created=_created(image, change),
            removes=image.effect.removes
            if image.effect is not None and change.change is PinChange.REFRESHED
            else None,
            why=change.why,
        )

    def _problem(self, image: ImageEvidence) -> str:
        """Return why the registry did not say what a tag leads to, "" where it did."""
        if self._registry is None or image.reference is None:
            return ""
        tag = msgspec.structs.replace(image.reference, digest=None)
        error = self._registry.problems.get(tag)
        return f"{error.message}; `--offline` takes the catalogue's word" if error is not None else ""

    def _pin(self, image: ImageEvidence, change: PinEdit, known: Sequence[Pin], *, file: str) -> Pin:
        """Return the entry of the lock; one that says the same already stays as it is."""
        old = next((one for one in known if one.image == image.name), None)
        if old is not None and old.digest == change.digest:
            return old
        moved = change.change in {PinChange.PINNED, PinChange.REFRESHED}
        facts = image.newest if moved else image.facts
        source = "file" if not moved else "registry" if self._registry is not None else "catalogue"
        distro = facts.distro if facts is not None else image.distro
        reasons = [change.why]
        if image.effect is not None and change.change is PinChange.REFRESHED and image.effect.removes:
            reasons.append(f"removes {', '.join(image.effect.removes)} ({image.effect.how})")
        return Pin(
            file=file,
            image=image.name,
            digest=str(change.digest),
            created=_created(image, change),
            python=facts.python if facts is not None else None,
            distro=document_distro(distro) if distro is not None else None,
            evidence=source,
            evidence_date=self._catalogue_date() if source == "catalogue" else self._today,
            reasons=tuple(reason for reason in reasons if reason),
            refresh=_refresh(file),
        )

    def _catalogue_date(self) -> str:
        """Return the date of the catalogue: what it says was true then."""
        return min((one.as_of.isoformat() for one in self._knowledge.catalogues), default=self._today)


def _uses(target: Target, platform: Platform) -> tuple[ImageUse, ...]:
    if target.compose is not None:
        return target.compose.images
    dockerfile = parse_dockerfile(target.text)
    return image_uses(dockerfile, resolve_stages(dockerfile, build_args=target.args, platform=platform))


def _created(image: ImageEvidence, change: PinEdit) -> str | None:
    """Return when the build was made that is pinned now."""
    if change.change in {PinChange.PINNED, PinChange.REFRESHED}:
        newest = image.newest
        known = newest is not None and change.digest == str(newest.index_digest)
        return newest.created.date().isoformat() if newest is not None and known else None
    return image.created.isoformat() if image.created is not None else None


def _refresh(file: str) -> str:
    return f"basewise pin --refresh {shlex.quote(file)}"


def _once(pins: Iterable[Pin]) -> tuple[Pin, ...]:
    return tuple({one.image: one for one in pins}.values())


def _finished(files: Sequence[_File], options: PinOptions, moment: datetime) -> Pinned:
    """Write what changed, the locks last, and put the rows together."""
    from basewise import __version__  # noqa: PLC0415 - the package imports operations lazily

    changed: list[str] = []
    diff: list[str] = []
    for file in files:
        if file.text != file.target.text:
            changed.append(file.target.shown)
            diff.append(difference(file.target.shown, file.target.text, file.text))
            if options.write:
                write_atomically(file.target.path, encode_dockerfile(file.text), keep_mode=True)
    for root, lock in _locks(files).items():
        before = read_lock(root)
        if lock_text(lock) == (lock_text(before) if before is not None else b""):
            continue
        shown = _shown_lock(files, root)
        changed.append(shown)
        diff.append(
            difference(
                shown, lock_text(before).decode() if before is not None else "", lock_text(lock).decode()
            )
        )
        if options.write:
            write_lock(root, lock)
    rows = tuple(row for file in files for row in file.rows)
    return Pinned(
        generated_at=format_moment(moment),
        version=__version__,
        platform=str(options.platform),
        images=rows,
        changed=tuple(changed),
        refresh=tuple(
            dict.fromkeys(
                _refresh(file.target.shown) for file in files if any(row.digest for row in file.rows)
            )
        ),
        diff="".join(diff),
    )


def _locks(files: Iterable[_File]) -> dict[Path, ImageLock]:
    """Return the locks as they shall be: pins of other files stay."""
    locks: dict[Path, ImageLock] = {}
    for file in files:
        root = project_root(file.target.path)
        name = file_in_lock(file.target.path, root)
        lock = locks.get(root) or read_lock(root) or ImageLock()
        kept = tuple(one for one in lock.pins if one.file != name)
        pins = (*kept, *file.pins)
        if pins or root in locks or lock.pins:
            locks[root] = ImageLock(pins=tuple(sorted(pins, key=lambda one: (one.file, one.image))))
    return locks


def _shown_lock(files: Iterable[_File], root: Path) -> str:
    """Return the lock's path as seen from where the files were named."""
    for file in files:
        if project_root(file.target.path) == root:
            depth = len(Path(file_in_lock(file.target.path, root)).parts) - 1
            parents = file.target.path.parents
            folder = parents[depth] if depth < len(parents) else root
            return (folder / LOCK_FILE_NAME).as_posix()
    return (root / LOCK_FILE_NAME).as_posix()
