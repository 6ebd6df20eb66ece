"""SPDX 2.3: the document that licence and supply-chain tools read.

Reference:
    SPDX specification 2.3, clauses 6 (document), 7 (packages) and 11 (relationships).
"""

from __future__ import annotations

from datetime import datetime

from basewise.model.sbom import Sbom
from basewise.report.json_document import encode_json
from basewise.report.spdx_parts import document_of, image_package, spdx_packages

__all__ = ["render_spdx"]


def render_spdx(sbom: Sbom, *, moment: datetime, version: str) -> str:
    """Return the document in JSON, with a line end.

    Args:
        sbom: What is inside the image.
        moment: The clock; it is the time of creation and enters nothing else.
        version: Of basewise.
    """
    document = document_of(
        sbom,
        image_package(sbom.image),
        spdx_packages(sbom),
        identity=sbom,
        form="spdx",
        moment=moment,
        version=version,
        comment=_coverage(sbom),
    )
    return encode_json(document).decode("ascii")


def _coverage(sbom: Sbom) -> str:
    if sbom.coverage.complete:
        return ""
    said = "; ".join(f"{item.what}: {item.why}" for item in sbom.coverage.not_covered)
    return f"incomplete, not covered: {said}"
