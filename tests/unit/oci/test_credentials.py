"""Credentials of Docker and Podman: files in every state, helpers that misbehave."""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from basewise.errors import UsageError
from basewise.oci.credentials import ANONYMOUS, Credential
from basewise.oci.credentials_files import CredentialFiles, credential_paths
from basewise.oci.credentials_helper import HelperError, ask_helper
from basewise.testing.processes import started_processes

SECRET = "s3cret-canary"
needs_posix = pytest.mark.skipif(
    os.name != "posix", reason="helpers of these tests are scripts with a shebang"
)


class Notes:
    def __init__(self) -> None:
        self.sentences: list[str] = []

    def step(self, what: str) -> None:
        del what

    def note(self, sentence: str) -> None:
        self.sentences.append(sentence)


def auth(user: str, password: str = SECRET) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    path.chmod(0o600)
    return path


def no_helper(name: str, server: str) -> Credential:
    raise AssertionError(f"{name} was asked for {server}")


@pytest.mark.parametrize(
    ("key", "registry", "repository", "found"),
    [
        ("https://index.docker.io/v1/", "docker.io", "library/python", True),
        ("docker.io", "docker.io", "library/python", True),
        ("registry-1.docker.io", "docker.io", "library/python", True),
        ("host:5000/ns", "host:5000", "ns/app", True),
        ("host:5000/ns", "host:5000", "nsx/app", False),
        ("host:5000", "host:5000", "any/app", True),
        ("https://host:5000/v2/", "host:5000", "any/app", True),
        ("HOST.example", "host.example", "any/app", True),
        ("host.example", "host.example:5000", "any/app", False),
        ("host.example", "evilhost.example", "any/app", False),
    ],
)
def test_a_key_is_recognised_however_it_is_written(
    tmp_path: Path, key: str, registry: str, repository: str, *, found: bool
) -> None:
    path = write(tmp_path / "config.json", {"auths": {key: auth("alice")}})
    credential = CredentialFiles((path,), helper=no_helper).find(registry, repository)
    assert (credential.username == "alice") is found


def test_the_longest_prefix_wins(tmp_path: Path) -> None:
    entries = {"host": auth("host"), "host/a": auth("a"), "host/a/b": auth("ab"), "host/a/b/c": {}}
    files = CredentialFiles((write(tmp_path / "auth.json", {"auths": entries}),), helper=no_helper)
    assert files.find("host", "a/b/c").username == "ab"
    assert files.find("host", "a/x").username == "a"
    assert files.find("host", "x").username == "host"


