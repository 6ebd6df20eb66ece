"""The application's own Dockerfile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from basewise.model.requirement import ExistingDockerfile

if TYPE_CHECKING:
    from tests.unit.app.conftest import ReadFiles

DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG VERSION=3.12
FROM python:${VERSION} AS build
RUN apt-get update && apt-get install -y gcc

FROM python:${VERSION}-slim-bookworm AS Runtime
RUN apt-get update \\
 && apt-get install -y --no-install-recommends \\
    libgomp1=12.2.0-14 \\
    # for cv2
    libgl1:amd64 curl \\
 && rm -rf /var/lib/apt/lists/*

FROM runtime
COPY --from=build /app /app
ENTRYPOINT ["tini", "--"]
CMD ["uvicorn", "app:app"]
"""


def test_final_image_stages_packages_and_command_are_read(read: ReadFiles) -> None:
    application = read({"requirements.txt": "numpy\n", "Dockerfile": DOCKERFILE})
    assert application.dockerfile == ExistingDockerfile(
        path="Dockerfile",
        final_image="python:3.12-slim-bookworm",
        stages=("python:3.12", "python:3.12-slim-bookworm", "runtime"),
        apt_packages=("libgomp1", "libgl1", "curl"),
        apk_packages=(),
        command=("tini", "--", "uvicorn", "app:app"),
        place="/",
        workdir="/",
    )
    assert application.command == ("tini", "--", "uvicorn", "app:app")
    assert application.command_source == "Dockerfile:17"
    assert application.warnings == ()


@pytest.mark.parametrize(
    ("lines", "command"),
    [
        ('CMD ["python", "a.py"]', ("python", "a.py")),
        ("CMD python a.py --port $PORT", ("/bin/sh", "-c", "python a.py --port $PORT")),
        ('SHELL ["/bin/bash", "-ec"]\nCMD python a.py', ("/bin/bash", "-ec", "python a.py")),
        ('ENTRYPOINT ["python"]\nCMD ["a.py"]', ("python", "a.py")),
        ('ENTRYPOINT python a.py\nCMD ["ignored"]', ("/bin/sh", "-c", "python a.py")),
        ('CMD ["old"]\nCMD ["new"]', ("new",)),
        ("RUN true", ()),
    ],
)
def test_the_command_is_what_docker_would_run(read: ReadFiles, lines: str, command: tuple[str, ...]) -> None:
    application = read({"requirements.txt": "numpy\n", "Dockerfile": f"FROM python:3.12\n{lines}\n"})
    assert application.command == command


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("FROM $BASE\n", "Dockerfile:1: cannot resolve `FROM $BASE` without a build"),
        ("ARG BASE\nFROM ${BASE}:1\n", "Dockerfile:2: cannot resolve `FROM ${BASE}:1` without a build"),
        (
            "FROM python:3.12\nRUN apt-get install -y $PACKAGES\n",
            "Dockerfile: installs OS packages that only a build can name: `$PACKAGES`",
        ),
        ("# nothing\n", "Dockerfile: there is no FROM in it"),
        ("FROM python\0\n", "cannot read Dockerfile:1: a NUL character"),
    ],
)
def test_what_only_a_build_can_tell_is_a_warning(read: ReadFiles, text: str, warning: str) -> None:
    application = read({"requirements.txt": "numpy\n", "Dockerfile": text})
    assert warning in application.warnings


def test_a_stage_that_names_itself_ends(read: ReadFiles) -> None:
    application = read(
        {"requirements.txt": "numpy\n", "Dockerfile": "FROM a AS a\nFROM a AS b\nFROM b AS a\n"}
    )
    assert application.dockerfile is not None
    assert application.dockerfile.final_image == "a"
