"""Packages that an install line names and the release of its stage does not have any more."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from basewise.candidates.catalogue import load_catalogue
from basewise.model.check import Check, CheckFinding
from basewise.report.check_sarif import render_check_sarif

Rules = Callable[..., list[CheckFinding]]
Look = Callable[..., Check]

RULE = "BW027"
TRIXIE, BOOKWORM = "FROM python:3.13-slim-trixie\n", "FROM python:3.12-slim-bookworm\n"
INSTALL = "RUN apt-get update && apt-get install -y "
GONE = INSTALL + "libgl1-mesa-glx\n"


def digest(name: str) -> str:
    return str(load_catalogue().find(name).index_digest)


@pytest.mark.parametrize(
    ("base", "name", "had", "hint"),
    [
        (BOOKWORM, "libssl1.1", "bullseye", "look for what took its place"),
        (BOOKWORM, "python", "bullseye", "look for what took its place"),
        (BOOKWORM, "netcat", "bullseye", "netcat-openbsd or netcat-traditional"),
        (BOOKWORM, "openjdk-11-jre-headless", "bullseye", "look for what took its place"),
        (TRIXIE, "libgl1-mesa-glx", "bookworm", "install `libgl1`"),
        (TRIXIE, "python3-distutils", "bookworm", "look for what took its place"),
        (TRIXIE, "libssl1.1", "bullseye", "look for what took its place"),
        (TRIXIE, "policykit-1", "bookworm", "install `pkexec`"),
        (TRIXIE, "software-properties-common", "bookworm", "look for what took its place"),
        ("FROM debian:12-slim\n", "libicu67", "bullseye", "look for what took its place"),
        ("FROM node:22-trixie-slim\n", "libtinfo5", "bookworm", "look for what took its place"),
        (f"FROM python@{digest('python:3.13-slim-trixie')}\n", "libtinfo5", "bookworm", "look for"),
        (
            f"FROM python:3.13-slim@{digest('python:3.13-slim-bookworm')}\n",
            "libtiff5",
            "bullseye",
            "look for",
        ),
    ],
)
def test_a_package_that_the_release_lacks_is_named_with_the_last_one_that_had_it(
    found: Rules, base: str, name: str, had: str, hint: str
) -> None:
    (finding,) = found(RULE, f"{base}{INSTALL}curl {name} libgomp1\n")
    assert (finding.severity, finding.packages) == ("error", (name,))
    assert f"`{name}` is no package of debian 1" in finding.message
    assert f"{had} was the last release that had it" in finding.message
    assert hint in finding.hint
    assert (finding.line, finding.column) == (2, len(f"{INSTALL}curl ") + 1)
    assert finding.end_column == finding.column + len(name)


@pytest.mark.parametrize(
    "text",
    [
        "FROM python:3.9-slim-bullseye\n" + INSTALL + "libgl1-mesa-glx libssl1.1 netcat python3-distutils\n",
        BOOKWORM + INSTALL + "libgl1-mesa-glx python3-distutils\n",
        TRIXIE + INSTALL + "libasound2 libglib2.0-0 apt-transport-https libncurses5-dev\n",
        TRIXIE + INSTALL + "libgl1 libgomp1 no-package-of-any-release awk\n",
        TRIXIE + INSTALL + "libgl1-mesa-* ${GL} libgl1-mesa-glx:i386 libgl1-mesa-glx/bookworm libgl1-mesa-glx-\n",
        TRIXIE + INSTALL + "-t bookworm libgl1-mesa-glx\n",
        TRIXIE + INSTALL + "--target-release=bookworm libgl1-mesa-glx\n",
        TRIXIE + INSTALL + "-o APT::Default-Release=bookworm libgl1-mesa-glx\n",
        TRIXIE + "RUN apt-get remove -y libgl1-mesa-glx; apt-get install -s libgl1-mesa-glx\n",
        TRIXIE + "RUN apt-get install -y libgl1-mesa-glx || apt-get install -y libgl1\n",
        TRIXIE + "RUN apt-get install -y libgl1 || apt-get install -y libgl1-mesa-glx\n",
        TRIXIE + "RUN apt-get update && apt-get install -y libgl1-mesa-glx && ldconfig || true\n",
        TRIXIE + "RUN (apt-get update && apt-get install -y libgl1-mesa-glx) || apt-get install -y libgl1\n",
        TRIXIE + "RUN { apt-get update; apt-get install -y libgl1-mesa-glx; } || apt-get install -y libgl1\n",
        TRIXIE + "RUN if [ -e /old ]; then apt-get install -y libgl1-mesa-glx; fi\n",
        TRIXIE + "RUN echo 'deb http://mirror.example/debian bookworm main' >> /etc/apt/sources.list\n" + GONE,
        TRIXIE + "RUN add-apt-repository ppa:some/one\n" + GONE,
        TRIXIE + "RUN extrepo enable some\n" + GONE,
        TRIXIE + "RUN curl -fsSL https://x.example/y.list -o /etc/apt/sources.list.d/y.list\n" + GONE,
        TRIXIE + "RUN curl -fsSL https://x.example/setup | bash -\n" + GONE,
        TRIXIE + "RUN curl -O https://x.example/keyring.deb && dpkg -i keyring.deb\n" + GONE,
        TRIXIE + "COPY more.list /etc/apt/sources.list.d/\n" + GONE,
        TRIXIE + "COPY rootfs /\n" + GONE,
        TRIXIE + "ADD rootfs.tar.gz /\n" + GONE,
        TRIXIE + "COPY add.sh /\nRUN /add.sh\n" + GONE,
        TRIXIE + "RUN --mount=type=bind,source=apt,target=/etc/apt/sources.list.d " + GONE.removeprefix("RUN "),
        TRIXIE.replace("\n", " AS a\n") + "COPY x.sources /etc/apt/sources.list.d/\nFROM a\n" + GONE,
        "FROM postgres:16-trixie\n" + GONE,
        "FROM team/python:3.13-trixie\n" + GONE,
        "FROM mirror.example/library/python:3.13-trixie\n" + GONE,
        "FROM ubuntu:24.04\n" + GONE,
        "FROM python:3.13-alpine\n" + GONE,
        "FROM scratch\n" + GONE,
    ],
)  # fmt: skip
def test_what_is_there_or_may_come_from_elsewhere_is_not_named(found: Rules, text: str) -> None:
    assert found(RULE, text) == []


@pytest.mark.parametrize(
    "text",
    [
        TRIXIE
        + GONE
        + "RUN echo 'deb http://mirror.example/debian bookworm main' >> /etc/apt/sources.list\n",
        TRIXIE + "COPY . /app\nCOPY entrypoint.sh /\nRUN chmod +x /entrypoint.sh\n" + GONE,
        TRIXIE + "RUN rm -f /etc/apt/apt.conf.d/docker-clean\n" + GONE + "RUN rm -rf /var/lib/apt/lists/*\n",
        TRIXIE + "RUN apt install -y libgl1-mesa-glx=22.3.6-1+deb12u1\n",
        TRIXIE + "RUN apt-get install -y libgl1-mesa-glx && (useradd app || true)\n",
        TRIXIE + "RUN apt-get install -y libgl1-mesa-glx; useradd app || true\n",
        TRIXIE + "RUN aptitude install -y libgl1-mesa-glx\n",
        TRIXIE + 'RUN ["apt-get", "install", "-y", "libgl1-mesa-glx"]\n',
        TRIXIE + "RUN <<EOF\nset -e\napt-get update\napt-get install -y libgl1-mesa-glx\nEOF\n",
        TRIXIE.replace("\n", " AS a\n") + "FROM a\n" + GONE,
        TRIXIE.replace("\n", " AS a\n") + GONE + "FROM scratch\nCOPY --from=a /x /x\n",
    ],
)
def test_nothing_that_is_usual_hides_it(found: Rules, text: str) -> None:
    (finding,) = found(RULE, text)
    assert (finding.packages, finding.severity) == (("libgl1-mesa-glx",), "error")


def test_a_name_stands_at_its_own_line_and_column(found: Rules) -> None:
    text = (
        TRIXIE
        + "RUN apt-get install -y \\\n    curl \\\n    # for OpenCV\n    libgl1-mesa-glx \\\n    netcat\n"
    )
    places = [(one.line, one.column, one.end_column, one.packages) for one in found(RULE, text)]
    assert places == [(5, 5, 20, ("libgl1-mesa-glx",)), (6, 5, 11, ("netcat",))]


def test_a_stage_that_nothing_is_built_from_gives_a_note(found: Rules) -> None:
    (finding,) = found(RULE, TRIXIE.replace("\n", " AS unused\n") + GONE + TRIXIE)
    assert finding.severity == "note"


def test_a_floating_tag_is_judged_on_every_release_that_it_may_name(look: Look, found: Rules) -> None:
    text = f"FROM python:3.12-slim\n{INSTALL}libssl1.1 libgl1-mesa-glx\n"
    (finding,) = found(RULE, text)
    assert finding.packages == ("libssl1.1",)
    assert "no package of debian 13 (trixie) or debian 12 (bookworm)" in finding.message
    said = [one for one in look(text).coverage.not_covered if "libgl1-mesa-glx" in one.what]
    (why,) = (one.why for one in said)
    assert why.startswith(
        "`python:3.12-slim` may be debian 13 (trixie) or debian 12 (bookworm), and debian 13"
    )
    assert why.endswith("does not have it: write the release into the tag")
    unknown = f"FROM python:3.12-slim@sha256:{'0' * 64}\n{INSTALL}libssl1.1\n"
    assert found(RULE, unknown) == []


def test_a_comment_takes_it_out_and_sarif_has_its_place(look: Look, found: Rules) -> None:
    reason = "# basewise: ignore[BW027] the proxy has it\n"
    assert found(RULE, TRIXIE + reason + GONE) == []
    text = render_check_sarif(look(TRIXIE + GONE), width=100, color=False)
    results = json.loads(text)["runs"][0]["results"]
    (result,) = [one for one in results if one["ruleId"] == RULE]
    assert result["level"] == "error"
    region = result["locations"][0]["physicalLocation"]["region"]
    assert (region["startLine"], region["startColumn"]) == (2, len(INSTALL) + 1)
