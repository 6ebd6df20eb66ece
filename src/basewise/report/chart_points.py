"""What the pictures of choose, compare and scan say alike of one image: its row, family, sizes and end of support."""

from __future__ import annotations

from basewise.model.choice import CandidateDistro, CandidateSize
from basewise.model.evidence import Support, SupportPhase
from basewise.report.chart import PointSize

__all__ = ["base_size_of", "family_of", "finished_size_of", "past_support", "row_name"]

_IDS = {"debian": "Debian", "ubuntu": "Ubuntu", "alpine": "Alpine", "rhel": "Red Hat", "wolfi": "Wolfi"}


def row_name(index: int) -> str:
    """Return the word for the anchor of a row."""
    return f"image-{index + 1}"


def family_of(distro: CandidateDistro | None) -> str:
    """Return `Debian 13 (trixie)`, `Alpine 3.24`."""
    if distro is None:
        return "distribution not known"
    name = _IDS.get(distro.id, distro.id or "unknown")
    codename = f" ({distro.codename})" if distro.codename else ""
    return f"{name} {distro.version}{codename}".strip()


def base_size_of(size: CandidateSize) -> PointSize:
    """Return the sizes of the base."""
    return PointSize(disk=size.base_disk_bytes, download=size.base_compressed_bytes)


def finished_size_of(size: CandidateSize) -> PointSize:
    """Return the sizes of the finished application."""
    return PointSize(disk=size.disk_bytes, download=size.download_bytes)


def past_support(support: Support | None) -> str:
    """Return why an image past its support is pale and on no front, "" for another."""
    ended = support is not None and support.phase is SupportPhase.EOL
    return "its distribution is past its end of support" if ended else ""
