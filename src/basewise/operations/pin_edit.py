"""What `pin` does to one image: the edit, or why there is none."""

from __future__ import annotations

import msgspec

from basewise.dockerfile.edit import Edit
from basewise.model.pin import PinChange
from basewise.rules.evidence import ImageEvidence
from basewise.rules.image_name import digest_edit

__all__ = ["PinEdit", "pin_edit"]

_LATEST = "latest"


class PinEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to one image: the digests after and before, the edit, and why."""

    change: PinChange
    digest: str | None = None
    before: str | None = None
    edit: Edit | None = None
    why: str


def pin_edit(image: ImageEvidence, text: str, *, refresh: bool) -> PinEdit:
    """Return what happens to an image.

    Args:
        image: What is known of it.
        text: The file.
        refresh: Move a digest that stands there.
    """
    if image.reference is not None and image.reference.digest is not None:
        return _moved(image, text) if refresh else _kept(image, "it is pinned already")
    edit = digest_edit(image)
    if edit is None:
        return PinEdit(change=PinChange.NOT_PINNED, why=_why_not_pinned(image))
    return PinEdit(
        change=PinChange.PINNED,
        digest=str(image.newest_digest),
        edit=edit,
        why=f"`{image.name}` leads there, says {image.source}",
    )


def _why_not_pinned(image: ImageEvidence) -> str:
    if image.reference is None:
        return f"cannot resolve it: {image.problem}"
    if image.reference.tag in (None, _LATEST):
        return "it has no tag that says what it is: write one, for example with `basewise choose`"
    if image.use.no_digest_why:
        return image.use.no_digest_why
    if image.moved_from:
        return f"what it names now is not known here: {image.moved_from}"
    return "the catalogue does not know it; without `--offline` its registry is asked"


def _moved(image: ImageEvidence, text: str) -> PinEdit:
    why = _why_kept(image)
    if why:
        return _kept(image, why)
    before = str(image.reference.digest) if image.reference is not None else ""
    edit = _digest_replaced(image, text, f"@{before}", f"@{image.newest_digest}")
    if edit is None:
        return _kept(
            image, "its digest stands where it cannot be replaced: in a variable that is used elsewhere"
        )
    return PinEdit(
        change=PinChange.REFRESHED,
        digest=str(image.newest_digest),
        before=before,
        edit=edit,
        why=f"`{image.name}` leads there, says {image.source}",
    )


def _why_kept(image: ImageEvidence) -> str:
    """Return why a digest is not moved, "" when it is."""
    reference, newest = image.reference, image.newest
    if reference is None or reference.tag is None:
        return "it has no tag that a newer build could be found by"
    if image.newest_digest is None:
        return "no build of its tag is known here"
    if image.moved_from:
        return f"a refresh would change the distribution: {image.moved_from}; write the tag out first"
    if image.superseded:
        return ""
    same = newest is not None and reference.digest in {newest.index_digest, newest.manifest_digest}
    if same or reference.digest == image.newest_digest:
        return f"it is the newest, says {image.source}"
    return "it is not known here, and may be newer than what is; ask the registry"


def _digest_replaced(image: ImageEvidence, text: str, old: str, new: str) -> Edit | None:
    """Return the edit that replaces a digest where it is written: in the name, or in the default of an ARG."""
    use = image.use
    if use.written.rstrip("\"'").endswith(old):
        end = use.start + use.written.rindex(old) + len(old)
    elif use.digest_at is not None and text[: use.digest_at].endswith(old):
        end = use.digest_at
    else:
        return None
    if text[end - len(old) : end] != old:
        return None
    return Edit(end - len(old), end, new)


def _kept(image: ImageEvidence, why: str) -> PinEdit:
    digest = str(image.reference.digest) if image.reference is not None else None
    return PinEdit(change=PinChange.UNCHANGED, digest=digest, before=digest, why=why)
