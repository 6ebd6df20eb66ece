"""What the text forms of `scan` and `sbom` say alike of an image: which it is, its size, its distribution, its packages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from basewise._internal.text import format_bytes, plural
from basewise.model.choice import CandidateDistro
from basewise.model.package import PackageType
from basewise.model.sbom import SbomEmbedded, SbomImage

__all__ = ["carried_sentence", "distro_words", "identity_sentence", "kind_words", "size_words"]


def identity_sentence(image: SbomImage) -> str:
    """Return digest, platform and the time of the build."""
    return f"digest {image.digest or 'not known'}, platform {image.platform}, created {image.created or 'not stated'}"


def size_words(image: SbomImage) -> str:
    """Return what is pulled, what it takes on disk, and in how many layers."""
    size = image.size
    return (
        f"{format_bytes(size.compressed_bytes)} pulled, {format_bytes(size.disk_bytes)} on disk, "
        f"{plural(len(image.layers), 'layer')}"
    )


def distro_words(distro: CandidateDistro | None) -> str:
    """Return `debian 13`."""
    return " ".join(filter(None, (distro.id, distro.version))) if distro else "unknown distribution"


def kind_words(types: Iterable[PackageType]) -> str:
    """Return how many packages there are of each type: `87 deb, 3 pypi`."""
    counts = Counter(str(each) for each in types)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))


def carried_sentence(item: SbomEmbedded) -> str:
    """Return what stands inside something else, and where."""
    return f"{item.name or item.location} {item.version}".strip() + f" ({item.kind}, {item.location})"
