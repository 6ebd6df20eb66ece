"""Files of ignore rules and VEX are somebody else's: whatever stands in them, a reader returns or says what is wrong."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basewise.errors import PolicyError, UsageError
from basewise.policy.ignore import IgnoreRule, rules_from
from basewise.policy.purl import parse_purl, purl_covers
from basewise.policy.read_vex import read_vex

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
OPENVEX: dict[str, Any] = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "timestamp": "2026-01-01T00:00:00Z",
    "statements": [
        {
            "vulnerability": {"name": "CVE-2023-1", "aliases": ["X"]},
            "products": [{"@id": "pkg:deb/debian/a@1", "hashes": {"sha-256": "a"}, "subcomponents": [{"@id": "pkg:pypi/b"}]}],
            "status": "not_affected",
            "justification": "component_not_present",
        }
    ],
}  # fmt: skip
CYCLONEDX: dict[str, Any] = {
    "bomFormat": "CycloneDX",
    "metadata": {"component": {"bom-ref": "x", "hashes": [{"alg": "SHA-256", "content": "a"}]}},
    "components": [{"bom-ref": "y", "purl": "pkg:pypi/b@1"}],
    "vulnerabilities": [
        {"id": "CVE-2023-1", "analysis": {"state": "not_affected"}, "affects": [{"ref": "y", "versions": [{"version": "1"}]}]}
    ],
}  # fmt: skip


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - any JSON
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, each in items for place in places(each, (*at, key)))]


def replaced(value: Any, place: tuple[Any, ...], new: Any) -> Any:  # noqa: ANN401 - any JSON
    if not place:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = replaced(value[place[0]], place[1:], new)
    return copy


@pytest.mark.parametrize("document", [OPENVEX, CYCLONEDX], ids=["openvex", "cyclonedx"])
@given(data=st.data())
def test_a_document_with_anything_in_any_place_is_read_or_refused(document: Any, data: st.DataObject) -> None:  # noqa: ANN401 - any JSON
    changed = replaced(document, data.draw(st.sampled_from(places(document))), data.draw(JSON))
    with suppress(PolicyError):
        read_vex(json.dumps(changed).encode("utf-8", "surrogatepass"), "a test")


@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with pytest.raises(PolicyError):
        read_vex(content, "a test")


@given(
    value=JSON | st.fixed_dictionaries({"id": JSON, "reason": JSON, "expires": JSON}).map(lambda one: [one])
)
def test_any_rules_are_read_or_refused(value: object) -> None:
    rules: tuple[IgnoreRule, ...] = ()
    with suppress(UsageError):
        rules = rules_from(value, "a test")
    assert all(rule.id and rule.reason and rule.expires for rule in rules)


@given(st.text(max_size=60).map("pkg:{}".format))
def test_any_text_is_a_package_url_that_covers_itself_or_none(text: str) -> None:
    purl = parse_purl(text)
    assert purl is None or purl_covers(purl, purl)