def test_a_password_may_hold_colons_and_end_with_null(tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", {"auths": {"h": auth("alice", "a:b:c\0\0")}})
    assert CredentialFiles((path,)).find("h", "x").password == "a:b:c"


def test_tokens_and_plain_fields_are_read(tmp_path: Path) -> None:
    entries = {
        "identity": {**auth("00000000"), "identitytoken": SECRET},
        "registry": {"registrytoken": SECRET},
        "plain": {"username": "bob", "password": SECRET},
        "null": None,
    }
    files = CredentialFiles((write(tmp_path / "c.json", {"auths": entries}),))
    assert files.find("identity", "x").identity_token == SECRET
    assert files.find("registry", "x").registry_token == SECRET
    assert files.find("plain", "x").username == "bob"
    assert files.find("null", "x").is_anonymous


def test_the_first_file_that_knows_the_registry_wins(tmp_path: Path) -> None:
    one = write(tmp_path / "one.json", {"auths": {"a": auth("first")}})
    two = write(tmp_path / "two.json", {"auths": {"a": auth("second"), "b": auth("second")}})
    files = CredentialFiles((tmp_path / "absent.json", one, two))
    assert files.find("a", "x").username == "first"
    assert files.find("b", "x").username == "second"
    assert files.find("c", "x") == ANONYMOUS


def test_files_are_looked_for_where_docker_and_podman_keep_them() -> None:
    environment = {"HOME": "/h", "XDG_RUNTIME_DIR": "/run/user/1"}
    assert credential_paths(environment) == (
        Path("/run/user/1/containers/auth.json"),
        Path("/h/.config/containers/auth.json"),
        Path("/h/.docker/config.json"),
    )
    stated = credential_paths({**environment, "REGISTRY_AUTH_FILE": "/r.json", "DOCKER_CONFIG": "/d"})
    assert stated[:2] == (Path("/r.json"), Path("/d/config.json"))
    assert Path("/h/.docker/config.json") not in stated


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "no valid configuration"),
        (b"[]", "no valid configuration"),
        (b'{"auths": 7}', "no valid configuration"),
        (b"\xff\xfe{}", "no valid configuration"),
        (b"[" * 100_000, "no valid configuration"),
        (b" " * (1024 * 1024 + 1), "larger than"),
        (json.dumps({"auths": {"h": {"auth": "%%%" + SECRET}}}).encode(), "not base64"),
        (json.dumps({"auths": {"h": {"auth": "/////w=="}}}).encode(), "not base64"),
    ],
)
def test_a_file_that_cannot_be_used_is_said_once_and_nothing_of_it_shown(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    notes = Notes()
    files = CredentialFiles((write(tmp_path / "config.json", content),), progress=notes)
    assert files.find("h", "x").is_anonymous
    assert files.find("h", "y").is_anonymous
    assert len(notes.sentences) == 1
    assert problem in notes.sentences[0]
    assert SECRET not in notes.sentences[0]


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", b"\xef\xbb\xbf" + json.dumps({"auths": {"h": auth("alice")}}).encode())
    assert CredentialFiles((path,)).find("h", "x").username == "alice"


@needs_posix
def test_a_file_that_everybody_can_read_is_used_with_a_warning(tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", {"auths": {"h": auth("alice")}})
    path.chmod(0o644)
    notes = Notes()
    files = CredentialFiles((path,), progress=notes)
    assert files.find("h", "x").username == files.find("h", "y").username == "alice"
    assert [("chmod 600" in note, SECRET in note) for note in notes.sentences] == [(True, False)]


def test_a_directory_in_place_of_the_file_is_said(tmp_path: Path) -> None:
    notes = Notes()
    assert CredentialFiles((tmp_path,), progress=notes).find("h", "x").is_anonymous
    assert "cannot be read" in notes.sentences[0]


def test_helpers_are_asked_as_the_file_says_and_once_only(tmp_path: Path) -> None:
    asked = []

    def helper(name: str, server: str) -> Credential:
        asked.append((name, server))
        return Credential(username=name, password="x") if name == "one" else ANONYMOUS

    content = {
        "credHelpers": {"a.example": "one", "docker.io": "one"},
        "credsStore": "two",
        "auths": {"b.example": auth("inline")},
    }
    files = CredentialFiles((write(tmp_path / "c.json", content),), helper=helper)
    assert files.find("a.example", "x").username == "one"
    assert files.find("a.example", "y").username == "one"
    assert files.find("docker.io", "library/x").username == "one"
    assert files.find("b.example", "x").username == "inline"
    assert asked == [("one", "a.example"), ("one", "https://index.docker.io/v1/"), ("two", "b.example")]


def test_a_helper_that_fails_is_said_and_gone_on_without(tmp_path: Path) -> None:
    def helper(name: str, server: str) -> Credential:
        del server
        raise HelperError(f"`docker-credential-{name}` is not on PATH")

    notes = Notes()
    files = CredentialFiles(
        (write(tmp_path / "c.json", {"credsStore": "desktop"}),), helper=helper, progress=notes
    )
    assert files.find("a", "x").is_anonymous
    assert files.find("a", "x").is_anonymous
    assert len(notes.sentences) == 1


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory), prepend=os.pathsep)
    return directory / "docker-credential-test"


