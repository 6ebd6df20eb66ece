"""What makes a candidate inadmissible, with a sentence for each.

Order of the list: what the user asked for, then what the rules of evidence forbid, then the fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from basewise._internal.text import format_bytes
from basewise.errors import UsageError
from basewise.model.choice import Candidate, Exclusion
from basewise.model.evidence import SupportPhase
from basewise.model.verdict import ReasonKind, Verdict
from basewise.ranking.request import RankRequest
from basewise.ranking.sentences import blocking_sentences, parse_date, unknown_sentence

__all__ = ["FLAGS", "exclusions_of", "python_allows"]

FLAGS = {
    "image": "--image",
    "platform": "--arch",
    "python": "--python",
    "distro": "--distro",
    "libc": "--libc",
    "max-size": "--max-size",
    "requires-python": "requires-python",
    "prerelease": "--include-prerelease",
    "python-eol": "--include-eol",
    "distro-eol": "--include-eol",
}


def exclusions_of(candidate: Candidate, request: RankRequest) -> tuple[Exclusion, ...]:
    """Return every constraint that the candidate breaks; empty when it is admissible.

    Raises:
        UsageError: `requires_python` is no specifier set.
    """
    return tuple(
        Exclusion(name, sentence) for name, check in _CHECKS for sentence in check(candidate, request)
    )


def python_allows(specifiers: str | None, version: str) -> bool:
    """Say whether a PEP 440 specifier set allows a Python version, pre-releases included.

    Raises:
        UsageError: The text is no specifier set.
    """
    if not specifiers or not specifiers.strip():
        return True
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - only where it is stated

    try:
        return SpecifierSet(specifiers).contains(version, prereleases=True)
    except InvalidSpecifier as error:
        raise UsageError(
            f"`requires-python` is no version range: {specifiers[:60]!r}", hint="write it as `>=3.11,<3.14`"
        ) from error


def _image(candidate: Candidate, request: RankRequest) -> Iterator[str]:
    names = {candidate.image, *candidate.also_known_as}
    wanted = [text.partition("@") for text in request.images]
    if wanted and not any(
        name in names and (not at or digest in {candidate.digest, candidate.manifest_digest})
        for name, at, digest in wanted
    ):
        yield "`--image` does not name it"


def _platform(candidate: Candidate, request: RankRequest) -> Iterator[str]:
    if request.platform is not None and candidate.platform != request.platform:
        yield f"it is for {candidate.platform}, `--arch` asks for {request.platform}"


def _python(candidate: Candidate, request: RankRequest) -> Iterator[str]:
    if request.python is not None and request.python not in {candidate.python_minor, candidate.python}:
        yield f"it has Python {candidate.python_minor}, `--python` asks for {request.python}"


def _distro(candidate: Candidate, request: RankRequest) -> Iterator[str]:
    distro = candidate.distro
    names = {distro.id, distro.version, distro.codename, f"{distro.id}:{distro.version}"} - {""}
    names |= {f"{distro.id}:{distro.codename}", f"{distro.id} {distro.version}", distro.id + distro.version}
    if request.distro is not None and request.distro.lower() not in names:
        yield f"it is {_distro_name(candidate)}, `--distro` asks for {request.distro}"


def _libc(candidate: Candidate, request: RankRequest) -> Iterator[str]:
    if request.libc is not None and candidate.libc.family != request.libc.lower():
        yield f"its C library is {candidate.libc.family}, `--libc` asks for {request.libc}"


def _max_size(candidate: Candidate, request: RankRequest) -> Iterator[str]:
    limit, disk = request.max_size_bytes, candidate.size.disk_bytes
    if limit is None:
        return
    least = disk if disk is not None else candidate.size.base_disk_bytes
    if least is not None and least > limit:
        yield f"it takes {format_bytes(least)} on disk, `--max-size` allows {format_bytes(limit)}"
    elif disk is None:
        yield f"its size is not known, so `--max-size` {format_bytes(limit)} cannot be checked"


def _requires_python(candidate: Candidate, request: RankRequest) -> Iterator[str]:
    if not python_allows(request.requires_python, candidate.python):
        yield f"requires-python `{request.requires_python}` excludes Python {candidate.python_minor}"


def _prerelease(candidate: Candidate, request: RankRequest) -> Iterator[str]:
    if not request.include_prerelease and not candidate.python.replace(".", "").isdigit():
        yield f"Python {candidate.python} is a pre-release"


def _python_eol(candidate: Candidate, request: RankRequest) -> Iterator[str]:
    end = parse_date(candidate.support.python_eol)
    if not request.include_eol and end is not None and end < request.today:
        yield f"Python {candidate.python_minor} is end-of-life since {end}"


def _distro_eol(candidate: Candidate, request: RankRequest) -> Iterator[str]:
    if not request.include_eol and candidate.support.phase is SupportPhase.EOL:
        end = candidate.support.distro_lts_eol or candidate.support.distro_eol
        yield f"{_distro_name(candidate)} is end-of-life" + (f" since {end}" if end else "")


def _digest(candidate: Candidate, request: RankRequest) -> Iterator[str]:
    if candidate.digest is None and not request.allow_undigested:
        yield "its digest is not known, and a tag alone can move"


def _tag(candidate: Candidate, request: RankRequest) -> Iterator[str]:
    if not candidate.trust.explicit_tag and candidate.image not in request.images:
        yield "its tag does not name Python minor, variant and distribution release"


def _fit(candidate: Candidate, request: RankRequest) -> Iterator[str]:
    if candidate.verdict is Verdict.DOES_NOT_FIT:
        kinds = {reason.kind for reason in candidate.reasons if reason.blocking}
        if kinds == {ReasonKind.PYTHON} and any(_requires_python(candidate, request)):
            return
        yield from blocking_sentences(candidate) or ("the application does not fit",)
    elif candidate.verdict is Verdict.UNKNOWN and not request.allow_unknown:
        yield from blocking_sentences(candidate) or (unknown_sentence(candidate),)


def _distro_name(candidate: Candidate) -> str:
    distro = candidate.distro
    return f"{distro.id} {distro.version}" + (f" ({distro.codename})" if distro.codename else "")


_CHECKS: tuple[tuple[str, Callable[[Candidate, RankRequest], Iterator[str]]], ...] = (
    ("image", _image),
    ("platform", _platform),
    ("python", _python),
    ("distro", _distro),
    ("libc", _libc),
    ("max-size", _max_size),
    ("requires-python", _requires_python),
    ("prerelease", _prerelease),
    ("python-eol", _python_eol),
    ("distro-eol", _distro_eol),
    ("digest", _digest),
    ("tag", _tag),
    ("fit", _fit),
)
