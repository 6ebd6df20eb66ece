"""Comments that take findings out, and policies that say what is allowed and how grave it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from basewise.errors import PolicyError, UsageError
from basewise.model.check import Check, CheckSeverity
from basewise.operations.check import check
from basewise.operations.check_options import CheckOptions
from basewise.rules.policy import Policy, merged_policy

Look = Callable[..., Check]
NOW = datetime(2026, 11, 23, tzinfo=UTC)
TEXT = "FROM python\nRUN apt-get update \\\n  && apt-get install -y a\nUSER 1\n"


def rules(result: Check) -> set[str]:
    return {finding.rule for finding in result.findings}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"# basewise: ignore[BW001] our mirror keeps it\n{TEXT}", {"BW002", "BW021", "BW022"}),
        (f"# basewise: ignore[BW001, image-without-digest] a reason\n{TEXT}", {"BW021", "BW022"}),
        (f"# basewise: ignore[*] a reason\n\n# another comment\n{TEXT}", {"BW021", "BW022"}),
        (f"# basewise: ignore-file[BW001 BW021 BW022 bw002] a reason\n{TEXT}", set()),
        (TEXT.replace("\\\n", "\\\n# basewise: ignore[BW021] needed\n"), {"BW001", "BW002", "BW022"}),
        (f"# basewise: ignore[BW001] until 2026-12-31: a reason\n{TEXT}", {"BW002", "BW021", "BW022"}),
    ],
)
def test_a_comment_with_a_reason_takes_out_what_it_names(look: Look, text: str, kept: set[str]) -> None:
    result = look(text)
    assert rules(result) == kept
    assert all(
        "reason" in one.reason or one.reason in {"our mirror keeps it", "needed"} for one in result.ignored
    )
    assert result.summary.ignored == len(result.ignored) > 0


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# basewise: ignore[BW001]", "gives no reason"),
        ("# basewise: ignore because", "names no rule"),
        ("# basewise: ignore", "names no rule"),
        ("# basewise: ignore[BW001] until 2026-11-22 a reason", "ended on 2026-11-22"),
        ("# basewise: ignore[BW001] until 2026-99-99 a reason", "no date"),
        ("# basewise: ignore[BW777] a reason", "no rule is called `BW777`"),
        ("# basewise: ignore[BW009] a reason", "takes nothing out"),
    ],
)
def test_a_comment_that_does_not_count_is_a_finding_itself(look: Look, comment: str, said: str) -> None:
    result = look(f"{comment}\n{TEXT}")
    assert {"BW001", "BW090"} <= rules(result)
    assert any(said in finding.message for finding in result.findings if finding.rule == "BW090")
    assert result.ignored == ()


def test_text_that_only_looks_like_a_comment_takes_nothing_out(look: Look) -> None:
    result = look("FROM python\nRUN echo '# basewise: ignore[BW001] x' # basewise: ignore[BW021] y\nUSER 1\n")
    assert {"BW001"} <= rules(result)
    assert result.ignored == ()


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        ("services:\n  a:\n    image: redis # basewise: ignore[*] a reason\n", 2),
        ("services:\n  a:\n    # basewise: ignore[BW001] a reason\n\n    image: redis\n", 1),
        ("# basewise: ignore-file[BW001] a reason\nservices:\n  a: {image: redis}\n  b: {image: redis}\n", 2),
        ("services:\n  a:\n    image: redis\n    x: 1 # basewise: ignore[BW001] a reason\n", 0),
    ],
)
def test_comments_of_compose_files_count_too(look: Look, text: str, ignored: int) -> None:
    assert look(text, "compose.yaml").summary.ignored == ignored


def policy(text: str) -> dict[str, str]:
    return {"basewise_DOT_toml": f"[policy]\n{text}\n"}


def test_severities_are_the_users_choice(look: Look) -> None:
    result = look(TEXT, **policy('severity = {BW001 = "off", BW002 = "warn", apt-lists = "error"}'))
    found = {finding.rule: str(finding.severity) for finding in result.findings}
    assert found == {"BW002": "warning", "BW021": "warning", "BW022": "error"}


def test_the_gate_fails_from_a_severity_on(look: Look) -> None:
    text = f"FROM python:3.13-slim-trixie@sha256:{'0' * 64}\nRUN apt-get update\nUSER 1\n"
    assert look(text).summary.verdict == "incomplete"
    assert look(text, **policy('fail-on = "warning"')).summary.verdict == "violated"


@pytest.mark.parametrize(
    ("allowed", "images"),
    [
        ('allowed-registries = ["docker.io"]', ["ghcr.io/team/a:1"]),
        ('allowed-registries = ["docker.io/library", "ghcr.io/team"]', ["team/b:1"]),
        ("allowed-registries = []", ["python:3.13", "ghcr.io/team/a:1", "team/b:1"]),
        ('allowed-publishers = ["Docker Official Images"]', ["ghcr.io/team/a:1", "team/b:1"]),
    ],
)
def test_only_allowed_registries_and_publishers_pass(look: Look, allowed: str, images: list[str]) -> None:
    text = "FROM python:3.13\nCOPY --from=ghcr.io/team/a:1 / /\nCOPY --from=team/b:1 / /\n"
    result = look(text, **policy(allowed))
    assert [finding.image for finding in result.findings if finding.rule == "BW010"] == images


def test_what_the_policy_protects_no_comment_takes_out(look: Look) -> None:
    result = look(f"# basewise: ignore[BW001] a reason\n{TEXT}", **policy('never-ignore = ["BW001"]'))
    assert "BW001" in rules(result)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('severity = {BW999 = "off"}', "no rule is called `BW999`"),
        ('severity = {BW001 = "loud"}', "no severity is called `loud`"),
        ('fail-on = "off"', "cannot be `off`"),
        ("max-digest-age-days = -1", "no number of days"),
        ('max-digest-age-days = "90"', "wrong value"),
        ("online = true", "wrong value"),
        ('plain-http = ["x"]', "wrong value"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(look: Look, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        look(TEXT, **policy(text))


def test_the_policy_of_a_folder_above_holds_too(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text('[tool.basewise.policy]\nseverity = {BW001 = "off"}\n')
    service = tmp_path / "services" / "a"
    service.mkdir(parents=True)
    (service / "Dockerfile").write_text(TEXT)
    assert "BW001" not in rules(check([service], now=NOW))


def test_a_folder_makes_the_owners_policy_only_stricter(tmp_path: Path) -> None:
    owner = tmp_path / "owner.toml"
    owner.write_text(
        'severity = {BW001 = "error", BW021 = "off"}\nallowed-registries = ["docker.io/library"]\n'
        'never-ignore = ["BW001"]\nmax-digest-age-days = 30\n'
    )
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"# basewise: ignore[BW001] x\n{TEXT}COPY --from=team/b:1 / /\n")
    (folder / "basewise.toml").write_text(
        '[policy]\nseverity = {BW001 = "off", BW021 = "error", BW002 = "off"}\nallowed-registries = ["docker.io"]\n'
        'fail-on = "note"\nmax-digest-age-days = 1000\n'
    )
    result = check([folder], CheckOptions(policy_file=owner), now=NOW)
    found = {(finding.rule, str(finding.severity)) for finding in result.findings}
    assert {("BW001", "error"), ("BW021", "error"), ("BW010", "error")} <= found
    assert not any(rule == "BW002" for rule, _ in found)
    assert result.summary.fail_on == "note"


def test_policies_are_merged_towards_the_stricter() -> None:
    owner = Policy(allowed_registries=("docker.io", "ghcr.io/team"), max_digest_age_days=30)
    folder = Policy(
        allowed_registries=("docker.io/library", "ghcr.io", "quay.io"),
        max_digest_age_days=10,
        fail_on=CheckSeverity.WARNING,
    )
    merged = merged_policy(owner, folder)
    assert merged.allowed_registries == ("docker.io/library", "ghcr.io/team")
    assert (merged.max_digest_age_days, merged.fail_on) == (10, CheckSeverity.WARNING)


@pytest.mark.parametrize("content", [b"severity = [", b"\xff\xfe", b"a" * 70_000])
def test_a_policy_file_that_cannot_be_read_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "Dockerfile").write_text(TEXT)
    path = tmp_path / "policy.toml"
    path.write_bytes(content)
    with pytest.raises(PolicyError):
        check([tmp_path], CheckOptions(policy_file=path), now=NOW)
