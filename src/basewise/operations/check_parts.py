"""Reading a file for its rules: its RUN instructions, what the lock says of it, what the document says of its images."""

from __future__ import annotations

from collections.abc import Iterator

from basewise.dockerfile.images import ImageUse, ResolvedStage
from basewise.dockerfile.lock import LOCK_FILE_NAME, file_in_lock, project_root, read_lock
from basewise.dockerfile.model import Dockerfile
from basewise.model.check import CheckImage
from basewise.operations.check_targets import Target
from basewise.rules.evidence import ImageEvidence, LockEvidence
from basewise.rules.rule import Run, run_of

__all__ = ["evidence_of", "image_record", "locks_of", "runs_of"]


def locks_of(target: Target) -> LockEvidence | None:
    """Return what the lock of the file's project says of it; None when there is no lock.

    Raises:
        InputError: The lock cannot be read.
    """
    if target.inside:
        return None
    root = project_root(target.path)
    lock = read_lock(root)
    if lock is None:
        return None
    name = file_in_lock(target.path, root)
    return LockEvidence(path=LOCK_FILE_NAME, pins=tuple(pin for pin in lock.pins if pin.file == name))


def evidence_of(images: tuple[ImageEvidence, ...], root: ImageUse | None) -> ImageEvidence | None:
    """Return the evidence of the image that is named at a place."""
    return next((image for image in images if root is not None and image.use == root), None)


def runs_of(
    dockerfile: Dockerfile, stages: tuple[ResolvedStage, ...], chain: tuple[ResolvedStage, ...]
) -> Iterator[Run]:
    """Yield the RUN instructions of all stages."""
    final = {one.stage.index for one in chain}
    for one in stages:
        for part in one.stage.parts:
            run = run_of(part, one.stage.index, dockerfile.escape, final=one.stage.index in final)
            if run is not None:
                yield run


def image_record(image: ImageEvidence, text: str) -> CheckImage:
    """Return what the document says of an image."""
    reference = image.reference
    digest = reference.digest if reference is not None else None
    return CheckImage(
        written=image.use.written,
        image=image.name if reference is not None else None,
        digest=str(digest) if digest is not None else None,
        line=text.count("\n", 0, image.use.start) + 1,
        used_in=str(image.use.kind),
        final=image.final,
        known_as=image.facts.name if image.facts is not None else None,
        created=image.created.isoformat() if image.created is not None else None,
        newest_digest=str(image.newest_digest) if image.newest_digest is not None else None,
        refresh_removes=image.effect.removes if image.effect is not None else None,
    )
