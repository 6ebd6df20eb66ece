"""CycloneDX: the document that vulnerability scanners and dependency trackers read.

Reference:
    ECMA-424, CycloneDX 1.6.
"""

from __future__ import annotations

from datetime import datetime

from basewise.model.sbom import Sbom
from basewise.report.cyclonedx_parts import bom_of, package_components
from basewise.report.json_document import encode_json

__all__ = ["render_cyclonedx"]


def render_cyclonedx(sbom: Sbom, *, moment: datetime, version: str) -> str:
    """Return the document in JSON, with a line end.

    Args:
        sbom: What is inside the image.
        moment: The clock; it is the timestamp and enters nothing else.
        version: Of basewise.
    """
    bom = bom_of(
        sbom, package_components(sbom), identity=sbom, form="cyclonedx", moment=moment, version=version
    )
    return encode_json(bom).decode("ascii")
