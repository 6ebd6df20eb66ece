"""What is known about the images of a file and the application that it builds: values, gathered before rules look."""

from __future__ import annotations

from datetime import date

import msgspec

from basewise.dockerfile.images import ImageUse
from basewise.model.base_image import BaseImage
from basewise.model.digest import Digest
from basewise.model.distro import Distro
from basewise.model.evidence import NotCovered
from basewise.model.lock import Pin
from basewise.model.reference import Reference
from basewise.model.requirement import Accelerator
from basewise.model.verdict import Fit

__all__ = ["AppEvidence", "ImageEvidence", "LockEvidence", "RefreshEffect"]


class RefreshEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What the newest build of a tag changes against the pinned one.

    Args:
        removes: Ids of findings that it does not have any more, sorted.
        adds: Ids of findings that are new with it, None when not known.
        how: How this is known: both builds matched, or fixes dated after the old build.
        as_of: Date of the advisories used.
    """

    removes: tuple[str, ...]
    adds: tuple[str, ...] | None
    how: str
    as_of: str


class ImageEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about one image that a file names.

    Args:
        use: Where it is named.
        reference: Its name; None when only a build can tell it, or it is none.
        problem: Why there is no name, "" when there is one.
        final: The image that is built stands on it.
        facts: The build that the digest names, or else the one that the tag leads to; None when not known.
        newest: The newest build of the tag that is known, None when none is.
        newest_digest: Its digest.
        created: When the named build was made.
        superseded: A newer build of the tag is known than the digest names.
        effect: What the newer build changes; None when not known.
        distro: Its distribution, also where only the tag tells it.
        may_be: That one; of a floating tag those of every release that it may name, the newest first.
        python: Its Python minor, likewise.
        prerelease: Its Python is a pre-release.
        source: Where the facts come from, with their date; "" when nothing is known.
        publisher: Who publishes it.
        example: Name of an image that is like it and names its release, "" for none.
        explicit: Name that says the same and can be written instead of a floating tag, "" for none.
        floating: The tag names no release of a distribution.
        moved_from: What the tag named before it moved to another distribution: a sentence; "" for nothing known.
        user: User of the image, None when not known.
    """

    use: ImageUse
    reference: Reference | None
    problem: str = ""
    final: bool = False
    facts: BaseImage | None = None
    newest: BaseImage | None = None
    newest_digest: Digest | None = None
    created: date | None = None
    superseded: bool = False
    effect: RefreshEffect | None = None
    distro: Distro | None = None
    may_be: tuple[Distro, ...] = ()
    python: str | None = None
    prerelease: bool = False
    source: str = ""
    publisher: str = ""
    example: str = ""
    explicit: str = ""
    floating: bool = False
    moved_from: str = ""
    user: str | None = None

    @property
    def name(self) -> str:
        """The image as people write it, without digest."""
        if self.reference is None:
            return self.use.written
        return msgspec.structs.replace(self.reference, digest=None).familiar

    @property
    def standing(self) -> BaseImage | None:
        """The facts to judge by: of this build, or of another one of the same tag.

        A tag that names Python minor, variant and release has the same C library and the same packages in each of
        its builds; a floating one may have moved, so that of an unknown digest nothing is known.
        """
        if self.facts is not None or self.newest is None:
            return self.facts
        return (
            self.newest
            if self.superseded or (self.newest.name == self.name and not self.moved_from)
            else None
        )


class AppEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """The application that a Dockerfile builds, judged on the image that it stands on.

    Args:
        path: Its folder.
        files: Requirements files that the Dockerfile installs from and that are in the folder.
        unpinned: Distributions that these files ask for and neither they nor their constraints pin, sorted.
        constrained: Distributions that the files of `-c` pin; None where one of those is not in the folder.
        accelerator: What it computes on.
        image: The base image; None when it is not known well enough to judge.
        stand_ins: Names of images that the tag may name, of which the same holds; `image` is the first of them.
        bare: The judgement on the base image as it is; None when there is none.
        equipped: The judgement on the base image with what the Dockerfile installs; None when there is none.
        installed: OS packages that the final stages install, without versions.
        unread: Words of the install commands that only a build can tell.
        distributions: Names of the Python distributions that are installed, as far as known, sorted.
        resolved: `distributions` is all of them.
        inspected: It is known of every wheel what it needs from the image.
        libraries: Of `installed`, those that are known to carry a shared library and nothing to be called, sorted.
        not_covered: What could not be seen.
    """

    path: str
    files: tuple[str, ...] = ()
    unpinned: tuple[str, ...] = ()
    constrained: frozenset[str] | None = frozenset()
    accelerator: Accelerator = Accelerator.UNKNOWN
    image: BaseImage | None = None
    stand_ins: tuple[str, ...] = ()
    bare: Fit | None = None
    equipped: Fit | None = None
    installed: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    distributions: tuple[str, ...] = ()
    resolved: bool = False
    inspected: bool = False
    libraries: tuple[str, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()


class LockEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What the lock file says of one Dockerfile: its path, and the pins of that file."""

    path: str
    pins: tuple[Pin, ...]
