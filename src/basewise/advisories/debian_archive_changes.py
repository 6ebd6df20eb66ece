"""What a changelog entry says of a CVE: fixed, merely mentioned, or a fix taken back.

Most entries that name a CVE fix it, so that is the reading when no rule speaks against it. Each rule is one
pattern on the sentence around the id: on what stands before it (`before`, matched up to the id), after it
(`after`, matched from the id on), on both (`around`) or in the item that it stands below (`above`). The first rule that matches
decides. Ids are written `<ID>` (the one judged) and `<CVE>` (any other) before rules are tried.

Where one item names an id both in its text and in a file name, the text counts; of several readings of one
entry a fix outweighs a mention, and a fix outweighs a revert (a faulty patch that is replaced).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from basewise.debian.changelog import ChangelogEntry, ChangelogItem
from basewise.model.advisory import FactKind

__all__ = ["RULES", "Rule", "classify_entry", "classify_text", "cve_ids"]

# Hyphens of typesetters (U+2010, U+2011, U+2013) stand in some ids.
_HYPHEN = r"[-\u2010\u2011\u2013]"
_CVE = re.compile(
    rf"(?<![A-Za-z0-9])(?:CVE|CAN)(?:{_HYPHEN}|_)(?P<year>(?:19|20)\d\d){_HYPHEN}(?P<number>\d{{4,9}})(?!\d)"
)
_SENTENCE_END = re.compile(r"[.;!?](?=\s+[A-Z(\[\"'*<]|\s*$)|\s\*\s")
_FILE_NAME_AFTER = re.compile(r"[\w+.,{}-]*\.(?:patch|diff|dpatch|dif)\b")
_OTHER_PURPOSE = re.compile(r"regress|follow-?up|-test|revert", re.IGNORECASE)
MAX_SENTENCE_CHARACTERS = 1_500

# Words that may stand between a rule's verb and the id without changing what is said.
_FILLER = (
    r"(?:\s*(?:the|this|that|our|an?|any|all|of|for|to|from|in|by|on|with|and|as|upstream'?s?|debian'?s?|previous(?:ly)?|"
    r"earlier|last|initial|original|first|recent|old|new|proposed|security|official|following|applied|included|backported|"
    r"fix(?:es|ed|ing)?|patch(?:es|ed)?|change(?:s|set)?|commits?|backports?|updates?|solution|mitigation|support|"
    r"address(?:es|ed|ing)?|which|issues?|vulnerabilit(?:y|ies)|bugs?|problems?|references?|cve|cves|"
    r"d/p|d/patches|d/p/series|debian/patches|series|files?|quilt|<CVE>[,;/]?|[&/:\"'`~*+-]|\d+[_-])(?=[\s<\"'`/:~,]|\Z))*"
)
_NEAR = rf"{_FILLER}[\s\"'`:/]*(?:[\w+./-]*[/_-])?\Z"
_FIX_VERB = (
    r"(?:fix|address|backport|appl|includ|resolv|solv|correct|clos|cover|patch|mitigat|handl|prevent|port)\w*"
)
_SOON = r"\A(?:[\w+.-]*\.(?:patch|diff))?(?:[\s,/&)\]]|and\b|or\b|<CVE>|\([^()]{0,40}\))*"
_IS = r"(?:(?:is|are|was|were|be|been|has|have|had|does|do|did|will|would|which|that|still|yet|currently|also|only|we)\s+)*"
_NOT = r"(?:not|never|\w*n't|no\s+longer)"


class Rule(msgspec.Struct, frozen=True):
    """One reading.

    Args:
        name: For tests and explanations.
        kind: What a match means.
        where: `before`, `after`, `around` or `above`.
        pattern: Tried with `search`.
    """

    name: str
    kind: FactKind
    where: str
    pattern: re.Pattern[str]


def _rule(name: str, kind: FactKind, where: str, pattern: str) -> Rule:
    return Rule(name, kind, where, re.compile(pattern, re.IGNORECASE))


RULES = (
    _rule("fix again", FactKind.FIXED, "before", rf"\b(?:re-?appl|re-?instat|re-?add|re-?enabl|restor|re-?introduc)\w*\b{_NEAR}"),
    _rule(
        "fix by reverting",
        FactKind.FIXED,
        "before",
        rf"\brevert\w*\b[^.;]*\b(?:to\s+(?:fix|address)|fixes|fixing|addresses|addressing|because\s+of|due\s+to|reference:?)\b{_NEAR}",
    ),
    _rule("fix and test", FactKind.FIXED, "before", rf"\b(?:fix(?:es)?|patch(?:es)?)\s+(?:and|plus|with|\+|&)\s+(?:\w+\s+)?tests?\b{_NEAR}"),
    _rule(
        "revert",
        FactKind.REVERTED,
        "before",
        rf"\b(?:revert(?:s|ed|ing)?|back(?:s|ed|ing)?[\s-]out|undo(?:es|ing)?|undid|withdraw\w*)\b"
        rf"(?!\s*\"[^\"]*\"){_NEAR}",
    ),
    _rule(
        "revert a fix",
        FactKind.REVERTED,
        "before",
        r"\b(?:revert|back(?:s|ed|ing)?[\s-]out|undo|withdraw|disabl)\w*\s+(?:(?:the|this|that|our|upstream|previous|incomplete|faulty|security)\s+)*(?:fix(?:es)?|patch(?:es)?|backports?|mitigations?)\b[^.;\"]*\Z",
    ),
    _rule("revert quoted", FactKind.REVERTED, "before", rf"\brevert\w*\s+[\"'`“]{_NEAR}"),
    _rule(
        "is reverted",
        FactKind.REVERTED,
        "after",
        rf"{_SOON}(?:(?:fix|fixes|patch|patches|changes?)\s+)?{_IS}(?:been\s+)?(?:temporarily\s+)?(?:reverted|backed\s+out|undone)\b",
    ),
    _rule(
        "dropped as it breaks",
        FactKind.REVERTED,
        "before",
        rf"\b(?:drop|remov)\w*\b{_NEAR}(?=.*\Z)",
    ),
    _rule("below a revert", FactKind.REVERTED, "above", r"\A(?:revert|back\s+out)\w*\b[^\"]*\b(?:fix|patch|commit|change)\w*\b[^\"]*:?\Z"),
    _rule(
        "not fixed",
        FactKind.MENTIONED,
        "before",
        rf"\b{_NOT}\s+(?:(?:yet|been|currently|being|be|fully|completely|properly|really|actually|necessary|needed|to|a|the|it|we)\s+)*"
        rf"{_FIX_VERB}{_NEAR}",
    ),
    _rule("no fix", FactKind.MENTIONED, "before", rf"\b(?:no|lacks?|lacking|without|awaiting|wait(?:ing)?\s+for|pending)\s+(?:an?\s+|the\s+)?(?:upstream\s+|official\s+)?(?:fix|patch|solution)\w*\b{_NEAR}"),
    _rule("left out", FactKind.MENTIONED, "before", rf"\b(?:except(?:ing)?(?:\s+for)?|excluding|excepted|apart\s+from|other\s+than|but\s+not|ignor\w+|postpon\w+|defer\w*|skip\w*|leav\w+|still\s+(?:open|vulnerable|affected|unfixed|missing|pending|needs?))\b{_NEAR}"),
    _rule("not affected before", FactKind.MENTIONED, "before", rf"(?:\b{_NOT}\s+(?:\w+\s+)?|\bun)(?:affect\w*|vulnerable|susceptible|impacted|prone|exposed|exploitable|applicable|relevant)\b{_NEAR}"),
    _rule(
        "not affected after",
        FactKind.MENTIONED,
        "after",
        rf"{_SOON}[:-]?\s*(?:\(\s*)?(?:debian\s+|this\s+(?:package|version)\s+|it\s+|we\s+)?{_IS}"
        rf"(?:{_NOT}\s+(?:\w+\s+)?(?:affect\w*|appl\w*|vulnerable|relevant|present|an?\s+(?:issue|security)|exploitable|concern\w*|fix\w*|address\w*|backport\w*|includ\w*|resolv\w*|patch\w*|needed|yet)|unaffected\b|unfixed\b|n/a\b|no-dsa\b|vulnerable\s+code\s+(?:is\s+)?not|only\s+affects|wontfix\b|won't\b|(?:ignored|postponed|rejected|disputed)\b(?=\s*(?:[.,;)]|because|as\b|since|by\b|for\s+now|\Z))|remains?\s+(?:open|unfixed)|still\s+(?:open|unfixed))",
    ),
    _rule("not affected aside", FactKind.MENTIONED, "after", r"\A[^.;]{0,60}\((?:[^()]*\b)?(?:not|un)[\s-]?(?:affected|vulnerable|applicable|exploitable|relevant|fixed)\b"),
    _rule("windows only", FactKind.MENTIONED, "after", r"\A[^.;]{0,80}\((?:only\s+)?(?:affects?\s+)?(?:on\s+)?(?:windows|macos|mac\s+os|android|ios)(?:[\s-]only|\s+specific)?\)"),
    _rule(
        "similar",
        FactKind.MENTIONED,
        "before",
        rf"\b(?:similar(?:ly)?|akin|analogous|comparable|identical|related|like|unlike|same\s+\w+(?:\s+\w+)?\s+as|same\s+as|variants?|reminiscent|compare|cf\.?|see\s+also|refer(?:s|red|ring)|inspired|duplicates?|dupe|superseded|supersedes|instead|unrelated|confused?)\b(?:\s+\w+'s)?{_NEAR}",
    ),
    _rule("someone else's", FactKind.MENTIONED, "before", r"\b(?!upstream|debian|it|that|there|here|let)\w+'s\s+(?:fix\s+for\s+)?\Z"),
    _rule(
        "completing",
        FactKind.MENTIONED,
        "before",
        rf"\b(?:complet(?:e|es|ed|ing|ion)|incomplete|insufficient|finish\w*|improv\w+|better|additional|further|remaining|follow(?:s|ed|ing)?[\s-]?(?:ups?|on)|amend\w*|augment\w*|extend\w*|partial(?:ly)?|missing\s+(?:parts?|bits?|pieces?|hunks?)|parts?\s+of|addition)\b{_NEAR}",
    ),
    _rule("completing after", FactKind.MENTIONED, "after", rf"{_SOON}(?:(?:fix(?:es)?|patch)\s+)?(?:is|was|were|are|has\s+been|turned\s+out(?:\s+to\s+be)?)\s+(?:\w+\s+)?(?:incomplete|insufficient|completed)\b|{_SOON}[:\s-]*follow-?up\b"),
    _rule("bypass", FactKind.MENTIONED, "before", rf"\b(?:bypass|circumvent|evad)\w*{_NEAR}"),
    _rule(
        "regression",
        FactKind.MENTIONED,
        "before",
        rf"\b(?:regress\w*|breakage|breaks?|broken?|fallout|issues?|problems?|bugs?|crash(?:es)?|failures?|errors?|mistakes?|leaks?|side[\s-]effects?|typos?)\b(?:[^.;:,]|,\s*(?:which|that)\b)*?\b(?:introduc\w+|caus\w+|trigger\w+|creat\w+|result\w+|due|after|since|following|stemming)\b{_NEAR}",
    ),
    _rule("regression of", FactKind.MENTIONED, "before", rf"\b(?:regress\w*|fallout|breakage|typos?|mistakes?)\s+(?:\w+\s+)?(?:in|from|of|by|with|to|for)\b{_NEAR}"),
    _rule("introduced by", FactKind.MENTIONED, "before", rf"\b(?:(?:introduced|caused|broken|triggered)\s+(?:by|in|with|via|from|when|while)|compensat\w+\s+for|after\s+(?=(?:resolv|fix|patch)ing))\b(?:\s+(?:resolving|fixing|patching|applying))?{_NEAR}"),
    _rule("regression after", FactKind.MENTIONED, "after", rf"{_SOON}[:\s-]*(?:fix(?:es|ing)?\s+)?(?:an?\s+|the\s+)?(?:\w+\s+)?regressions?\b"),
    _rule("caused", FactKind.MENTIONED, "after", r"\A(?:[\s,/&]|and\b|<CVE>)*(?:fix(?:es)?\s+|patch(?:es)?\s+|changes?\s+)?(?:which\s+|that\s+|has\s+|have\s+)?(?:caus(?:e|es|ed|ing)|brok?e|breaks|broken|introduced|was\s+too|were\s+too|could\s+lead|led\s+to|regressed)\b"),
    _rule("dependency", FactKind.MENTIONED, "before", r"\b(?:(?:bump|tighten|rais|version|add|requir|set)\w*\s+[^.;(]*?\b(?:build-?dep|dep|b-d)\w*|build-?depend\w*|breaks?\s+(?:on|against)|rebuil[dt]\w*\s+(?:with|against|using|for)|re-?compil\w+\s+(?:with|against|using))\b(?:[^.;(]|\.\S|\(\s*[<>=][^()]*\))*\Z"),
    _rule("patch upkeep", FactKind.MENTIONED, "before", r"\A\W*(?:(?:d|debian)/patches\S*:?\s*|(?:series|quilt):?\s*|\w+\s+)?(?:drop|remov|delet|refresh|rebas|renam|unfuzz|adapt|adjust|regenerat|forward[\s-]port|reorder|rework|cleanup|clean\s+up|obsolet|purg|mov)(?:e|es|ed|s|ing|ped|ping)?\b(?!.*\b(?:to\s+fix|fixes|fixing|to\s+address|addresses|addressing|resolves|due\s+to|because\s+of)\b)(?=.*(?:\bpatch(?:es)?\b|\.(?:patch|diff|dpatch)\b)).*\Z"),
    _rule("patch upkeep after", FactKind.MENTIONED, "after", r"\A[\w+.,{}-]*\.(?:patch|diff|dpatch)\b(?:[\s,&]|d/p/|d/patches/|(?:debian/)?patches/|and\b|<CVE>[\w.-]*)*:?\s*(?:was\s+|is\s+|has\s+been\s+)?(?:drop|remov|delet|refresh|renam|obsolet|unfuzz|rebas)(?:e|ed|es|s|ing|ped|ping)?\b(?!.*\bfix(?:es|ing)\b)"),
    _rule("patch upkeep of", FactKind.MENTIONED, "before", rf"\b(?:drop|remov|delet|refresh|rebas|renam|unfuzz|regenerat|forward-port)(?:e|es|ed|s|ing|ped|ping)?\b{_NEAR}"),
    _rule("below patch upkeep", FactKind.MENTIONED, "above", r"\A(?:\[[^\]]*\]\s*)?(?:drop|remov|delet|refresh|rebas|renam|unfuzz|adapt|obsolet|disabl)\w*\b[^:]*\b(?:patch|diff|quilt)\w*"),
    _rule("test only", FactKind.MENTIONED, "before", rf"\b(?:tests?|test[\s-]?cases?|test[\s-]?suites?|testsuite|autopkgtests?|reproducers?|pocs?|exploits?)\b(?:\s+(?:for|of|from|to\s+cover|covering|related\s+to|about|against|checking|regarding))+{_NEAR}"),
    _rule("test added", FactKind.MENTIONED, "before", r"\A\W*(?:add|import|backport|includ|ship|extend|enabl)\w*\s+(?:\w+\s+){0,3}?(?:tests?|autopkgtests?|test[\s-]?cases?|test[\s-]?coverage)\b(?!.*\bfix)[^.;]*\Z"),
    _rule("bookkeeping", FactKind.MENTIONED, "before", r"\b(?:acknow?ledg\w*|mention\w*|(?:add|record|not|list|document|correct|fix|includ|updat|insert|assign)\w*\s+(?:\w+\s+){0,4}?(?:cve|changelog|reference|references|ids?|identifiers?|numbers?|names?)(?:\s+(?:ids?|identifiers?|numbers?|references?|names?|entry|entries))?\s+(?:to|in|for|of|from)\b)[^.;]*\Z"),
    _rule("changelog", FactKind.MENTIONED, "around", r"\b(?:mention|add|list|record|note|document|includ|updat|correct|refer|chang|clarif)\w*\b[^.;]{0,80}<ID>[^.;]{0,80}\bchange-?logs?\b"),
    _rule("changelog before", FactKind.MENTIONED, "before", r"\bchange-?logs?\b[^.;<]{0,40}\b(?:mention|add|list|record|note|correct|refer|for)\w*\b[^.;]{0,40}\Z"),
    _rule("already before", FactKind.MENTIONED, "before", rf"\b(?:already|previously|formerly)\s+(?:been\s+)?(?:{_FIX_VERB}|present|there|in){_NEAR}"),
    _rule("already after", FactKind.MENTIONED, "after", rf"{_SOON}[:\s(-]*{_IS}(?:been\s+)?(?:already|previously)\s+(?:\w+\s+)?(?:{_FIX_VERB}|present|there|in|upstream)"),
    _rule("already aside", FactKind.MENTIONED, "after", rf"\A[^.;]{{0,120}}\((?:it\s+|which\s+)?(?:was\s+)?(?:already|previously)\s+{_FIX_VERB}"),
    _rule("later", FactKind.MENTIONED, "before", rf"\b(?:will\s+(?:be\s+)?|todo:?\s+|to\s+be\s+|plan(?:ned|s)?\s+to\s+|needs?\s+to\s+(?:be\s+)?|investigat\w*\s*|should\s+be\s+){_FIX_VERB}{_NEAR}"),
    _rule("misnamed", FactKind.MENTIONED, "before", rf"\b(?:wrongly|incorrectly|mistakenly|erroneously|falsely|formerly|not\s+to\s+be)\b(?:\s+\w+){{0,4}}{_NEAR}"),
)  # fmt: skip


def cve_ids(text: str) -> tuple[str, ...]:
    """Return the CVE ids of a text, sorted; the old `CAN-` names count as the CVE of that number."""
    return tuple(sorted({_identifier(match) for match in _CVE.finditer(text)}))


def classify_entry(entry: ChangelogEntry) -> dict[str, FactKind]:
    """Return what an entry says of each CVE that it names."""
    readings: dict[str, set[FactKind]] = {}
    for item in entry.items:
        for identifier, kind in _classify_item(item):
            readings.setdefault(identifier, set()).add(kind)
    return {identifier: _outweighing(kinds) for identifier, kinds in sorted(readings.items())}


def classify_text(text: str, *context: str) -> dict[str, FactKind]:
    """Return what one item says of each CVE that it names; `context` are the items above it."""
    return dict(_classify_item(ChangelogItem(text, context)))


def _classify_item(item: ChangelogItem) -> Iterator[tuple[str, FactKind]]:
    """Yield each id of an item with its reading."""
    plain: dict[str, set[FactKind]] = {}
    in_names: dict[str, set[FactKind]] = {}
    for match in _CVE.finditer(item.text):
        before, after = item.text[: match.start()], item.text[match.end() :]
        found = plain
        kind: FactKind | None = None
        name_end = _FILE_NAME_AFTER.match(after)
        if name_end is not None:
            found = in_names
            if _OTHER_PURPOSE.search(name_end[0]):
                kind = FactKind.MENTIONED
        reading = kind or _read(_sentence_before(before), _sentence_after(after), item.context)
        found.setdefault(_identifier(match), set()).add(reading)
    for identifier, kinds in sorted({**in_names, **plain}.items()):
        yield identifier, _outweighing(kinds)


def _read(before: str, after: str, context: tuple[str, ...]) -> FactKind:
    """Apply the rules in their order."""
    aside = _ASIDE.search(before) is not None
    texts = {"before": before, "after": after, "around": f"{before}<ID>{after}"}
    for rule in RULES:
        if aside and rule.name not in _HOLD_ASIDE:
            continue
        if rule.name == _BREAKING_DROP:
            if rule.pattern.search(before) and _BREAKS.search(after):
                return rule.kind
        elif rule.where == "above":
            if any(rule.pattern.search(text) for text in context):
                return rule.kind
        elif rule.pattern.search(texts[rule.where]):
            return rule.kind
    return FactKind.FIXED


# `Some change (CVE-…)`: the id names the change that is described, whatever its words are; only these
# rules look at the whole of what was done.
_ASIDE = re.compile(r"[^\s(]\s*\((?:closes:\s*#\d+|<CVE>|fixes:?|and|[\s,;/&])*\Z", re.IGNORECASE)
_HOLD_ASIDE = frozenset(
    {
        "revert a fix",
        "patch upkeep",
        "already after",
        "changelog",
        "changelog before",
        "below a revert",
        "below patch upkeep",
        "regression after",
    }
)
_BREAKING_DROP = "dropped as it breaks"
_BREAKS = re.compile(r"\b(?:because|since|as|due\s+to|it|they|which|causes?|,)\b[^.;]*\b(?:regress|break|broke|fail|crash|misbehav)", re.IGNORECASE)  # fmt: skip


def _outweighing(kinds: Iterable[FactKind]) -> FactKind:
    order = (FactKind.FIXED, FactKind.REVERTED, FactKind.MENTIONED)
    return next(kind for kind in order if kind in set(kinds))


def _identifier(match: re.Match[str]) -> str:
    return f"CVE-{match['year']}-{match['number']}"


def _sentence_before(text: str) -> str:
    """Return what stands before the id in its sentence, other ids masked."""
    start = 0
    for end in _SENTENCE_END.finditer(text):
        if text[end.end() :].strip():
            start = end.end()
    return _CVE.sub("<CVE>", text[start:][-MAX_SENTENCE_CHARACTERS:])


def _sentence_after(text: str) -> str:
    end = _SENTENCE_END.search(text)
    return _CVE.sub("<CVE>", text[: end.start() if end else None][:MAX_SENTENCE_CHARACTERS])
