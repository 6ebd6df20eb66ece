"""OS packages go to the matcher of their distribution; what has none is said to be unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from basewise.advisories.store import Store
from basewise.matching.apk import match_apk
from basewise.matching.debian import match_debian
from basewise.matching.known_false import known_false_entries, part_known_false
from basewise.matching.result import Part
from basewise.matching.rpm import match_rpm
from basewise.matching.ubuntu import match_ubuntu
from basewise.model.distro import Distro
from basewise.model.evidence import NotCovered
from basewise.model.package import Package, PackageType

__all__ = ["OS_TYPES", "judged_as", "match_os", "own_type"]

OS_TYPES = (PackageType.DEB, PackageType.APK, PackageType.RPM)

_Matcher = Callable[[Iterable[Package], Distro, Store], Part]
_MATCHERS: dict[str, tuple[PackageType, _Matcher]] = {
    "debian": (PackageType.DEB, match_debian),
    "ubuntu": (PackageType.DEB, match_ubuntu),
    "alpine": (PackageType.APK, match_apk),
    "wolfi": (PackageType.APK, match_apk),
    "chainguard": (PackageType.APK, match_apk),
    "rhel": (PackageType.RPM, match_rpm),
    "rocky": (PackageType.RPM, match_rpm),
    "almalinux": (PackageType.RPM, match_rpm),
}
# Rebuilds that keep names and versions of the original's packages.
_REBUILDS = {"raspbian": "debian", "centos": "rhel"}


def judged_as(distro: Distro) -> Distro:
    """Return the distribution by whose advisories the packages of `distro` are judged: itself, or what it rebuilds."""
    original = _REBUILDS.get(distro.id)
    return distro if original is None else msgspec.structs.replace(distro, id=original)


def own_type(distro: Distro) -> PackageType | None:
    """Return the type of the packages of a distribution that can be judged; None for all other distributions."""
    known = _MATCHERS.get(judged_as(distro).id)
    return None if known is None else known[0]


def match_os(by_type: Mapping[PackageType, list[Package]], distro: Distro, store: Store) -> Part:
    """Match the packages of the distribution's own package manager; others are said to be unseen.

    Args:
        by_type: All packages of an inventory.
        distro: Its distribution.
        store: Where the facts are.
    """
    original = judged_as(distro)
    kind, matcher = _MATCHERS.get(original.id, (None, None))
    named = str(distro) if distro.id else "an unnamed distribution"
    unseen = [
        NotCovered(f"{len(by_type[other])} {other} packages", f"{named} has no advisories for them")
        for other in OS_TYPES
        if other is not kind and by_type[other]
    ]
    if kind is None or matcher is None:
        return Part(measured=False, not_covered=(_unknown(distro), *unseen))
    if not by_type[kind]:
        why = "the list of installed packages is empty"
        return Part(measured=False, not_covered=(NotCovered(f"OS packages of {distro}", why), *unseen))
    part = matcher(by_type[kind], original, store)
    if original.id != distro.id:
        why = f"they are judged as those of {original.id}, which it rebuilds: that holds approximately"
        unseen.append(NotCovered(f"OS packages of {distro}", why))
    newest = max((source.as_of for source in store.sources()), default="")
    counted, known = part_known_false(part.findings, original.id, newest, known_false_entries())
    return Part(
        measured=part.measured and not any(by_type[other] for other in OS_TYPES if other is not kind),
        findings=counted,
        uncounted=(*part.uncounted, *known),
        not_covered=(*part.not_covered, *unseen),
    )


def _unknown(distro: Distro) -> NotCovered:
    """Say that a distribution is not judged."""
    if not distro.id:
        return NotCovered("OS packages", "nothing names a distribution whose advisories could be asked")
    why = f"the advisory store holds no facts of distribution `{distro.id}`"
    return NotCovered(f"OS packages of {distro}", why)
