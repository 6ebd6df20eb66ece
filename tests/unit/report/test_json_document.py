from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from basewise.model.choice import Choice
from basewise.model.finding import Vulnerabilities
from basewise.report.json_document import encode_json
from basewise.testing.candidates import added, candidate
from basewise.testing.choices import choice

CONTRACT = {
    "": "schema generated_at app candidates recommendation blocking swaps coverage",
    "app": "path sources not_read requirements requires_python stated_python accelerator",
    "candidate": (
        "image also_known_as digest manifest_digest platform created age_days distro python libc rank excluded "
        "verdict reasons add_packages build_packages pareto score packages_basis size vulnerabilities surface "
        "support trust evidence_date"
    ),
    "candidate.distro": "id version codename",
    "candidate.libc": "family version",
    "candidate.add_packages": "manager name version why download_bytes installed_bytes closure",
    "candidate.size": (
        "base_compressed_bytes base_disk_bytes added_bytes wheels_download_bytes wheels_disk_bytes "
        "download_bytes disk_bytes basis method"
    ),
    "candidate.vulnerabilities": (
        "total fixable undetermined after_rebuild exploited by_severity by_state as_of"
    ),
    "candidate.vulnerabilities.by_severity": "critical high medium low negligible unknown",
    "candidate.vulnerabilities.by_state": "fixed open wont-fix minor undetermined",
    "candidate.surface": ("packages executables setuid shell package_manager compiler default_user"),
    "candidate.support": "python_eol distro_eol distro_lts_eol phase",
    "candidate.trust": "publisher official explicit_tag digest_pinned",
    "recommendation": "image digest dockerfile why lock",
    "swaps": "replace with saves_download_bytes saves_disk_bytes why",
    "coverage": "complete sources not_covered",
    "coverage.sources": "name ecosystem as_of age_days entries verified",
    "coverage.not_covered": "what why",
}


def document(made: Choice) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(encode_json(made))
    return decoded


def at(tree: Any, path: str) -> Any:  # noqa: ANN401 - a piece of a JSON document
    for name in path.split(".") if path else ():
        tree = tree["candidates" if name == "candidate" else name]
        tree = tree[0] if isinstance(tree, list) else tree
    return tree


@pytest.mark.parametrize("path", sorted(CONTRACT))
def test_every_field_of_the_contract_is_there(path: str) -> None:
    assert set(CONTRACT[path].split()) <= set(at(document(choice()), path))


def test_the_schema_comes_first() -> None:
    assert next(iter(document(choice()).items())) == ("schema", "basewise.choose/1")


def test_what_is_not_measured_is_null() -> None:
    made = document(choice([candidate("3.14", vulnerabilities=Vulnerabilities())]))
    counts = made["candidates"][0]["vulnerabilities"]
    assert counts["total"] is None
    assert set(counts["by_state"].values()) == {None}
    assert made["candidates"][0]["score"]["risk"] is None


def test_lists_are_lists_also_when_empty() -> None:
    made = document(choice([]))
    assert made["candidates"] == []
    assert made["recommendation"] is None
    assert made["blocking"][0]["candidates"] == 0


def test_the_excluded_keep_their_evidence() -> None:
    old = document(choice([candidate("3.10")]))["candidates"][0]
    assert old["rank"] is None
    assert old["excluded"][0]["constraint"] == "python-eol"
    assert old["vulnerabilities"]["total"] == 62


def test_it_reads_back_as_the_same_choice() -> None:
    made = choice()
    assert msgspec.json.decode(encode_json(made), type=Choice) == made


def test_the_same_answer_has_the_same_bytes() -> None:
    assert encode_json(choice()) == encode_json(choice())


@pytest.mark.parametrize(
    "text", ["\x9b31m", "\u202e", "ü", "😀", "\x7f", "\x1b]0;x\x07", "a\nb", "</script>"]
)
def test_it_is_printable_ascii_and_keeps_every_character(text: str) -> None:
    made = choice([candidate("3.14", add_packages=(added("x", why=text),))])
    encoded = encode_json(made)
    assert all(byte == 0x0A or 0x20 <= byte <= 0x7E for byte in encoded)
    assert json.loads(encoded)["candidates"][0]["add_packages"][0]["why"] == [text]


def test_a_lone_surrogate_becomes_its_escape() -> None:
    made = choice([candidate("3.14", add_packages=(added("x", why="caf\udce9"),))])
    decoded = msgspec.json.decode(encode_json(made))
    assert decoded["candidates"][0]["add_packages"][0]["why"] == ["caf\\udce9"]
