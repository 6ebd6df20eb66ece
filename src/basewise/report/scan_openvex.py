"""OpenVEX: the status of each vulnerability for the image, to be signed, amended and read by other scanners.

Reference:
    OpenVEX specification 0.2.0. Where nothing was found there is nothing to state and the list of statements is empty,
    although the schema asks for one at least.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import msgspec

from basewise._internal.text import format_moment
from basewise.model.finding import State
from basewise.model.scan import IgnoredFinding, IgnoredStatus, Scan, ScanFinding, Scans
from basewise.report.cyclonedx_parts import content_uuid
from basewise.report.json_document import encode_json
from basewise.report.plain import plain_line
from basewise.report.purl import image_purl, package_purl, sha256_of
from basewise.report.scan_affected import AffectedPackages
from basewise.report.scan_facts import (
    advisory_link,
    failures_of,
    ignored_sentence,
    moment_of,
    package_words,
    scan_facts,
    scans_of,
    severity_words,
)

__all__ = ["render_scan_openvex"]

CONTEXT = "https://openvex.dev/ns/v0.2.0"
JUSTIFICATIONS = frozenset(
    {
        "component_not_present",
        "inline_mitigations_already_exist",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_not_present",
    }
)


class _Vulnerability(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    identifier: str | None = msgspec.field(name="@id", default=None)
    name: str
    aliases: tuple[str, ...] = ()


class _Identifiers(msgspec.Struct, frozen=True):
    purl: str


class _Component(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    identifier: str = msgspec.field(name="@id")
    identifiers: _Identifiers | None = None
    hashes: dict[str, str] = {}
    subcomponents: tuple[_Component, ...] = ()


class _Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    identifier: str = msgspec.field(name="@id")
    vulnerability: _Vulnerability
    products: tuple[_Component, ...]
    status: str
    status_notes: str = ""
    justification: str = ""
    impact_statement: str = ""
    action_statement: str = ""


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    context: str = msgspec.field(name="@context")
    identifier: str = msgspec.field(name="@id")
    author: str = "basewise"
    role: str = "automated scanner"
    timestamp: str
    version: int = 1
    tooling: str
    statements: tuple[_Statement, ...]


def render_scan_openvex(result: Scan | Scans, *, width: int, color: bool) -> str:
    """Return the document in JSON; width and colour change nothing.

    What was read and what was not stands in `tooling`.
    """
    del width, color
    scans, failed = scans_of(result), failures_of(result)
    said = [f"{name}: {value}" for scan in scans for name, value in scan_facts(scan)]
    said += [plain_line(f"not scanned: {sentence}") for sentence in failed]
    unclocked = [msgspec.structs.replace(scan, generated_at="") for scan in scans]
    document = _Document(
        context=CONTEXT,
        identifier=f"urn:uuid:{content_uuid('openvex', [*unclocked, *failed])}",
        timestamp=format_moment(moment_of(result)),
        tooling="\n".join(said),
        statements=tuple(statement for number, scan in enumerate(scans) for statement in _statements(scan, number)),
    )  # fmt: skip
    return encode_json(document).decode("ascii")


def _statements(scan: Scan, number: int) -> Iterator[_Statement]:
    affected = AffectedPackages(scan.packages)
    purls = [package_purl(package, scan.distro) for package in scan.packages]
    image = _image(scan)
    every = [*((found, None) for found in scan.findings), *((each.finding, each) for each in scan.ignored)]
    for place, (found, ignored) in enumerate(every):
        parts = dict.fromkeys(purls[at] for at in affected.places(found))
        product = msgspec.structs.replace(
            image,
            subcomponents=tuple(
                _Component(identifier=purl, identifiers=_Identifiers(purl)) for purl in parts
            ),
        )
        # A place of its own, so that no two statements are alike.
        identifier = f"urn:basewise:statement:{number}-{place}"
        yield _ignored(identifier, ignored, product) if ignored else _statement(identifier, found, product)


def _image(scan: Scan) -> _Component:
    purl, sha256 = image_purl(scan.image), sha256_of(scan.image)
    return _Component(
        identifier=purl or f"urn:basewise:image:{quote(plain_line(scan.image.reference), safe='')}",
        identifiers=_Identifiers(purl) if purl else None,
        hashes={"sha-256": sha256} if sha256 else {},
    )


def _statement(identifier: str, found: ScanFinding, product: _Component) -> _Statement:
    open_question = found.state is State.UNDETERMINED
    return _Statement(
        identifier=identifier,
        vulnerability=_vulnerability(found),
        products=(product,),
        status="under_investigation" if open_question else "affected",
        status_notes=plain_line(
            f"{package_words(found)}: state {found.state}, severity {severity_words(found)}"
        ),
        action_statement="" if open_question else plain_line(found.advice) or "nothing is advised",
    )


def _ignored(identifier: str, ignored: IgnoredFinding, product: _Component) -> _Statement:
    """Return what whoever ignores a finding says; a rule accepts a risk and does not deny it."""
    said = plain_line(ignored_sentence(ignored))
    statement = _Statement(
        identifier=identifier,
        vulnerability=_vulnerability(ignored.finding),
        products=(product,),
        status="affected",
        action_statement=said,
    )
    match ignored.status:
        case IgnoredStatus.ACCEPTED:
            return statement
        case IgnoredStatus.FIXED:
            return msgspec.structs.replace(statement, status="fixed", status_notes=said, action_statement="")
        case IgnoredStatus.NOT_AFFECTED:
            known = ignored.justification in JUSTIFICATIONS
            return msgspec.structs.replace(
                statement,
                status="not_affected",
                action_statement="",
                status_notes=said if known else "",
                justification=ignored.justification if known else "",
                impact_statement="" if known else said,
            )


def _vulnerability(found: ScanFinding) -> _Vulnerability:
    return _Vulnerability(
        identifier=advisory_link(found.id),
        name=plain_line(found.id),
        aliases=tuple(dict.fromkeys(map(plain_line, found.aliases))),
    )
