"""VEX in CycloneDX: the vulnerabilities of a BOM with their analysis.

Reference:
    CycloneDX 1.6, `vulnerabilities[].analysis` and `vulnerabilities[].affects`; BOM-Link.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

import msgspec

from basewise.policy.purl import Purl, parse_purl
from basewise.policy.vex import MAX_REASON_CHARACTERS, VexProduct, VexStatement, VexStatus

__all__ = ["read_cyclonedx"]

_STATUSES = {
    "resolved": VexStatus.FIXED,
    "resolved_with_pedigree": VexStatus.FIXED,
    "exploitable": VexStatus.AFFECTED,
    "in_triage": VexStatus.UNDER_INVESTIGATION,
    "false_positive": VexStatus.NOT_AFFECTED,
    "not_affected": VexStatus.NOT_AFFECTED,
}
_UNAFFECTED = "unaffected"


class _Hash(msgspec.Struct):
    alg: str = ""
    content: str = ""


class _Component(msgspec.Struct):
    reference: str | None = msgspec.field(default=None, name="bom-ref")
    purl: str | None = None
    hashes: list[_Hash] | None = None


class _Metadata(msgspec.Struct):
    component: _Component | None = None
    timestamp: str | None = None


class _Version(msgspec.Struct):
    version: str | None = None
    status: str | None = None


class _Affected(msgspec.Struct):
    ref: str = ""
    versions: list[_Version] | None = None


class _Analysis(msgspec.Struct, rename="camel"):
    state: str | None = None
    justification: str | None = None
    detail: str | None = None
    first_issued: str | None = None
    last_updated: str | None = None


class _Reference(msgspec.Struct):
    id: str = ""


class _Vulnerability(msgspec.Struct):
    id: str | None = None
    references: list[_Reference] | None = None
    affects: list[_Affected] | None = None
    analysis: _Analysis | None = None


class _Document(msgspec.Struct):
    metadata: _Metadata | None = None
    components: list[_Component] | None = None
    vulnerabilities: list[_Vulnerability] | None = None


def read_cyclonedx(content: bytes, source: str) -> tuple[VexStatement, ...]:
    """Return the statements of a BOM: its vulnerabilities that have an analysis with a state.

    Args:
        content: The JSON, limited in size.
        source: What to call it.

    Raises:
        msgspec.DecodeError: It does not have the form of CycloneDX, or names a state that there is not.
    """
    document = msgspec.json.decode(content, type=_Document)
    products = dict(_products(document))
    moment = (document.metadata.timestamp if document.metadata else None) or ""
    return tuple(
        _statement(each, each.analysis, products, moment, source)
        for each in document.vulnerabilities or ()
        if each.analysis is not None and each.analysis.state is not None
    )


def _products(document: _Document) -> Iterator[tuple[str, VexProduct]]:
    """Yield what the references of the document stand for."""
    whole = document.metadata.component if document.metadata else None
    for component in (*([whole] if whole else ()), *(document.components or ())):
        if component.reference is None:
            continue
        purl = parse_purl(component.purl) if component.purl else None
        digests = frozenset(
            f"sha256:{item.content.lower()}" for item in component.hashes or () if item.alg == "SHA-256"
        )
        yield component.reference, VexProduct(purls=(purl,) if purl else (), digests=digests)


def _statement(
    stated: _Vulnerability, analysis: _Analysis, products: Mapping[str, VexProduct], moment: str, source: str
) -> VexStatement:
    status = _STATUSES.get(analysis.state or "")
    if status is None:
        raise msgspec.ValidationError(f"there is no analysis state `{(analysis.state or '')[:40]}`")
    ids = (stated.id or "", *(reference.id for reference in stated.references or ()))
    words = (analysis.justification, analysis.detail)
    return VexStatement(
        ids=frozenset(name.casefold() for name in ids if name),
        status=status,
        products=tuple(_named(stated.affects or (), products)),
        reason="; ".join(word for word in words if word)[:MAX_REASON_CHARACTERS],
        moment=analysis.last_updated or analysis.first_issued or moment,
        source=source,
    )


def _named(affects: Iterable[_Affected], products: Mapping[str, VexProduct]) -> Iterator[VexProduct]:
    """Yield what a vulnerability is said to affect: by reference, by BOM-Link, or by package URL."""
    for affected in affects:
        reference = affected.ref
        if reference.startswith("urn:cdx:"):
            reference = unquote(reference.partition("#")[2])
        product = products.get(reference)
        if product is None:
            purl = parse_purl(reference)
            product = VexProduct(purls=(purl,) if purl else ())
        yield product if affected.versions is None else _of_versions(product, affected.versions)


def _of_versions(product: VexProduct, versions: Iterable[_Version]) -> VexProduct:
    """Restrict a product to the single versions that are listed; ranges of versions are not compared."""
    listed = [each.version for each in versions if each.version and each.status != _UNAFFECTED]
    purls: list[Purl] = []
    for purl in product.purls:
        if purl.version:
            purls += [purl] if purl.version in listed else []
        else:
            purls += [msgspec.structs.replace(purl, version=version) for version in listed]
    return VexProduct(purls=tuple(purls))
