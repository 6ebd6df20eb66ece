"""OpenVEX documents.

Reference:
    OpenVEX specification 0.2.0, sections "Document struct fields", "Statement fields" and "Product data structure";
    0.0.1 has products and vulnerabilities as plain texts.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from basewise.policy.purl import Purl, parse_purl
from basewise.policy.vex import MAX_REASON_CHARACTERS, VexProduct, VexStatement, VexStatus

__all__ = ["read_openvex"]


class _Component(msgspec.Struct):
    id: str | None = msgspec.field(default=None, name="@id")
    identifiers: dict[str, str] | None = None
    hashes: dict[str, str] | None = None


class _Product(_Component):
    subcomponents: list[_Component | str] | None = None


class _Vulnerability(msgspec.Struct):
    id: str | None = msgspec.field(default=None, name="@id")
    name: str | None = None
    aliases: list[str] | None = None


class _Statement(msgspec.Struct):
    vulnerability: _Vulnerability | str | None = None
    products: list[_Product | str] | None = None
    subcomponents: list[_Component | str] | None = None
    status: str = ""
    justification: str | None = None
    impact_statement: str | None = None
    action_statement: str | None = None
    status_notes: str | None = None
    timestamp: str | None = None
    last_updated: str | None = None


class _Document(msgspec.Struct):
    statements: list[_Statement] | None = None
    timestamp: str | None = None
    last_updated: str | None = None


def read_openvex(content: bytes, source: str) -> tuple[VexStatement, ...]:
    """Return the statements of a document.

    Args:
        content: The JSON, limited in size.
        source: What to call it.

    Raises:
        msgspec.DecodeError: It does not have the form of OpenVEX, or names a status that there is not.
    """
    document = msgspec.json.decode(content, type=_Document)
    moment = document.last_updated or document.timestamp or ""
    return tuple(_statement(each, moment, source) for each in document.statements or ())


def _statement(stated: _Statement, moment: str, source: str) -> VexStatement:
    try:
        status = VexStatus(stated.status)
    except ValueError as error:
        raise msgspec.ValidationError(f"there is no status `{stated.status[:40]}`") from error
    words = (
        stated.justification, stated.impact_statement, stated.action_statement, stated.status_notes,
    )  # fmt: skip
    shared = _purls(stated.subcomponents)
    return VexStatement(
        ids=frozenset(_ids(stated.vulnerability)),
        status=status,
        products=tuple(_product(product, shared) for product in stated.products or ()),
        reason="; ".join(word for word in words if word)[:MAX_REASON_CHARACTERS],
        moment=stated.last_updated or stated.timestamp or moment,
        source=source,
        justification=(stated.justification or "")[:MAX_REASON_CHARACTERS],
    )


def _ids(stated: _Vulnerability | str | None) -> list[str]:
    if stated is None:
        return []
    if isinstance(stated, str):
        return [stated.casefold()]
    names = [stated.name or (stated.id or "").rpartition("/")[2], *(stated.aliases or ())]
    return [name.casefold() for name in names if name]


def _product(stated: _Product | str, shared: tuple[Purl, ...]) -> VexProduct:
    if isinstance(stated, str):
        purl = parse_purl(stated)
        return VexProduct(purls=(purl,) if purl else (), components=shared)
    return VexProduct(
        purls=_purls([stated]),
        digests=_digests(stated.hashes),
        components=_purls(stated.subcomponents) or shared,
    )


def _purls(stated: list[_Component | str] | list[_Product] | None) -> tuple[Purl, ...]:
    found = []
    for component in stated or ():
        texts = (
            (component,)
            if isinstance(component, str)
            else (component.id, (component.identifiers or {}).get("purl"))
        )
        found += [purl for text in texts if text and (purl := parse_purl(text)) is not None]
    return tuple(found)


def _digests(hashes: Mapping[str, str] | None) -> frozenset[str]:
    """Return the digests that name an image: only SHA-256 does here."""
    value = (hashes or {}).get("sha-256", "")
    return frozenset({f"sha256:{value.lower()}"} if value else ())
