"""What applies to Ubuntu packages: by source package and source version, in one release."""

from __future__ import annotations

from collections.abc import Iterable

from basewise.advisories.store import Store
from basewise.matching.group import group_by_source
from basewise.matching.listed import Family, match_groups
from basewise.matching.names import some_names, unnamed_sources
from basewise.matching.result import Part
from basewise.model.distro import Distro
from basewise.model.evidence import NotCovered
from basewise.model.package import Package
from basewise.versions.debian import sort_key

__all__ = ["match_ubuntu"]

ECOSYSTEM = "ubuntu"
_PRO = "+pro"


def match_ubuntu(packages: Iterable[Package], distro: Distro, store: Store) -> Part:
    """Find what applies to the `deb` packages of an Ubuntu release.

    Args:
        packages: Installed packages of type `deb`.
        distro: Release; its version (`24.04`) names the facts.
        store: Where the facts are.

    Returns:
        Findings, kernel headers apart. Not measured when nothing is known of the release.
    """
    groups, sourceless = group_by_source(packages, sort_key)
    if not groups and not sourceless:
        return Part()
    if distro.version not in store.releases(ECOSYSTEM) or not groups:
        why = f"the advisory store holds no facts of Ubuntu {distro.version or '(unknown release)'}"
        if not groups:
            why = f"their source package is not known: {some_names(sourceless)}"
        return Part(measured=False, not_covered=(NotCovered(f"OS packages of {distro}", why),))
    store.read_ahead(ECOSYSTEM, distro.version, [group.name for group in groups])
    unseen = [*unnamed_sources(groups, (ECOSYSTEM, distro.version), store)]
    if sourceless:
        why = f"their source package is not known: {some_names(sourceless)}"
        unseen.append(NotCovered(f"{len(sourceless)} Ubuntu packages", why))
    pro = f"{distro.version}{_PRO}"
    subscribed = pro if pro in store.releases(ECOSYSTEM) else None
    family = Family(ECOSYSTEM, distro.version, sort_key, subscribed, "Ubuntu Pro")
    return match_groups(groups, family, store, unseen)
