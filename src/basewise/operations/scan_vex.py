"""What an image is and holds in the words of VEX: digests and package URLs."""

from __future__ import annotations

from collections import defaultdict

from basewise.model.sbom import Sbom
from basewise.policy.purl import Purl, parse_purl
from basewise.policy.vex import InstalledComponents
from basewise.report.purl import image_purl, package_purl

__all__ = ["installed_components"]


def installed_components(sbom: Sbom) -> InstalledComponents:
    """Return what VEX statements about an image are compared with."""
    image = sbom.image
    found: dict[tuple[str, str], list[Purl]] = defaultdict(list)
    for package in sbom.packages:
        purl = parse_purl(package_purl(package, sbom.distro))
        if purl is not None:
            found[str(package.type), package.name].append(purl)
    stated = image_purl(image)
    digests = (image.digest, image.index_digest, image.config_digest)
    return InstalledComponents(
        digests=frozenset(digest for digest in digests if digest is not None),
        image=parse_purl(stated) if stated is not None else None,
        binaries={name: tuple(purls) for name, purls in found.items()},
    )
