"""Digests, references and platforms: what parses, what does not, and that printing gives the same back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basewise.errors import InvalidValueError
from basewise.model.digest import DiffId, Digest
from basewise.model.platform import Platform
from basewise.model.reference import Reference

SHA256 = "sha256:" + "a1" * 32
SHA512 = "sha512:" + "b2" * 64


@pytest.mark.parametrize("text", [SHA256, SHA512])
def test_a_digest_prints_back(text: str) -> None:
    assert str(Digest.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256:",
        "sha256:../../etc",
        "sha256:" + "A1" * 32,
        "sha256:" + "a1" * 31,
        "sha512:" + "a1" * 32,
        "md5:" + "a1" * 16,
        SHA256 + "\n",
        "sha256:" + "a" * 1_000_000,
    ],
)
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="not a digest"):
        Digest.parse(text)


def test_a_digest_and_a_diff_id_of_the_same_bytes_are_different_values() -> None:
    blob: object = Digest.parse(SHA256)
    assert blob != DiffId.parse(SHA256)


@pytest.mark.parametrize(
    ("text", "full", "familiar"),
    [
        ("python", "docker.io/library/python", "python"),
        ("python:3.12-slim", "docker.io/library/python:3.12-slim", "python:3.12-slim"),
        (f"python:3.12@{SHA256}", f"docker.io/library/python:3.12@{SHA256}", f"python:3.12@{SHA256}"),
        ("docker.io/library/python:3", "docker.io/library/python:3", "python:3"),
        ("index.docker.io/library/python:3", "docker.io/library/python:3", "python:3"),
        ("bitnami/python:3", "docker.io/bitnami/python:3", "bitnami/python:3"),
        ("localhost/x", "localhost/x", "localhost/x"),
        ("localhost:5000/a/b:1", "localhost:5000/a/b:1", "localhost:5000/a/b:1"),
        ("[::1]:5000/x:y", "[::1]:5000/x:y", "[::1]:5000/x:y"),
        ("registry.example/team/app", "registry.example/team/app", "registry.example/team/app"),
    ],
)
def test_a_reference_is_read_with_its_short_forms(text: str, full: str, familiar: str) -> None:
    reference = Reference.parse(text)
    assert str(reference) == full
    assert reference.familiar == familiar
    assert Reference.parse(str(reference)) == reference


@pytest.mark.parametrize(
    "text",
    [
        "",
        "UPPER/x",
        "a//b",
        "a:b:c",
        "x@sha256:short",
        "--flag",
        "$(id)",
        "a\n",
        "a b",
        "pyth\u043en",
        "x" * 300,
        ":tag",
        "python:",
        "python:" + "t" * 129,
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        Reference.parse(text)


@pytest.mark.parametrize(
    ("text", "printed", "machine"),
    [
        ("linux/amd64", "linux/amd64", "x86_64"),
        ("arm64", "linux/arm64", "aarch64"),
        ("AARCH64", "linux/arm64", "aarch64"),
        ("linux/arm/v7", "linux/arm/v7", "arm"),
    ],
)
def test_a_platform_is_read_with_its_aliases(text: str, printed: str, machine: str) -> None:
    assert str(Platform.parse(text)) == printed
    assert Platform.parse(text).machine == machine


@pytest.mark.parametrize("text", ["", "linux/", "a/b/c/d", "linux/amd 64", "linux\n/amd64"])
def test_what_is_no_platform_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="not a platform"):
        Platform.parse(text)


@given(st.text(max_size=80))
def test_no_text_makes_a_parser_fail_otherwise(text: str) -> None:
    for parse in (Digest.parse, Reference.parse, Platform.parse):
        with contextlib.suppress(InvalidValueError):
            assert parse(text) is not None
