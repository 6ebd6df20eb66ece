"""What the application's own Dockerfile installs is kept where the start command calls it, and named otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from basewise.app.read import read_application
from basewise.model.verdict import Fit, Verdict
from basewise.operations.existing_packages import left_behind
from basewise.operations.recommendation import build_plan
from basewise.report.dockerfile import render_dockerfile
from basewise.testing.fits import base_image

DOCKERFILE = """\
FROM python:3.12-slim
RUN apt-get update && apt-get install -y ffmpeg=7:5.1 tini gcc libpq-dev python3-pip libgomp1
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["python", "app.py"]
"""
NETCAT = "netcat (netcat-openbsd or netcat-traditional instead)"
FIT = Fit(verdict=Verdict.FITS)


def written_for(folder: Path, codename: str, dockerfile: str = DOCKERFILE) -> str:
    (folder / "requirements.txt").write_text("idna\n")
    (folder / "Dockerfile").write_text(dockerfile)
    application = read_application(folder)
    return render_dockerfile(
        build_plan(application, base_image(codename), FIT, upgrades=(), locked_by_us=True)
    )


@pytest.mark.parametrize("codename", ["trixie", "alpine"])
def test_what_the_start_command_calls_is_installed_and_the_rest_is_named(
    tmp_path: Path, codename: str
) -> None:
    text = written_for(tmp_path, codename)
    place = "/sbin/tini" if codename == "alpine" else "/usr/bin/tini"
    assert f'CMD ["{place}", "--", "python", "app.py"]' in text
    assert "# tini: the start command calls it" in text
    assert " tini \\\n" in text or " tini\n" in text
    note = "# Dockerfile also installs ffmpeg, libgomp1, which no requirement needs: not installed here"
    assert any(line.startswith(note) for line in text.splitlines())
    assert "gcc" not in text


def test_a_program_that_nothing_puts_there_is_named(tmp_path: Path) -> None:
    text = written_for(tmp_path, "trixie", 'FROM python:3.12-slim\nENTRYPOINT ["/entrypoint.sh"]\n')
    assert "# the start command calls /entrypoint.sh, which nothing here puts there: " in text


def test_a_dockerfile_that_installs_nothing_adds_no_line(tmp_path: Path) -> None:
    text = written_for(tmp_path, "trixie", 'FROM python:3.12-slim\nCMD ["python", "app.py"]\n')
    assert "also installs" not in text
    assert left_behind(read_application(tmp_path), base_image("trixie"), FIT) == ()


@pytest.mark.parametrize(
    ("codename", "said"),
    [
        (
            "trixie",
            [f"# debian 13 (trixie) does not have libgl1-mesa-glx (libgl1 instead), libtinfo5, {NETCAT} any more"],
        ),
        ("bookworm", [f"# debian 12 (bookworm) does not have {NETCAT} any more"]),
        ("alpine", []),
    ],
)  # fmt: skip
def test_what_the_chosen_release_does_not_have_any_more_is_named(
    tmp_path: Path, codename: str, said: list[str]
) -> None:
    installs = "FROM python:3.9-slim-bullseye\nRUN apt-get install -y netcat libgl1-mesa-glx=20.3.5-1 libtinfo5 ffmpeg\n"
    text = written_for(tmp_path, codename, installs)
    assert "also installs" in text
    assert [line for line in text.splitlines() if "any more" in line] == said
