"""What one vulnerability is to one image, in plain words or as the JSON document `basewise.explain/1`."""

from __future__ import annotations

from collections.abc import Iterator

from basewise._internal.text import plural
from basewise.model.explanation import Answer, ExplainedPackage, Explanation, Statement
from basewise.model.finding import Severity, State
from basewise.model.scan import Origin, ScanFinding
from basewise.report.coverage_words import count_sources, missing_sentences
from basewise.report.cvss_words import vector_sentences
from basewise.report.json_document import encode_json
from basewise.report.plain import plain_line
from basewise.report.style import Style
from basewise.report.text_lines import HANGING, Line, printed, wrapped
from basewise.report.words import shortened
from basewise.report.writers import unknown_format

__all__ = ["EXPLAIN_FORMATS", "render_explanation"]

EXPLAIN_FORMATS = ("table", "json")
MIN_WIDTH = 40
MAX_STATEMENTS = 20
MAX_RANGES = 6
_HEADLINES = {
    Answer.APPLIES: "{id} applies to {packages}",
    Answer.UNDETERMINED: "it is not known whether {id} applies to {packages}",
    Answer.BESIDE_THE_COUNT: "{id} is found in {packages} and not counted: kernel headers, an entry without a CVE, "
    "or known to be false",
    Answer.IGNORED: "{id} applies to {packages}, and is ignored",
    Answer.DOES_NOT_APPLY: "{id} does not apply to what is installed",
    Answer.NOT_INSTALLED: "{id} does not apply: it is known for {elsewhere}, not installed here",
    Answer.REJECTED: "{id} was taken back by those who gave it: it is no vulnerability",
    Answer.UNKNOWN: "nothing is known of {id}: no source of the advisory store names it, which proves nothing",
}
MAX_COMMAND_CHARACTERS = 20_000


def render_explanation(explanation: Explanation, form: str, *, width: int, color: bool) -> str:
    """Write an explanation in one of `EXPLAIN_FORMATS`.

    Args:
        explanation: What is known.
        form: Its name.
        width: Columns of the terminal.
        color: Allow escape sequences for style.

    Raises:
        UsageError: There is no such form.
    """
    if form == "json":
        return encode_json(explanation).decode("ascii")
    if form != "table":
        raise unknown_format(form, EXPLAIN_FORMATS)
    lines = _lines(explanation, max(MIN_WIDTH, width))
    return printed(lines, color=color)


def _lines(explanation: Explanation, columns: int) -> Iterator[Line]:
    yield from _wrapped(_headline(explanation), columns, style=Style.BOLD)
    if explanation.aliases:
        yield from _wrapped(f"also known as {', '.join(explanation.aliases)}", columns)
    yield from _wrapped(
        f"image {explanation.image.reference}, digest {explanation.image.digest or 'not known'}", columns
    )
    for package in explanation.packages:
        yield from _package(package, columns)
    yield from _risk(explanation, columns)
    yield "", Style.PLAIN
    yield f"Coverage: {'complete' if explanation.coverage.complete else 'incomplete'}", Style.BOLD
    for source in count_sources(explanation.coverage):
        yield from _wrapped(source, columns, bullet="- ")
    for sentence in missing_sentences(explanation.coverage):
        yield from _wrapped(sentence, columns, bullet="- ")


def _headline(explanation: Explanation) -> str:
    """Return the answer in one sentence; where something was not seen, a denial is no proof."""
    sentence = _HEADLINES[explanation.answer].format(
        id=explanation.id,
        packages=", ".join(
            package.package.source or package.package.name
            for package in explanation.packages
            if package.finding is not None
            and (explanation.answer is not Answer.APPLIES or _is_certain(package.finding, package))
        ),
        elsewhere=", ".join(explanation.elsewhere),
    )
    denied = explanation.answer in {Answer.DOES_NOT_APPLY, Answer.NOT_INSTALLED}
    doubt = denied and not explanation.coverage.complete
    return f"{sentence}; not everything was seen, so this is no proof" if doubt else sentence


def _is_certain(finding: ScanFinding, package: ExplainedPackage) -> bool:
    """Tell whether a finding counts."""
    return finding.state is not State.UNDETERMINED and not package.ignored and not package.beside_the_count


