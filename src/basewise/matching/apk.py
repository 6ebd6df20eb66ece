"""What applies to `apk` packages of Alpine, Wolfi and Chainguard: by origin package, in one release."""

from __future__ import annotations

from collections.abc import Iterable

from basewise.advisories.store import Store
from basewise.errors import InvalidValueError
from basewise.matching.group import group_by_source
from basewise.matching.listed import Family, match_groups
from basewise.matching.result import Part
from basewise.model.distro import Distro
from basewise.model.evidence import NotCovered
from basewise.model.package import Package
from basewise.versions.apk import sort_key

__all__ = ["match_apk", "release_of_facts"]

# Those whose repositories have no releases.
ROLLING = frozenset({"wolfi", "chainguard"})
EDGE = "edge"


def match_apk(packages: Iterable[Package], distro: Distro, store: Store) -> Part:
    """Find what applies to the `apk` packages of a release.

    Args:
        packages: Installed packages of type `apk`.
        distro: Release; the first two numbers of its version name the facts, but for distributions without releases.
        store: Where the facts are.

    Returns:
        Findings. Not measured when the store has nothing of the release, or a package's origin is not known.
    """
    groups, sourceless = group_by_source(packages, sort_key)
    if not groups and not sourceless:
        return Part()
    release = release_of_facts(distro, store)
    if release not in store.releases(distro.id):
        why = f"the advisory store has no security database of {f'{distro.id} {release}'.strip()}"
        return Part(measured=False, not_covered=(NotCovered(f"OS packages of {distro}", why),))
    if sourceless:
        why = f"the origin of {len(sourceless)} packages is not known, and advisories name origins"
        return Part(measured=False, not_covered=(NotCovered(f"OS packages of {distro}", why),))
    unseen = NotCovered(
        f"open vulnerabilities of {f'{distro.id} {release}'.strip()}",
        "its security database lists what was fixed; what is not fixed yet is not seen",
    )
    said = [unseen]
    if release == EDGE:
        why = "no such release is known yet: it is judged as edge, which holds approximately"
        said.append(NotCovered(f"OS packages of {distro}", why))
    return match_groups(groups, Family(distro.id, release, sort_key), store, said)


def release_of_facts(distro: Distro, store: Store) -> str:
    """Return the release whose facts judge a distribution: `edge` for one that is newer than all that are known.

    Args:
        distro: A distribution of `apk`.
        store: Where the facts are.
    """
    if distro.id in ROLLING:
        return ""
    release = ".".join(distro.version.split(".")[:2])
    known = store.releases(distro.id)
    if release in known or EDGE not in known:
        return release
    try:
        newest = max(map(sort_key, known - {EDGE}), default=None)
        return EDGE if newest is not None and sort_key(release) > newest else release
    except InvalidValueError:
        return release
