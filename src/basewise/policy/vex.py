"""VEX statements: what somebody says about a vulnerability in a product, and which findings that takes out."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from basewise._internal.text import plural
from basewise.model.scan import IgnoredFinding, IgnoredStatus, ScanFinding
from basewise.policy.ignore import Ignored
from basewise.policy.purl import Purl, purl_covers

__all__ = ["InstalledComponents", "VexProduct", "VexStatement", "VexStatus", "apply_vex"]

MAX_REASON_CHARACTERS = 1_000


class VexStatus(StrEnum):
    """The four statuses that all forms of VEX share."""

    NOT_AFFECTED = "not_affected"
    FIXED = "fixed"
    AFFECTED = "affected"
    UNDER_INVESTIGATION = "under_investigation"


_TAKES_OUT = frozenset({VexStatus.NOT_AFFECTED, VexStatus.FIXED})


class VexProduct(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement is about.

    Args:
        purls: Package URLs that name it; any of them is enough.
        digests: Of the image as `sha256:…`; any of them is enough.
        components: Where the product is an image: the packages inside that are meant; empty for the whole image.
    """

    purls: tuple[Purl, ...] = ()
    digests: frozenset[str] = frozenset()
    components: tuple[Purl, ...] = ()


class VexStatement(msgspec.Struct, frozen=True, kw_only=True):
    """One statement.

    Args:
        ids: The vulnerability and its aliases, in lower case.
        status: What is said.
        products: What it is said of.
        reason: Justification and words, cut at `MAX_REASON_CHARACTERS`.
        moment: RFC 3339 time by which a later statement wins over an earlier one; any other text is before all.
        source: File that holds it.
        justification: Label of OpenVEX, "" for none.
    """

    ids: frozenset[str]
    status: VexStatus
    products: tuple[VexProduct, ...]
    reason: str
    moment: str
    source: str
    justification: str = ""


class InstalledComponents(msgspec.Struct, frozen=True, kw_only=True):
    """What an image is and holds, in the words of VEX.

    Args:
        digests: Of the image: manifest, index and configuration.
        image: Its package URL, None where it comes from no registry.
        binaries: Package URLs by type and name of an installed package.
    """

    digests: frozenset[str]
    image: Purl | None
    binaries: Mapping[tuple[str, str], tuple[Purl, ...]]


def apply_vex(
    findings: Iterable[ScanFinding], statements: Sequence[VexStatement], installed: InstalledComponents
) -> Ignored:
    """Take out of findings what statements call not affected or fixed, and note the other statuses on them.

    Of several statements about one finding the latest wins, of the same moment the last one.

    Args:
        findings: Of one image.
        statements: In the order of their files.
        installed: What the image is and holds.

    Returns:
        Kept and ignored findings in their order; a note for each file of which nothing matches.
    """
    by_id: dict[str, list[VexStatement]] = defaultdict(list)
    for statement in statements:
        for name in statement.ids:
            by_id[name].append(statement)
    kept: list[ScanFinding] = []
    ignored: list[IgnoredFinding] = []
    matched: dict[str, int] = defaultdict(int)
    for finding in findings:
        ids = dict.fromkeys(name.casefold() for name in (finding.id, *finding.aliases))
        about = {id(each): each for name in ids for each in by_id.get(name, ())}
        last = _last_word(finding, list(about.values()), installed)
        if last is None:
            kept.append(finding)
            continue
        matched[last.source] += 1
        said = f"{last.status}{f': {last.reason}' if last.reason else ''}"
        if last.status in _TAKES_OUT:
            ignored.append(
                IgnoredFinding(
                    finding=finding,
                    reason=said,
                    expires=None,
                    source=last.source,
                    status=IgnoredStatus(str(last.status)),
                    justification=last.justification,
                )
            )
        else:
            kept.append(msgspec.structs.replace(finding, vex=said))
    sources = dict.fromkeys(statement.source for statement in statements)
    unmatched = {
        name: sum(each.source == name for each in statements) for name in sources if not matched[name]
    }
    notes = tuple(
        f"none of the {plural(count, 'VEX statement')} of {name} is about a finding of this image"
        for name, count in unmatched.items()
    )
    return Ignored(tuple(kept), tuple(ignored), notes)


def _last_word(
    finding: ScanFinding, statements: Sequence[VexStatement], installed: InstalledComponents
) -> VexStatement | None:
    """Return the latest statement that is about a finding.

    A finding is about all installed binary packages of a source: statements about single ones take it out only
    when they are about each of them, and leave it in when they are about any.
    """
    names = frozenset(_names_of(finding))
    last: VexStatement | None = None
    out: dict[str, VexStatus] = {}
    for statement in sorted(statements, key=_instant):
        covered = _covered(finding, names, statement, installed)
        if not covered:
            continue
        out.update(dict.fromkeys(covered, statement.status))
        if statement.status not in _TAKES_OUT or all(out.get(name) in _TAKES_OUT for name in names):
            last = statement
    return last


def _instant(statement: VexStatement) -> float:
    """Return the time of a statement in seconds; before all others where it states none that can be read."""
    try:
        moment = datetime.fromisoformat(statement.moment)
    except ValueError:
        return -math.inf
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _names_of(finding: ScanFinding) -> tuple[str, ...]:
    return finding.binaries or (finding.package.name,)


def _covered(
    finding: ScanFinding, names: frozenset[str], statement: VexStatement, installed: InstalledComponents
) -> frozenset[str]:
    """Return the binary packages of a finding that a statement is about."""
    kind = str(finding.package.type)
    covered: set[str] = set()
    for product in statement.products:
        if _is_image(product, installed):
            if not product.components:
                return names
            stated = product.components
        else:
            stated = product.purls
        for purl in stated:
            if any(purl_covers(purl, source) for source in _source_purls(finding, installed)):
                return names
            covered.update(
                name
                for name in names
                if any(purl_covers(purl, one) for one in installed.binaries.get((kind, name), ()))
            )
    return frozenset(covered)


def _is_image(product: VexProduct, installed: InstalledComponents) -> bool:
    """Tell whether a product is the image: the same digest, or the same repository and no version stated.

    A version that is no digest (`@v1.0`) names nothing: which image has that tag changes, and is not known here.
    """
    if product.digests & installed.digests:
        return True
    return any(_names_image(purl, installed) for purl in product.purls if purl.type in {"oci", "docker"})


def _names_image(purl: Purl, installed: InstalledComponents) -> bool:
    if purl.version:
        return purl.version.lower() in installed.digests
    is_whole = purl.type == "oci" and bool(purl.qualifiers.get("repository_url"))
    return installed.image is not None and is_whole and purl_covers(purl, installed.image)


def _source_purls(finding: ScanFinding, installed: InstalledComponents) -> list[Purl]:
    """Return what names the source package as a whole: a package URL without architecture, or with `arch=source`."""
    package = finding.package
    found = []
    for name in _names_of(finding):
        for purl in installed.binaries.get((str(package.type), name), ()):
            qualifiers = {
                key: value for key, value in purl.qualifiers.items() if key not in {"arch", "upstream"}
            }
            source = msgspec.structs.replace(purl, qualifiers=qualifiers)
            if package.source is not None:
                name_of_source = package.source if purl.type == "rpm" else package.source.lower()
                source = msgspec.structs.replace(source, name=name_of_source)
            if package.source_version is not None and package.source_version != package.version:
                source = msgspec.structs.replace(source, version=package.source_version)
            found += [source, msgspec.structs.replace(source, qualifiers={**qualifiers, "arch": "source"})]
    return found
