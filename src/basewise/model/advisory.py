"""Advisory facts as the store keeps them, and the sources that they come from."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["Advisory", "FactKind", "SourceStatus", "VersionRange"]


class FactKind(StrEnum):
    """What a source says of one vulnerability and one package in one release.

    `AFFECTED`: the versions of `ranges` and `versions` are affected (OSV). `FIXED`: fixed in `version`. `MENTIONED`, `REVERTED`: a changelog names it without fixing it, or
    takes a fix back in `version`. `FIXED_ELSEWHERE`: another suite has fixed it; nothing is known of
    this one. The rest are the Debian tracker's states: `OPEN` (unfixed), `NOT_AFFECTED`, `NO_DSA`,
    `POSTPONED`, `UNIMPORTANT` (all three minor), `IGNORED` (won't fix), `END_OF_LIFE`, `UNDETERMINED`.
    """

    AFFECTED = "affected"
    FIXED = "fixed"
    MENTIONED = "mentioned"
    REVERTED = "reverted"
    FIXED_ELSEWHERE = "fixed-elsewhere"
    OPEN = "open"
    NOT_AFFECTED = "not-affected"
    NO_DSA = "no-dsa"
    POSTPONED = "postponed"
    UNIMPORTANT = "unimportant"
    IGNORED = "ignored"
    END_OF_LIFE = "end-of-life"
    UNDETERMINED = "undetermined"


class VersionRange(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """Affected versions from `introduced` on, up to but without `fixed`, or up to and with `last_affected`.

    "0" in `introduced` is before every version. With neither end every later version is affected.

    Reference: OSV schema, section "affected[].ranges[].events fields".
    """

    introduced: str = "0"
    fixed: str = ""
    last_affected: str = ""


class Advisory(msgspec.Struct, frozen=True, order=True, kw_only=True, gc=False):
    """One statement of one source: (vulnerability, package, release) → kind, and versions for some.

    Args:
        id: The vulnerability, usually a CVE id; for a CPython entry without one, its issue (`gh-160300`).
        ecosystem: `pypi`, `cpython`, or the distribution's id in os-release: `debian`, `ubuntu`, `alpine`,
            `wolfi`, `chainguard`, `rhel`, `rocky`, `almalinux`.
        release: Debian codename (`bookworm`, `sid`), CPython branch (`3.12`), Alpine `3.20`, Ubuntu `22.04`,
            major release of the rpm families (`9`); "" where there are no releases (`pypi`, `wolfi`).
        package: Source package name, `cpython`, the name after PEP 503, or what the rpm families name.
        kind: What is said.
        version: The version that fixes, mentions or reverts; "" when the kind has none.
        origin: Name of the feed (`debian_archive`, `debian_tracker`, `cpython`).
        published: Date of the statement as `YYYY-MM-DD`, "" when unknown. For a changelog fact the
            date of its entry.
        detail: Where it stands, for `explain` (changelog entry version, release notes version); never
            an advisory's prose.
        aliases: Other ids of the same vulnerability; of an erratum (`id` is `RHSA-…`, `DSA-…`, `USN-…`) those
            of all that it fixes, each a vulnerability of its own.
        severity: Lower-case severity that this source gives, "" when it gives none.
        ranges: Of an `AFFECTED` fact, sorted.
        versions: Single affected versions of an `AFFECTED` fact, sorted.
        cvss: CVSS vectors that this source gives, of any version of CVSS, sorted.
    """

    id: str
    ecosystem: str
    release: str
    package: str
    kind: FactKind
    version: str = ""
    origin: str
    published: str = ""
    detail: str = ""
    aliases: tuple[str, ...] = ()
    severity: str = ""
    ranges: tuple[VersionRange, ...] = ()
    versions: tuple[str, ...] = ()
    cvss: tuple[str, ...] = ()


class SourceStatus(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """What a store holds of one source.

    Args:
        name: Feed and scope, for example `debian_archive bookworm`.
        ecosystem: As in `Advisory`.
        as_of: Date of the data as `YYYY-MM-DD`.
        entries: Number of facts.
        verified: A signature chain was checked from a trusted key to every file.
        note: What is known to be missing or odd in this source; "" when nothing.
    """

    name: str
    ecosystem: str
    as_of: str
    entries: int
    verified: bool
    note: str = ""
