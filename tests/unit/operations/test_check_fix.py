"""Repairs: safe, byte-exact, made once, and what they repair is repaired."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from basewise.candidates.catalogue import load_catalogue
from basewise.dockerfile.parse import encode_dockerfile
from basewise.operations.check import check
from basewise.operations.check_fix import fix
from basewise.testing.dockerfile_shapes import SHAPES

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DIGEST = str(load_catalogue().find("python:3.13-slim-trixie").index_digest)
BROKEN = (
    "FROM python:3.13-slim\r\n# stays\r\nRUN  apt-get update && \\\r\n\tapt-get install -y  vim\r\n"
    "RUN pip install -r r.txt\r\nUSER 1"
)
MENDED = (
    f"FROM python:3.13-slim-trixie@{DIGEST}\r\n# stays\r\nRUN  apt-get update && \\\r\n"
    "\tapt-get install --no-install-recommends -y  vim \\\r\n\t&& rm -rf /var/lib/apt/lists/*\r\n"
    "RUN pip install --no-cache-dir -r r.txt\r\nUSER 1"
)


def write(folder: Path, text: str, name: str = "Dockerfile") -> Path:
    path = folder / name
    path.write_bytes(encode_dockerfile(text))
    return path


def test_only_the_bytes_that_a_repair_means_change(tmp_path: Path) -> None:
    path = write(tmp_path, BROKEN)
    repaired = fix([path], now=NOW)
    assert path.read_bytes() == MENDED.encode()
    assert repaired.files[0].rules == ("BW002", "BW005", "BW021", "BW022", "BW025")


@pytest.mark.parametrize("name", SHAPES)
def test_a_repaired_shape_passes_what_it_broke_and_is_repaired_once(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, SHAPES[name])
    before = check([path], now=NOW)
    repaired = fix([path], now=NOW)
    wanted = {(finding.rule, finding.message) for finding in before.findings if finding.fix is not None}
    left = {(finding.rule, finding.message) for finding in repaired.check.findings}
    assert not wanted & left
    assert not any(finding.fix for finding in repaired.check.findings)
    content = path.read_bytes()
    assert fix([path], now=NOW).files == ()
    assert path.read_bytes() == content
    new = {finding.rule for finding in repaired.check.findings} - {
        finding.rule for finding in before.findings
    }
    assert new <= {"BW003", "BW004"}


@pytest.mark.parametrize("name", SHAPES)
def test_every_edit_of_a_shape_is_one_of_the_document(name: str, tmp_path: Path) -> None:
    """Whoever applies the edits of the document gets what `--fix` writes in its first round."""
    path = write(tmp_path, SHAPES[name])
    lines = SHAPES[name].split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for finding in check([path], now=NOW).findings:
        for edit in finding.fix.edits if finding.fix else ():
            start = starts[edit.line - 1] + edit.column - 1
            end = starts[edit.end_line - 1] + edit.end_column - 1
            assert start <= end <= len(SHAPES[name])
            assert finding.line <= edit.line or finding.rule == "BW002"


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("RUN apt-get update\n", "RUN apt-get update && rm -rf /var/lib/apt/lists/*\n"),
        ("RUN apt-get update # c\n", "RUN apt-get update && rm -rf /var/lib/apt/lists/* # c\n"),
        ("RUN (apt-get update)\n", "RUN (apt-get update && rm -rf /var/lib/apt/lists/*)\n"),
        (
            "RUN if true; then apt-get update; fi\n",
            "RUN if true; then apt-get update; fi && rm -rf /var/lib/apt/lists/*\n",
        ),
        ("RUN apt-get update > /x\n", "RUN apt-get update > /x && rm -rf /var/lib/apt/lists/*\n"),
        ("RUN apt-get update; exit 0\n", "RUN apt-get update; exit 0\n"),
        (
            "RUN <<EOF\napt-get update\nEOF\n",
            "RUN <<EOF\napt-get update\nrm -rf /var/lib/apt/lists/*\nEOF\n",
        ),
        (
            "RUN true \\\n  # c\n  && apt-get update\n",
            "RUN true \\\n  # c\n  && apt-get update \\\n  && rm -rf /var/lib/apt/lists/*\n",
        ),
        ('RUN ["sh", "-c", "apt-get update"]\n', 'RUN ["sh", "-c", "apt-get update"]\n'),
        (
            "RUN sudo apt-get update && sudo true\n",
            "RUN sudo apt-get update && sudo true && sudo rm -rf /var/lib/apt/lists/*\n",
        ),
        ("RUN aptitude install -y a\n", "RUN aptitude install --without-recommends -y a\n"),
        ("RUN aptitude install -R a\n", "RUN aptitude install -R a\n"),
        ("RUN apk 'add' a\n", "RUN apk 'add' --no-cache a\n"),
        ("RUN uv \\\n sync --locked\n", "RUN uv \\\n sync --no-cache --locked\n"),
    ],
)
def test_a_repair_keeps_the_style(broken: str, mended: str, tmp_path: Path) -> None:
    head = f"FROM python:3.13-slim-trixie@{DIGEST}\n"
    path = write(tmp_path, head + broken)
    fix([path], now=NOW)
    assert path.read_text() == head + mended


def test_a_name_that_goes_over_lines_is_pinned_at_its_end_and_not_rewritten(tmp_path: Path) -> None:
    path = write(tmp_path, "FROM python:3.13-\\\n# c\nslim\nUSER 1\n")
    fix([path], now=NOW)
    assert path.read_text() == f"FROM python:3.13-\\\n# c\nslim@{DIGEST}\nUSER 1\n"


def test_nothing_is_written_where_only_the_difference_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, BROKEN.replace("\r", ""))
    repaired = fix([path], write=False, now=NOW)
    assert path.read_text() == BROKEN.replace("\r", "")
    assert f"-FROM python:3.13-slim\n+FROM python:3.13-slim-trixie@{DIGEST}\n" in repaired.diff
    assert "\\ No newline at end of file" not in repaired.diff.split("+FROM", 1)[0]


@pytest.mark.skipif(os.name != "posix", reason="permissions and links as POSIX has them")
def test_the_mode_of_a_file_stays_and_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = write(tmp_path / "real", BROKEN)
    real.chmod(0o640)
    link = tmp_path / "Dockerfile"
    link.symlink_to(real)
    fix([link], now=NOW)
    assert link.is_symlink()
    assert real.read_bytes() == MENDED.encode()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(entry.name for entry in real.parent.iterdir()) == ["Dockerfile"]


def test_bytes_that_are_no_utf8_stay(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_bytes(b"FROM python:3.13-slim-trixie\n# caf\xe9\nUSER 1\n")
    fix([path], now=NOW)
    assert path.read_bytes() == f"FROM python:3.13-slim-trixie@{DIGEST}\n# caf".encode() + b"\xe9\nUSER 1\n"


def test_what_a_comment_takes_out_is_not_repaired(tmp_path: Path) -> None:
    text = f"FROM python:3.13-slim-trixie@{DIGEST}\n# basewise: ignore[BW021] suggested ones are wanted\n"
    path = write(tmp_path, f"{text}RUN apt-get install -y a\nUSER 1\n")
    assert fix([path], now=NOW).files == ()


def test_a_missing_library_is_installed_below_from(tmp_path: Path) -> None:
    from basewise.fit.wheel_facts import WheelTable  # noqa: PLC0415 - a table of 600 wheels for one test

    facts = [fact for fact in WheelTable.load().facts if fact.filename.startswith("lightgbm-")]
    version = facts[0].filename.split("-")[1]
    hashes = " ".join(f"--hash=sha256:{fact.sha256}" for fact in facts)
    (tmp_path / "requirements.txt").write_text(f"lightgbm=={version} {hashes}\n")
    install = "RUN pip install --no-cache-dir --require-hashes -r requirements.txt\n"
    head = f"FROM python:3.13-slim-trixie@{DIGEST}\n"
    path = write(tmp_path, f"{head}COPY . .\n{install}USER 1\n")
    repaired = fix([path], now=NOW)
    assert path.read_text() == (
        f"{head}RUN apt-get update && apt-get install -y --no-install-recommends libgomp1"
        f" && rm -rf /var/lib/apt/lists/*\nCOPY . .\n{install}USER 1\n"
    )
    assert repaired.check.summary.verdict == "passed"


SLIM = f"FROM python:3.13-slim-trixie@{DIGEST}\n"
LISTS = "rm -rf /var/lib/apt/lists/*"
INSTALL = "apt-get install -y --no-install-recommends"


@pytest.mark.parametrize(
    ("text", "rule", "said"),
    [
        (f"RUN apt-get update\nRUN {INSTALL} vim && {LISTS}\n", "BW022", ""),
        (f"RUN apt-get update && {INSTALL} vim\nRUN {INSTALL} nano && {LISTS}\n", "BW022", ""),
        (f"RUN apt-get update && apt-get install -y gcc make && {LISTS}\n", "BW021", "libc6-dev for gcc"),
        (
            f"RUN apt-get update && apt-get install -y gfortran && {LISTS}\n",
            "BW021",
            "libc6-dev for gfortran",
        ),
        (f"RUN apt-get update && apt-get install -y xvfb && {LISTS}\n", "BW021", "xauth for xvfb"),
        (
            f"RUN apt-get update && apt-get install -y python3-pip && {LISTS}\n",
            "BW021",
            "build-essential for python3-pip, python3-dev for python3-pip",
        ),
    ],
)
def test_what_a_later_step_stands_on_is_not_taken_away(
    tmp_path: Path, text: str, rule: str, said: str
) -> None:
    path = write(tmp_path, f"{SLIM}{text}USER 1\n")
    (found,) = [each for each in check([path], now=NOW).findings if each.rule == rule]
    assert found.fix is None
    assert fix([path], now=NOW).files == ()
    assert path.read_text() == f"{SLIM}{text}USER 1\n"
    assert said in found.hint


def test_what_packages_recommend_is_left_out_where_it_is_there_anyway(tmp_path: Path) -> None:
    path = write(tmp_path, f"{SLIM}RUN apt-get update && apt-get install -y git g++ gcc && {LISTS}\nUSER 1\n")
    (repaired,) = fix([path], now=NOW).files
    assert "BW021" in repaired.rules