def script(path: Path, body: str) -> None:
    path.write_text(f"#!{sys.executable}\nimport json, sys\n{body}\n")
    path.chmod(0o755)


def shell_script(path: Path, body: str) -> None:
    """Write a helper that starts at once, also on a busy machine: where the time limit is short."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@needs_posix
def test_a_helper_is_asked_with_the_server_on_its_input(helper: Path) -> None:
    script(helper, "print(json.dumps({'Username': sys.argv[1], 'Secret': sys.stdin.read()}))")
    found = ask_helper("test", "host:5000")
    assert (found.username, found.password) == ("get", "host:5000")


@needs_posix
def test_a_token_user_is_an_identity_token(helper: Path) -> None:
    script(helper, "print(json.dumps({'Username': '<token>', 'Secret': 'abc'}))")
    assert ask_helper("test", "h").identity_token == "abc"


@needs_posix
def test_a_helper_that_knows_nothing_means_anonymous(helper: Path) -> None:
    script(helper, "print('credentials not found in native keychain'); sys.exit(1)")
    assert ask_helper("test", "h") == ANONYMOUS


@needs_posix
@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (f"print('{SECRET}'); sys.exit(1)", "status 1"),
        (f"print('{SECRET}')", "not JSON"),
        ("print('[' * 60_000)", "not JSON"),
    ],
    ids=["fails", "no-json", "deep-json"],
)
def test_a_helper_that_answers_nonsense_is_said_and_nothing_of_it_shown(
    helper: Path, body: str, problem: str
) -> None:
    script(helper, body)
    with pytest.raises(HelperError, match=problem) as caught:
        ask_helper("test", "h", seconds=60)
    assert SECRET not in str(caught.value)


@needs_posix
@pytest.mark.parametrize(
    ("body", "seconds", "problem"),
    [
        (f"while sleep 0.01; do printf '%5000s' {SECRET}; done", 60.0, "more than 65536 bytes"),
        ("sleep 6000", 0.5, "no answer within"),
        ("exec >&-; sleep 6000", 2.0, "did not end"),
    ],
    ids=["endless", "hangs", "closes-and-hangs"],
)
def test_a_helper_that_does_not_end_is_ended_and_nothing_of_it_shown(
    helper: Path, body: str, seconds: float, problem: str
) -> None:
    shell_script(helper, body)
    with started_processes() as started, pytest.raises(HelperError, match=problem) as caught:
        ask_helper("test", "h", seconds=seconds)
    assert SECRET not in str(caught.value)
    assert [process.returncode for process in started] == [-signal.SIGKILL]


@needs_posix
def test_what_a_helper_started_ends_with_it(helper: Path, tmp_path: Path) -> None:
    marker = tmp_path / "child"
    shell_script(helper, f"sleep 6000 & echo $! > '{marker}'; wait")
    with pytest.raises(HelperError):
        ask_helper("test", "h", seconds=1.0)
    child = int(marker.read_text())
    for _ in range(100):
        state = Path(f"/proc/{child}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the child of the helper still runs")


def test_a_helper_that_is_not_installed_is_an_error() -> None:
    with pytest.raises(HelperError, match="not on PATH"):
        ask_helper("surely-not-installed", "h")


@pytest.mark.parametrize("name", ["../../x", "", "a/b", "a b", "-x", "$(id)", "a\n", "x" * 100])
def test_a_name_that_is_no_helper_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError, match="credential helper"):
        ask_helper(name, "h")


@needs_posix
def test_a_helper_in_the_working_directory_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "docker-credential-local", "print('{}')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}/usr/bin")
    with pytest.raises(HelperError, match="not on PATH"):
        ask_helper("local", "h")


def test_a_credential_shows_nothing_of_itself() -> None:
    credential = Credential(username="alice", password=SECRET, identity_token=SECRET, origin="`c.json`")
    assert SECRET not in f"{credential} {credential!r}"
    assert "alice" not in repr(credential)
