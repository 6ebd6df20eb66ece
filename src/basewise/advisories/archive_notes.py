"""What a source of a Debian archive says of itself, and the part of it that concerns some packages.

Apart from the feed, since matching reads it: the feed loads what it needs to fetch an archive.
"""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["ARCHIVE_FEED", "BEHIND", "UNREAD", "note_about"]

ARCHIVE_FEED = "debian_archive"
UNREAD = "no changelog could be read of "
BEHIND = "the newest packages are missing from the mirror, an older changelog was read: "


def note_about(note: str, names: Collection[str]) -> str:
    """Return what the note of a source says about some source packages, or about all; "" for nothing.

    Args:
        note: Of a `SourceStatus` of this feed.
        names: Source packages.
    """
    parts = []
    for part in note.split("; "):
        about = next((prefix for prefix in (UNREAD, BEHIND) if part.startswith(prefix)), None)
        if about is None:
            parts.append(part)
        elif said := [name for name in part.removeprefix(about).split(", ") if name in names]:
            parts.append(f"{about}{', '.join(said)}")
    return "; ".join(parts)
