"""A saved report as the baseline of `compare`: a document of `scan` or `compare` in JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from basewise.errors import ImageError
from basewise.model.base_image import Surface
from basewise.model.compare import Compare, ComparedImage, Provenance
from basewise.model.scan import Scan, Scans
from basewise.operations.compare_evidence import compared_findings, size_of_base

__all__ = ["Baseline", "baseline_of_report", "read_report"]

MAX_REPORT_BYTES = 256 * 1024**2
_HINT = (
    "write it with `basewise scan IMAGE --format json -o FILE` or `basewise compare … --format json -o FILE`"
)


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """An image of a saved report, and whether nothing was left unseen then."""

    image: ComparedImage
    complete: bool


class _Kind(msgspec.Struct):
    schema: str = ""


def read_report(text: str) -> bytes | None:
    """Return the bytes of a file that holds a JSON object; None where the text names something else.

    Raises:
        ImageError: The file is too large, or cannot be read.
    """
    path = Path(text)
    try:
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            if stream.read(1) != b"{":
                return None
            content = b"{" + stream.read(MAX_REPORT_BYTES)
    except ValueError:
        return None
    except OSError as error:
        raise ImageError(f"cannot read the baseline `{text}`: {error.strerror or error}") from error
    if len(content) > MAX_REPORT_BYTES:
        raise ImageError(f"cannot read the baseline `{text}`: it has more than {MAX_REPORT_BYTES} bytes")
    return content


def baseline_of_report(content: bytes, name: str, images: Sequence[str]) -> Baseline:
    """Return the image of a report that others are measured against.

    Args:
        content: The document.
        name: The file, for messages.
        images: What is compared; of a report with several images, the first that it has too is the baseline.

    Raises:
        ImageError: It is no report of `scan` or `compare`, or has none of the images.
    """
    try:
        schema = msgspec.json.decode(content, type=_Kind).schema
        if schema == "basewise.scan/1":
            return _of_scan(msgspec.json.decode(content, type=Scan))
        if schema == "basewise.scans/1":
            scans = msgspec.json.decode(content, type=Scans)
            return _pick([_of_scan(scan) for scan in scans.scans], name, images)
        if schema == "basewise.compare/1":
            saved = msgspec.json.decode(content, type=Compare)
            made = [Baseline(image=_saved(row), complete=saved.coverage.complete) for row in saved.images]
            return _pick(made, name, images)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ImageError(f"cannot read the baseline `{name}`: {error}", hint=_HINT) from error
    raise ImageError(f"the baseline `{name}` is no report: its schema is `{schema[:60]}`", hint=_HINT)


def _pick(saved: Sequence[Baseline], name: str, images: Sequence[str]) -> Baseline:
    if len(saved) == 1:
        return saved[0]
    for image in images:
        for each in saved:
            if each.image.image == image:
                return each
    raise ImageError(
        f"the baseline `{name}` has several images and none of those that are compared",
        hint="compare one of them, or save a report of one image",
    )


def _saved(row: ComparedImage) -> ComparedImage:
    return msgspec.structs.replace(row, provenance=Provenance.REPORT)


def _of_scan(scan: Scan) -> Baseline:
    """Return a scanned image as a compared one; what a scan does not tell is unknown."""
    image = scan.image
    listed = scan.shown is None or scan.shown.hidden == 0
    row = ComparedImage(
        image=image.reference,
        provenance=Provenance.REPORT,
        digest=image.index_digest or image.digest,
        manifest_digest=image.digest,
        platform=image.platform,
        created=image.created,
        age_days=None,
        distro=scan.distro,
        python=None,
        libc=None,
        variant="",
        packages=scan.summary.packages,
        packages_basis="exact",
        size=size_of_base(image.size, "read from the image"),
        vulnerabilities=scan.summary.vulnerabilities,
        finished_vulnerabilities=None,
        uncounted=(),
        surface=Surface(),
        support=scan.support,
        trust=None,
        verdict=None,
        reasons=(),
        add_packages=(),
        build_packages=(),
        evidence_date=scan.summary.vulnerabilities.as_of,
        findings=compared_findings(scan.findings) if listed else None,
    )
    return Baseline(image=row, complete=scan.coverage.complete)
