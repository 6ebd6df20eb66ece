"""SPDX 2.3 with findings: an annotation of a package for each, and a security reference where its record is public.

Reference:
    SPDX specification 2.3, clause 8 (annotations) and annex F (category SECURITY, type advisory).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from basewise._internal.text import format_moment
from basewise.model.sbom import SbomPackage
from basewise.model.scan import Scan, ScanFinding, Scans
from basewise.report.json_document import encode_json
from basewise.report.plain import plain_line
from basewise.report.scan_affected import AffectedPackages
from basewise.report.scan_facts import (
    advisory_link,
    finding_facts,
    ignored_sentence,
    moment_of,
    one_scan,
    package_words,
    scan_facts,
)
from basewise.report.spdx_parts import (
    Annotation,
    ExternalReference,
    SpdxPackage,
    document_of,
    image_package,
    spdx_packages,
)

__all__ = ["render_scan_spdx"]

_FORM = "spdx"
_IMAGE_PLACE = -1


class _Said:
    """What is said of the packages, by their places; the image's is -1."""

    def __init__(self, packages: Iterable[SbomPackage], *, date: str, annotator: str) -> None:
        self._affected = AffectedPackages(packages)
        self._date, self._annotator = date, annotator
        self._annotations: dict[int, list[Annotation]] = defaultdict(list)
        self._links: dict[int, dict[str, None]] = defaultdict(dict)

    def add(self, found: ScanFinding, comment: str) -> None:
        """Annotate the package that a finding names, and link its record from every package concerned."""
        places = self._affected.places(found) or (_IMAGE_PLACE,)
        self._annotations[places[0]].append(
            Annotation(annotation_date=self._date, annotator=self._annotator, comment=comment)
        )
        if (link := advisory_link(found.id)) is not None:
            for place in places:
                self._links[place][link] = None

    def on(self, package: SpdxPackage, place: int) -> SpdxPackage:
        """Return a package with what is said of it."""
        links = (
            ExternalReference(
                reference_category="SECURITY", reference_type="advisory", reference_locator=link
            )
            for link in self._links.get(place, ())
        )
        return msgspec.structs.replace(
            package,
            annotations=tuple(self._annotations.get(place, ())),
            external_refs=(*package.external_refs, *links),
        )


def render_scan_spdx(result: Scan | Scans, *, width: int, color: bool) -> str:
    """Return the document of one scanned image in JSON; width and colour change nothing.

    Raises:
        UsageError: There are several images.
    """
    del width, color
    scan = one_scan(result, _FORM)
    moment, version = moment_of(scan), plain_line(scan.version)
    said = _Said(scan.packages, date=format_moment(moment), annotator=f"Tool: basewise-{version}")
    for found in scan.findings:
        said.add(found, _comment(found))
    for ignored in scan.ignored:
        said.add(ignored.finding, plain_line(ignored_sentence(ignored)))
    document = document_of(
        scan,
        said.on(image_package(scan.image), _IMAGE_PLACE),
        (said.on(package, place) for place, package in enumerate(spdx_packages(scan))),
        identity=msgspec.structs.replace(scan, generated_at=""),
        form="spdx scan",
        moment=moment,
        version=version,
        comment="\n".join(f"{name}: {value}" for name, value in scan_facts(scan)),
    )  # fmt: skip
    return encode_json(document).decode("ascii")


def _comment(found: ScanFinding) -> str:
    """Return a finding as text: what and where, its facts, what to do."""
    also = f", also known as {', '.join(found.aliases)}" if found.aliases else ""
    lines = [f"finding: {found.id} in {package_words(found)}{also}"]
    lines += [f"{name}: {value}" for name, value in finding_facts(found)]
    lines.append(f"advice: {found.advice}")
    return "\n".join(plain_line(line) for line in lines)
