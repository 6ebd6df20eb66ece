"""How severe a vulnerability is, and who says so.

In this order: the distribution's own word, the word of an advisory database, the score of a vector that an
advisory carries, the score of a vector of the NVD. What nobody says is unknown and stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from basewise.advisories.store import Store
from basewise.matching.base_score import base_score
from basewise.model.advisory import Advisory
from basewise.model.finding import Cvss, Severity

__all__ = ["Rating", "rate", "score_of"]

MAX_VECTOR_CHARACTERS = 512
MAX_VECTORS = 64
_CACHED_VECTORS = 16_384
NVD = "nvd"

# Words that sources use beside those of `Severity`.
_WORDS = {
    "important": Severity.HIGH,
    "moderate": Severity.MEDIUM,
    "unimportant": Severity.NEGLIGIBLE,
    **{severity.value: severity for severity in Severity},
}
_ORDER = tuple(Severity)
# From which score on, section "Qualitative Severity Rating Scale" of CVSS 3 and 4; NVD's own scale for CVSS 2.
_SCALES = {
    "2": ((7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW)),
    "": ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW)),
}
_PREFERRED = ("4.0", "3.1", "3.0", "2.0")
_DATABASES = {"GHSA": "ghsa", "PYSEC": "pysec", "PSF": "psf", "MAL": "malicious-packages"}


class Rating(msgspec.Struct, frozen=True):
    """A severity, who says so ("" for unknown), and the best CVSS score there is."""

    severity: Severity = Severity.UNKNOWN
    source: str = ""
    cvss: Cvss | None = None


def rate(facts: Iterable[Advisory], cve_ids: Iterable[str], store: Store) -> Rating:
    """Return the severity of a vulnerability.

    Args:
        facts: Everything that is said of it.
        cve_ids: Its CVE ids, for the scores of the NVD.
        store: Where these are.

    Returns:
        Of several words of one rank, and of several vectors of one version of CVSS, the most severe; a newer
        version of CVSS before an older one. A vector that does not hold together is passed over.
    """
    known = tuple(facts)
    cvss = _best([(vector, _database(fact)) for fact in known for vector in fact.cvss])
    if cvss is None:
        cvss = _best((vector, source) for cve in cve_ids for source, vector in store.cvss(cve))
    word = _stated(known)
    if word is not None:
        return Rating(*word, cvss)
    if cvss is None:
        return Rating()
    return Rating(_severity_of(cvss), f"CVSS {cvss.version} by {cvss.source}", cvss)


@lru_cache(maxsize=_CACHED_VECTORS)
def score_of(vector: str) -> tuple[str, float] | None:
    """Return version of CVSS and base score of a vector; None when it does not hold together.

    Args:
        vector: As `CVSS:3.1/AV:N/…`; one of CVSS 2 has no prefix.
    """
    complete = base_score(vector)
    if complete is not None:
        return complete
    # The library carries no type information, and most runs need none of it.
    from cvss import CVSS2, CVSS3, CVSS4  # type: ignore[import-untyped]  # noqa: PLC0415
    from cvss.exceptions import CVSSError  # type: ignore[import-untyped]  # noqa: PLC0415

    if len(vector) > MAX_VECTOR_CHARACTERS or not vector.isascii():
        return None
    try:
        if vector.startswith("CVSS:4.0/"):
            return "4.0", float(CVSS4(vector).base_score)
        if vector.startswith("CVSS:3"):
            return vector[5:8], float(CVSS3(vector).base_score)
        return "2.0", float(CVSS2(vector.removeprefix("CVSS:2.0/").strip("()")).base_score)
    except (CVSSError, ArithmeticError, LookupError, ValueError, TypeError):
        return None


def _stated(facts: tuple[Advisory, ...]) -> tuple[Severity, str] | None:
    """Return the severity that somebody names: the distribution before the databases, of equals the highest."""
    words = [
        (_is_database(fact), _ORDER.index(severity), _database(fact), severity)
        for fact in facts
        if fact.severity and (severity := _WORDS.get(fact.severity, Severity.UNKNOWN)) is not Severity.UNKNOWN
    ]
    first = min(words, default=None)
    return None if first is None else (first[3], first[2])


def _best(vectors: Iterable[tuple[str, str]]) -> Cvss | None:
    """Return the score of the newest version of CVSS, of several the highest."""
    given = set(vectors)
    if len(given) > 1:
        scored = [_scored(*pair) for pair in sorted(given)[:MAX_VECTORS]]
        return min((cvss for cvss in scored if cvss is not None), key=_preference, default=None)
    return _scored(*given.pop()) if given else None


@lru_cache(maxsize=_CACHED_VECTORS)
def _scored(vector: str, source: str) -> Cvss | None:
    """Return the score of a vector that somebody gives."""
    found = score_of(vector)
    return None if found is None else Cvss(version=found[0], vector=vector, score=found[1], source=source)


def _preference(cvss: Cvss) -> tuple[int, float, str, str]:
    """Return what sorts the score to the front that counts."""
    return _PREFERRED.index(cvss.version), -cvss.score, cvss.source, cvss.vector


def _severity_of(cvss: Cvss) -> Severity:
    """Return the word for a score; a score of 0 is negligible."""
    scale = _SCALES["2" if cvss.version == "2.0" else ""]
    return next((severity for least, severity in scale if cvss.score >= least), Severity.NEGLIGIBLE)


def _database(fact: Advisory) -> str:
    """Return who speaks: the database that made the id, else the feed."""
    return _DATABASES.get(fact.id.partition("-")[0], fact.origin)


def _is_database(fact: Advisory) -> bool:
    """Tell whether a general database speaks, and not the distribution whose package it is."""
    return fact.ecosystem == "pypi" or fact.id.partition("-")[0] in _DATABASES
