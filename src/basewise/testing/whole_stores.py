"""A small advisory store that leaves nothing unseen in a small image: the one state in which a scan may say `clean`."""

from __future__ import annotations

from collections.abc import Iterable

from basewise.advisories.content import StoreContent
from basewise.model.advisory import Advisory
from basewise.testing.feeds import FactsFeed, content_of

__all__ = ["SOURCES", "whole_store_content"]

SOURCES = ("bash", "glibc", "openssl", "zlib")
_PYPI = ("pypi", "", "nothing-of-this-name")


def whole_store_content(
    *facts: Advisory,
    release: str = "bookworm",
    sources: Iterable[str] = SOURCES,
    as_of: str = "2026-11-23",
    exploited: Iterable[str] = ("CVE-1999-1",),
) -> StoreContent:
    """Return a store that knows every source of a Debian release that it is asked about, PyPI, and what is exploited.

    Args:
        facts: Of the archive and the tracker of the release, or of PyPI (origin `osv_pypi`).
        release: Codename.
        sources: Source packages of which it knows everything.
        as_of: Date of all its sources.
        exploited: Exploited ids.
    """
    covered = [("debian", release, name) for name in sources]
    feeds = [
        FactsFeed(
            name,
            [item for item in facts if item.origin == name],
            covered=places,
            as_of=as_of,
            ecosystem=ecosystem,
            verified=True,
        )
        for name, places, ecosystem in (
            ("debian_archive", covered, "debian"),
            ("debian_tracker", covered, "debian"),
            ("osv_pypi", [_PYPI], "pypi"),
        )
    ]
    return content_of(feeds=[*feeds, FactsFeed("kev", exploited=exploited, as_of=as_of)])