def _package(explained: ExplainedPackage, columns: int) -> Iterator[Line]:
    package = explained.package
    yield "", Style.PLAIN
    name = f"{package.source or package.name} {package.source_version or package.version} ({package.type})"
    yield from _wrapped(name, columns, style=Style.BOLD)
    yield from _named("where", _where(explained), columns)
    yield from _named("why", explained.why, columns)
    if explained.ignored:
        yield from _named("ignored", explained.ignored, columns)
    finding = explained.finding
    if finding is not None:
        if finding.fixed_version:
            on = f" of {finding.fixed_on}" if finding.fixed_on else ""
            yield from _named("fixed in", f"{finding.fixed_version}{on}", columns)
        for sentence in explained.how:
            yield from _named("what to do", sentence, columns)
        if explained.command:
            yield plain_line(f"    $ {explained.command}", limit=MAX_COMMAND_CHARACTERS), Style.FIRST
        for sentence in _severity(finding):
            yield from _named("severity", sentence, columns)
        if finding.vex:
            yield from _named("VEX", finding.vex, columns)
    for statement in explained.statements[:MAX_STATEMENTS]:
        yield from _wrapped(_said(statement), columns, bullet="  - ")
    more = len(explained.statements) - MAX_STATEMENTS
    if more > 0:
        yield from _wrapped(
            f"{plural(more, 'further statement')}: `--format json` has all", columns, bullet="  - "
        )


def _where(explained: ExplainedPackage) -> str:
    names = ", ".join(explained.binaries)
    layer = "a layer that is not known" if explained.layer is None else f"layer {explained.layer}"
    made = f" (made by {explained.instruction})" if explained.instruction else ""
    part = {Origin.BASE: " of the base image", Origin.OWN: " of the image's own"}.get(
        Origin(explained.introduced_by), ""
    )
    return f"{names}, recorded in {explained.location}, brought by {layer}{made}{part}"


def _severity(finding: ScanFinding) -> Iterator[str]:
    """Yield why the severity is what it is."""
    if finding.severity is Severity.UNKNOWN:
        yield "unknown: no source rates it; it is taken for worse than low"
    else:
        yield f"{finding.severity}, says {finding.severity_source}"
    if finding.cvss is not None:
        cvss = finding.cvss
        yield f"CVSS {cvss.version} score {cvss.score} by {cvss.source}: {'; '.join(vector_sentences(cvss.vector))} ({cvss.vector})"


def _risk(explanation: Explanation, columns: int) -> Iterator[Line]:
    """Yield what is known of its exploitation."""
    yield "", Style.PLAIN
    as_of = f" as of {explanation.exploited_as_of}" if explanation.exploited_as_of else ""
    said = {
        True: f"yes: on CISA's list of exploited vulnerabilities{as_of}",
        False: f"not on CISA's list of exploited vulnerabilities{as_of}",
        None: f"not known: {_why_unknown(explanation)}",
    }[explanation.exploited]
    yield from _named("exploited", said, columns)
    if explanation.epss is None:
        yield from _named("EPSS", "no score is known, which is not a score of 0", columns)
    else:
        share = (
            f", more than {explanation.epss_percentile:.0%} of all"
            if explanation.epss_percentile is not None
            else ""
        )
        on = f", as of {explanation.epss_as_of}" if explanation.epss_as_of else ""
        text = f"{explanation.epss:.1%} chance of being exploited within 30 days{share}{on}"
        yield from _named("EPSS", text, columns)


def _why_unknown(explanation: Explanation) -> str:
    """Return why nobody can say whether it is exploited."""
    if not any(name.upper().startswith("CVE-") for name in (explanation.id, *explanation.aliases)):
        return "CISA's list of exploited vulnerabilities names CVE ids, and this has none"
    return "the list of exploited vulnerabilities is missing, or older than the vulnerability"


def _said(statement: Statement) -> str:
    """Return what one source says."""
    where = " ".join(filter(None, (statement.origin, statement.release)))
    parts = [
        f"{statement.kind} {statement.version}".rstrip(),
        shortened(statement.ranges, MAX_RANGES),
        f"severity {statement.severity}" if statement.severity else "",
        statement.detail if statement.detail != statement.version else "",
        statement.published,
    ]
    return f"{where} says of {statement.package} ({statement.id}): {', '.join(filter(None, parts))}"


def _named(name: str, text: str, columns: int) -> Iterator[Line]:
    yield from _wrapped(f"{name}: {text}", columns, bullet="  ")


def _wrapped(text: str, columns: int, *, bullet: str = "", style: Style = Style.PLAIN) -> Iterator[Line]:
    return wrapped(text, columns, bullet=bullet, hanging=HANGING, style=style)
