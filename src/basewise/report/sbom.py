"""The forms of `sbom`."""

from __future__ import annotations

from datetime import datetime

from basewise.model.sbom import Sbom
from basewise.report.writers import unknown_format

__all__ = ["SBOM_FORMATS", "render_sbom"]

SBOM_FORMATS = ("table", "json", "cyclonedx", "spdx")


def render_sbom(sbom: Sbom, form: str, *, width: int, color: bool, moment: datetime, version: str) -> str:
    """Write what is inside an image in one of `SBOM_FORMATS`.

    Args:
        sbom: What was found.
        form: Its name.
        width: Columns of the terminal.
        color: Allow escape sequences for style.
        moment: The clock, for the forms that must state it.
        version: Of basewise, likewise.

    Raises:
        UsageError: There is no such form.
    """
    if form == "table":
        from basewise.report.sbom_table import render_sbom_table  # noqa: PLC0415 - one form of four

        return render_sbom_table(sbom, width=width, color=color)
    if form == "json":
        from basewise.report.json_document import encode_json  # noqa: PLC0415 - the same

        return encode_json(sbom).decode("ascii")
    if form == "cyclonedx":
        from basewise.report.cyclonedx import render_cyclonedx  # noqa: PLC0415 - the same

        return render_cyclonedx(sbom, moment=moment, version=version)
    if form == "spdx":
        from basewise.report.spdx import render_spdx  # noqa: PLC0415 - the same

        return render_spdx(sbom, moment=moment, version=version)
    raise unknown_format(form, SBOM_FORMATS)
