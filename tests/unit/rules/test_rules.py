"""Each rule: what violates it, how gravely, and what does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from basewise.candidates.catalogue import load_catalogue
from basewise.model.check import Check, CheckFinding

Rules = Callable[..., list[CheckFinding]]
Look = Callable[..., Check]

CURRENT = "python:3.13-slim-trixie"
ERROR, WARNING, NOTE = "error", "warning", "note"


def digest(name: str = CURRENT) -> str:
    return str(load_catalogue().find(name).index_digest)


def superseded(name: str) -> str:
    return next(build.index_digest for build in load_catalogue().superseded if build.image == name)


PIP = "RUN python -m venv /opt/venv && /opt/venv/bin/pip install a==1\n"
VENV = "COPY --from=b /opt/venv /opt/venv\n"


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        ("BW001", "FROM python\n", [(1, ERROR)]),
        ("BW001", "FROM python:latest\n", [(1, ERROR)]),
        ("BW001", "FROM x:1\nCOPY --from=y / /\nRUN --mount=from=z:latest true\n", [(2, ERROR), (3, ERROR)]),
        ("BW001", "FROM python@sha256:" + "0" * 64 + "\n", []),
        ("BW001", "FROM scratch\n", []),
        ("BW001", "FROM x:1 AS a\nFROM a\n", []),
        ("BW002", f"FROM {CURRENT}\n", [(1, ERROR)]),
        ("BW002", f"FROM {CURRENT}@{digest()}\n", []),
        ("BW003", f"FROM {CURRENT}@{digest()}\n", []),
        ("BW003", f"FROM python:3.11-slim-bullseye@{digest('python:3.11-slim-bullseye')}\n", [(1, NOTE)]),
        ("BW003", f"FROM python:3.11-bookworm@{superseded('python:3.11-bookworm')}\n", [(1, WARNING)]),
        ("BW004", f"FROM python:3.11-bookworm@{superseded('python:3.11-bookworm')}\n", [(1, ERROR)]),
        ("BW004", f"FROM {CURRENT}@{digest()}\n", []),
        ("BW005", "FROM python:3.13-slim\n", [(1, WARNING)]),
        ("BW005", f"FROM python:3.13-slim@{digest()}\n", [(1, NOTE)]),
        ("BW005", "FROM python:3.12\n", [(1, WARNING)]),
        ("BW005", "FROM ubuntu:rolling\n", [(1, WARNING)]),
        ("BW005", f"FROM {CURRENT}\nCOPY --from=ubuntu:24.04 / /\nCOPY --from=debian:trixie-slim / /\n", []),
        ("BW005", "FROM python:3.13.15-slim-bookworm\n", []),
        ("BW005", "FROM team/base:1\n", []),
        ("BW006", "FROM python:3.11-slim\n", [(1, ERROR)]),
        ("BW006", f"FROM python:3.13-slim@{digest('python:3.13-slim-bookworm')}\n", [(1, ERROR)]),
        ("BW006", "FROM python:3.13-slim\n", []),
        ("BW007", "FROM python:3.11-slim-bullseye\n", [(1, ERROR)]),
        ("BW007", "FROM ubuntu:18.04\n", [(1, ERROR)]),
        ("BW007", "FROM alpine:3.9\n", [(1, ERROR)]),
        ("BW007", "FROM python:3.13-slim-bookworm\n", [(1, WARNING)]),
        ("BW007", "FROM nvidia/cuda:12.4.1-runtime-ubuntu2204\n", []),
        ("BW007", f"FROM {CURRENT}\nCOPY --from=ubuntu:18.04 / /\n", []),
        ("BW008", "FROM python:3.10-slim-trixie\n", [(1, ERROR)]),
        ("BW008", "FROM python:2.7\n", []),
        ("BW008", "FROM python:3.6-slim\n", [(1, ERROR)]),
        ("BW008", f"FROM {CURRENT}\n", []),
        ("BW009", "FROM python:3.15-rc-slim-trixie\n", [(1, ERROR)]),
        ("BW009", "FROM python:3.16.0a1-slim\n", [(1, ERROR)]),
        ("BW009", f"FROM {CURRENT}\n", []),
        ("BW011", "ARG A\nFROM $A\n", [(2, WARNING)]),
        ("BW011", "FROM UPPER/case:1\n", [(1, WARNING)]),
        ("BW011", f"FROM {CURRENT}\n", []),
        ("BW020", f"FROM {CURRENT}\n", [(1, ERROR)]),
        ("BW020", f"FROM {CURRENT}\nUSER root\n", [(2, ERROR)]),
        ("BW020", f"FROM {CURRENT}\nUSER 0:5\n", [(2, ERROR)]),
        ("BW020", f"FROM {CURRENT}\nARG U=root\nUSER $U\n", [(3, ERROR)]),
        ("BW020", f"FROM {CURRENT}\nUSER 1000\nUSER root\nRUN x\nUSER app\n", []),
        ("BW020", f"FROM {CURRENT} AS a\nUSER app\nFROM a\n", []),
        ("BW020", f"FROM {CURRENT} AS a\nUSER app\nFROM {CURRENT}\n", [(3, ERROR)]),
        ("BW020", "FROM scratch\n", [(1, ERROR)]),
        ("BW020", "FROM team/base:1\n", []),
        ("BW021", f"FROM {CURRENT}\nRUN apt-get update && apt-get -y install a\n", [(2, WARNING)]),
        ("BW021", f"FROM {CURRENT}\nRUN apt-get install -y --no-install-recommends a\n", []),
        ("BW021", f"FROM {CURRENT}\nRUN apt-get -o APT::Install-Recommends=false install -y a\n", []),
        (
            "BW021",
            f"FROM {CURRENT}\nRUN echo 'APT::Install-Recommends \"0\";' > /etc/apt/apt.conf.d/x\nRUN apt-get install a\n",
            [],
        ),
        ("BW021", f"FROM {CURRENT} AS b\nRUN apt-get install -y a\nFROM {CURRENT}\n", [(2, NOTE)]),
        ("BW021", f"FROM {CURRENT}\nRUN apt-get install -f\n", []),
        ("BW022", f"FROM {CURRENT}\nRUN apt-get update && apt-get install -y a\n", [(2, WARNING)]),
        ("BW022", f"FROM {CURRENT}\nRUN apt-get update && rm -rf /var/lib/apt/lists/*\n", []),
        ("BW022", f"FROM {CURRENT}\nRUN apt-get update && apt-get distclean\n", []),
        ("BW022", f"FROM {CURRENT}\nRUN --mount=type=cache,target=/var/lib/apt apt-get update\n", []),
        ("BW022", f"FROM {CURRENT}\nRUN apt-get update\nRUN rm -rf /var/lib/apt/lists/*\n", [(2, WARNING)]),
        ("BW022", f"FROM {CURRENT} AS b\nRUN apt-get update\nFROM {CURRENT}\n", []),
        ("BW023", "FROM python:3.13-alpine3.24\nRUN apk add a\n", [(2, WARNING)]),
        ("BW023", "FROM python:3.13-alpine3.24\nRUN apk --no-cache add a\n", []),
        ("BW023", "FROM python:3.13-alpine3.24\nRUN apk add a && rm -rf /var/cache/apk/*\n", []),
        ("BW024", f"FROM {CURRENT}\nRUN pip install numpy\n", [(2, WARNING)]),
        ("BW024", f"FROM {CURRENT}\nRUN python3 -m pip install -U 'a>=1' b==2\n", [(2, WARNING)]),
        ("BW024", f"FROM {CURRENT}\nRUN pip install numpy==2.4.0 'pandas == 3.0'\n", []),
        ("BW024", f"FROM {CURRENT}\nRUN pip install .\n", [(2, WARNING)]),
        ("BW024", f"FROM {CURRENT}\nRUN pip install --no-deps .\n", []),
        ("BW024", f"FROM {CURRENT}\nRUN pip install -c constraints.txt .\n", []),
        ("BW024", f"FROM {CURRENT}\nRUN pip install 'a==1.*'\n", [(2, WARNING)]),
        ("BW024", f"FROM {CURRENT}\nRUN pip install a==$A && pip install $NAMES\n", []),
        ("BW024", f"FROM {CURRENT}\nRUN pip install a -c https://example.org/c.txt\n", []),
        ("BW024", f"FROM {CURRENT}\nRUN uv sync\n", [(2, WARNING)]),
        ("BW024", f"FROM {CURRENT}\nRUN uv sync --locked && pipenv install --deploy && poetry install\n", []),
        ("BW024", f"FROM {CURRENT}\nRUN pipenv install\n", [(2, WARNING)]),
        ("BW024", f"FROM {CURRENT}\nRUN pip install --no-index --find-links=/wheels /wheels/*\n", []),
        ("BW024", f"FROM {CURRENT}\nRUN pip --version && pip download x && uv run y\n", []),
        ("BW025", f"FROM {CURRENT}\nRUN pip install -r r.txt\n", [(2, WARNING)]),
        ("BW025", f"FROM {CURRENT}\nRUN pip install --no-cache-dir -r r.txt\n", []),
        ("BW025", f"FROM {CURRENT}\nENV PIP_NO_CACHE_DIR=1\nRUN pip install -r r.txt\n", []),
        ("BW025", f"FROM {CURRENT}\nENV PIP_NO_CACHE_DIR=0\nRUN pip install -r r.txt\n", [(3, WARNING)]),
        ("BW025", f"FROM {CURRENT}\nRUN PIP_NO_CACHE_DIR=1 pip install -r r.txt\n", []),
        ("BW025", f"FROM {CURRENT}\nRUN pip install -r r.txt && pip cache purge\n", []),
        ("BW025", f"FROM {CURRENT}\nRUN pip install -r r.txt && rm -rf /root/.cache\n", []),
        ("BW025", f"FROM {CURRENT}\nRUN --mount=type=cache,target=/root/.cache/pip pip install a\n", []),
        (
            "BW025",
            f"FROM {CURRENT}\nENV PIP_CACHE_DIR=/c\nRUN --mount=type=cache,target=/c pip install a\n",
            [],
        ),
        ("BW025", f"FROM {CURRENT}\nRUN --mount=type=cache,target=/c UV_CACHE_DIR=/c uv sync --locked\n", []),
        ("BW025", f"FROM {CURRENT}\nRUN --mount=type=cache,target=/c pip install a\n", [(2, WARNING)]),
        ("BW025", f"FROM {CURRENT} AS b\nRUN pip install a\nFROM {CURRENT}\n", []),
        ("BW025", f"FROM {CURRENT}\nRUN uv pip install a==1\n", [(2, WARNING)]),
        ("BW026", f"FROM {CURRENT}\nRUN apt-get install -y gcc-14 libpq-dev libpq5\n", [(2, WARNING)]),
        ("BW026", f"FROM {CURRENT}\nRUN apt-get install -y gcc && make && apt-get purge -y gcc\n", []),
        ("BW026", "FROM python:3.13-alpine3.24\nRUN apk add -t .b gcc && apk del .b\n", []),
        ("BW026", f"FROM {CURRENT} AS b\nRUN apt-get install -y gcc\nFROM {CURRENT}\n", []),
        (
            "BW026",
            f"FROM {CURRENT}\nRUN apt-get install -y gcc && apt-mark auto '.*' && apt-get purge -y --auto-remove\n",
            [],
        ),
        ("BW026", "FROM python:3.13-trixie\n", [(1, WARNING)]),
        ("BW045", f"FROM python:3.12-slim AS b\n{PIP}FROM {CURRENT}\n{VENV}", [(4, ERROR)]),
        ("BW045", f"FROM python:3.13-alpine3.24 AS b\n{PIP}FROM {CURRENT}\n{VENV}", [(4, ERROR)]),
        ("BW045", f"FROM python:3.12-alpine AS b\n{PIP}FROM python:3.12-slim\n{VENV}", [(4, ERROR)]),
        (
            "BW045",
            f"FROM {CURRENT} AS a\nFROM python:3.12 AS c\nFROM c AS b\n{PIP}FROM a\n{VENV}",
            [(6, ERROR)],
        ),
        (
            "BW045",
            f"FROM ghcr.io/astral-sh/uv:python3.12-alpine AS b\nRUN uv sync --locked\nFROM {CURRENT}\n{VENV}",
            [(4, WARNING)],
        ),
        ("BW045", f"FROM {CURRENT} AS b\n{PIP}FROM {CURRENT}\n{VENV}", []),
        ("BW045", f"FROM python:3.13-trixie AS b\n{PIP}FROM {CURRENT}\n{VENV}", []),
        ("BW045", f"FROM node:22-alpine AS b\nRUN npm ci\nFROM {CURRENT}\n{VENV}", []),
        ("BW045", f"FROM python:3.12-slim AS b\n{PIP}FROM {CURRENT}\nCOPY --from=b /app/static /srv\n", []),
    ],
)
def test_a_rule_finds_what_violates_it(
    found: Rules, rule: str, text: str, expected: list[tuple[int, str]]
) -> None:
    assert [(finding.line, str(finding.severity)) for finding in found(rule, text)] == expected


@pytest.mark.parametrize(
    ("operand", "said"),
    [
        ("dist/*.whl", "resolves the dependencies of `dist/*.whl` anew"),
        ("https://example.org/a-1-py3-none-any.whl", "resolves the dependencies of `https://example.org/a-1"),
        ("wheels/*", "resolves the dependencies of `wheels/*` anew"),
        ("git+https://example.org/a.git@v1", "`git+https://example.org/a.git@v1` names no commit"),
        ("'a @ git+https://example.org/a.git'", "`a @ git+https://example.org/a.git` names no commit"),
        ("'a[b]>=1'", "the newest of a[b]>=1 on the day"),
    ],
)
def test_what_pip_installs_without_a_pin_is_called_by_what_it_is(
    found: Rules, operand: str, said: str
) -> None:
    (finding,) = found("BW024", f"FROM {CURRENT}\nRUN pip install {operand}\n")
    assert said in finding.message


def test_constraints_pin_what_they_name(found: Rules) -> None:
    text = f"FROM {CURRENT}\nCOPY . .\nRUN pip install a -c c.txt\nRUN pip install -r r.txt -c c.txt\n"
    assert not found("BW024", text, r_DOT_txt="a\n", c_DOT_txt="A==1\nb==2\n")
    first, second = found("BW024", text, r_DOT_txt="a\n", c_DOT_txt="a<2\nb==2\n")
    assert (first.packages, second.packages) == (("a",), ("a",))
    inside = f"FROM {CURRENT}\nCOPY . .\nRUN pip install -r r.txt\n"
    assert not found("BW024", inside, r_DOT_txt="-c c.txt\na\n", c_DOT_txt="a==1\n")


def test_the_place_of_a_finding_is_the_name_it_is_about(found: Rules) -> None:
    (finding,) = found("BW001", "# a\nFROM --platform=linux/amd64 python:latest AS x\n")
    assert (finding.line, finding.column, finding.end_line, finding.end_column) == (2, 29, 2, 42)
    assert finding.image == "python:latest"


def test_a_service_that_runs_as_root_is_named(look: Look) -> None:
    text = 'services:\n  a:\n    image: x:1\n    user: "0:0"\n  b:\n    image: x:1\n    user: app\n  c:\n    image: x:1\n    user: $U\n'
    found = [each for each in look(text, name="compose.yaml").findings if each.rule == "BW020"]
    assert [(each.line, str(each.severity)) for each in found] == [(4, ERROR)]
    assert "`a`" in found[0].message


def test_a_hint_inside_of_a_compose_file_names_no_command_that_cannot_do_it(look: Look) -> None:
    text = f'services:\n  a:\n    build:\n      dockerfile_inline: "FROM {CURRENT}"\n'
    result = look(text, name="compose.yaml")
    (finding,) = [each for each in result.findings if each.rule == "BW002"]
    assert "basewise pin" not in finding.hint
    assert digest() in finding.hint


@pytest.mark.parametrize(
    ("written", "example"),
    [
        ("python:3.12-alpine", "python:3.12-alpine3.24"),
        ("python:3", "python:3.14-trixie"),
        ("python", "python:3.14-slim-trixie"),
        ("python:3.9-slim", ""),
        ("python:3.13.0rc2-slim", ""),
        ("ubuntu:rolling", ""),
    ],
)
def test_an_example_of_a_tag_is_an_image_that_exists(found: Rules, written: str, example: str) -> None:
    rule = "BW005" if ":" in written else "BW001"
    (finding,) = found(rule, f"FROM {written}\n")
    assert (example in finding.hint) if example else ("`" not in finding.hint)
    assert not example or load_catalogue().find(example).name == example


def test_a_superseded_digest_says_what_the_newer_build_removes(found: Rules) -> None:
    (finding,) = found("BW004", f"FROM python:3.11-bookworm@{superseded('python:3.11-bookworm')}\n")
    assert "removes" in finding.message
    assert "CVE-" in finding.message
    assert "pin --refresh" in finding.hint
    assert "advisories of" in finding.evidence


def test_a_digest_that_nobody_knows_is_not_covered(look: Look) -> None:
    result = look(f"FROM {CURRENT}@sha256:{'1' * 64}\nUSER 1\n")
    assert result.summary.verdict == "incomplete"
    assert any("age of" in item.what for item in result.coverage.not_covered)


def test_a_name_that_cannot_be_told_names_its_line(look: Look) -> None:
    result = look("ARG A\nFROM ${A}\nUSER 1\n")
    assert any("cannot resolve FROM line 2" in item.why for item in result.coverage.not_covered)


def test_an_unknown_image_leaves_its_support_and_user_open(look: Look) -> None:
    result = look(f"FROM team/base:1@sha256:{'1' * 64}\n")
    said = {item.what for item in result.coverage.not_covered}
    assert any(what.startswith("support of `team/base:1`") for what in said)
    assert any(what.startswith("the user of") for what in said)
    assert not result.findings


def test_a_dockerfile_that_is_well_passes(look: Look) -> None:
    result = look(f'FROM {CURRENT}@{digest()}\nCOPY app.py /\nUSER 1000\nCMD ["python", "/app.py"]\n')
    assert result.findings == ()
    assert result.summary.verdict == "passed"
    assert result.coverage.complete
