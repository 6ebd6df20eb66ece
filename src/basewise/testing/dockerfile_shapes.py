r"""Dockerfiles of every shape: each instruction form of the Dockerfile reference, and the oddities of the format.

Written by hand for tests. `SHAPES` maps a name that says the shape to its text; `KEYWORDS` to the instructions that
the text holds, in order.

Reference:
    Docker's Dockerfile reference, one shape or more for each section.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["DIGEST", "KEYWORDS", "SHAPES"]

DIGEST = "sha256:" + "ab" * 32
_FROM = "FROM python:3.13-slim-trixie\n"

_TEXTS: dict[str, tuple[str, str]] = {
    # FROM
    "from without a tag": ("FROM python\n", "FROM"),
    "from latest": ("FROM python:latest\nUSER 1000\n", "FROM USER"),
    "from a tag": (_FROM, "FROM"),
    "from a digest alone": (f"FROM python@{DIGEST}\n", "FROM"),
    "from a tag with a digest": (f"FROM python:3.13-slim-trixie@{DIGEST}\n", "FROM"),
    "from another registry": ("FROM registry.example:5000/team/base:1.2 AS base\n", "FROM"),
    "from for a platform": ("FROM --platform=linux/arm64 python:3.13-slim-trixie\n", "FROM"),
    "from for the builder's platform": (
        ("FROM --platform=$BUILDPLATFORM python:3.13-trixie AS build\nRUN make\n"
        "FROM python:3.13-slim-trixie\nCOPY --from=build /out /out\n"),
        "FROM RUN FROM COPY",
    ),
    "from scratch": ("FROM scratch\nCOPY app /app\n", "FROM COPY"),
    "argument with a default in from": (
        "ARG VERSION=3.13-slim-trixie\nFROM python:${VERSION}\n", "ARG FROM",
    ),
    "argument with the whole image": (
        'ARG BASE="python:3.13-slim-trixie"\nFROM ${BASE}\nUSER app\n', "ARG FROM USER",
    ),
    "argument in the middle of a tag": ("ARG PYTHON=3.13\nFROM python:${PYTHON}-slim\n", "ARG FROM"),
    "argument without a default in from": ("ARG BASE\nFROM $BASE\n", "ARG FROM"),
    "default beside the variable": ("FROM ${REGISTRY:-docker.io}/library/python:3.13\n", "FROM"),
    "stage on a stage": (
        'FROM python:3.13-slim-trixie AS Base\nRUN true\nFROM base AS test\nRUN false\nFROM base\nCMD ["a"]\n',
        "FROM RUN FROM RUN FROM CMD",
    ),
    "alias that names itself": ("FROM base AS base\nFROM base\n", "FROM FROM"),
    "stage by number": (
        "FROM python:3.13 \nRUN make\nFROM python:3.13-slim\nCOPY --from=0 /a /a\n", "FROM RUN FROM COPY",
    ),
    "image in copy": (
        _FROM + "COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /uvx /bin/\n", "FROM COPY",
    ),
    "image in a mount": (
        _FROM + "RUN --mount=type=bind,from=ghcr.io/astral-sh/uv,source=/uv,target=/bin/uv uv sync --locked\n",
        "FROM RUN",
    ),
    # RUN
    "run in shell form": (_FROM + "RUN apt-get update && apt-get install -y libgomp1\n", "FROM RUN"),
    "run over several lines": (
        _FROM + "RUN apt-get update \\\n    && apt-get install -y --no-install-recommends \\\n"
        "        libgomp1 \\\n        curl \\\n    && rm -rf /var/lib/apt/lists/*\n",
        "FROM RUN",
    ),
    "comments between continued lines": (
        _FROM + "RUN apt-get update && \\\n# why libgomp\n    # indented\n    apt-get install -y \\\n\n  libgomp1\n",
        "FROM RUN",
    ),
    "run in json form": (_FROM + 'RUN ["apt-get", "install", "-y", "curl"]\n', "FROM RUN"),
    "shell in json form": (_FROM + 'RUN ["/bin/bash", "-euc", "apt-get install -y curl"]\n', "FROM RUN"),
    "run with a cache mount": (
        _FROM + "RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt\n", "FROM RUN",
    ),
    "run with mounts of every type": (
        _FROM + "RUN --mount=type=secret,id=token --mount=type=ssh --mount=type=tmpfs,target=/t \\\n"
        "    --mount=type=bind,source=a,target=/a --network=none --security=sandbox make\n",
        "FROM RUN",
    ),
    "run with a here-document": (
        _FROM + "RUN <<EOF\nset -e\napt-get update\napt-get install -y curl\nEOF\nUSER 1000\n", "FROM RUN USER",
    ),
    "here-document of another interpreter": (
        _FROM + "RUN python3 <<EOF\nimport os; os.system('apt-get install x')\nEOF\n", "FROM RUN",
    ),
    "here-document with a shebang": (
        _FROM + "RUN <<EOF\n#!/usr/bin/env python3\nprint('apt-get install x')\nEOF\n", "FROM RUN",
    ),
    "quoted here-document": (_FROM + "RUN <<'E.O-F' bash -e\napk add $x\nE.O-F\n", "FROM RUN"),
    "here-document with tabs": (_FROM + "RUN <<-EOF\n\tapt-get update\n\tEOF\nCMD x\n", "FROM RUN CMD"),
    "here-document inside a script": (
        _FROM + "RUN <<EOF\ncat > /etc/x <<INNER\napt-get install nothing\nINNER\napt-get install -y a\nEOF\n",
        "FROM RUN",
    ),
    "here-document written to a file": (
        _FROM + "RUN cat <<EOF > /etc/motd && chmod 644 /etc/motd\napt-get install nothing\nEOF\n", "FROM RUN",
    ),
    "here-string": (_FROM + "RUN cat <<< word\nRUN true\n", "FROM RUN RUN"),
    "here-document that never ends": (_FROM + "RUN <<EOF\napt-get update\n", "FROM RUN APT-GET"),
    "pip without a lock": (_FROM + "RUN pip install numpy pandas\n", "FROM RUN"),
    "pip with hashes": (
        _FROM + "RUN python -m pip install --no-cache-dir --require-hashes -r requirements.txt\n", "FROM RUN",
    ),
    "apk": ("FROM python:3.13-alpine3.24\nRUN apk add libgomp\nUSER nobody\n", "FROM RUN USER"),
    "apk with a virtual package": (
        "FROM python:3.13-alpine3.24\nRUN apk add --virtual .build gcc musl-dev && pip wheel . && apk del .build\n",
        "FROM RUN",
    ),
    "build tools in the final stage": (
        _FROM + "RUN apt-get update && apt-get install -y build-essential libpq-dev\n", "FROM RUN",
    ),
    "quotes and substitutions in run": (
        _FROM + "RUN echo \"a && apt-get install $(echo 'x)') \" ; sh -c 'apk add z' `true`\n", "FROM RUN",
    ),
    # CMD, ENTRYPOINT, SHELL
    "command in json form": (_FROM + 'CMD ["python", "-m", "app"]\n', "FROM CMD"),
    "parameters of the entry point": (
        _FROM + 'ENTRYPOINT ["python"]\nCMD ["-m", "app"]\n', "FROM ENTRYPOINT CMD",
    ),
    "command in shell form": (_FROM + "CMD python -m app --port $PORT\n", "FROM CMD"),
    "entry point in shell form": (_FROM + "ENTRYPOINT exec top -b\n", "FROM ENTRYPOINT"),
    "another shell": (
        _FROM + 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN a | b\n', "FROM SHELL RUN",
    ),
    # LABEL, MAINTAINER, EXPOSE, ENV
    "labels": (
        _FROM + 'LABEL version="1.0" description="a \\\nb" multi.label=\'x y\' "quoted key"=1\n', "FROM LABEL",
    ),
    "maintainer": (_FROM + "MAINTAINER someone@example.com\n", "FROM MAINTAINER"),
    "ports": (_FROM + "EXPOSE 80 443/tcp 53/udp $PORT\n", "FROM EXPOSE"),
    "variables": (
        _FROM + 'ENV A=1 B="two words" C=three\\ words \\\n    D=$A\n', "FROM ENV",
    ),
    "a variable in the old form": (_FROM + "ENV PIP_NO_CACHE_DIR 1\nRUN pip install -r r.txt\n", "FROM ENV RUN"),
    # ADD, COPY
    "add of a file": (_FROM + "ADD --chown=10:11 --chmod=644 hom?.txt dir/\n", "FROM ADD"),
    "add of an address": (
        _FROM + f"ADD --checksum={DIGEST} https://example.com/big.tar.xz /usr/src/\n", "FROM ADD",
    ),
    "add of a git repository": (
        _FROM + "ADD --keep-git-dir=true --link https://git.example/a.git#v1 /src\n", "FROM ADD",
    ),
    "add in json form": (_FROM + 'ADD ["a b", "dest dir/"]\n', "FROM ADD"),
    "copy with flags": (
        _FROM + "COPY --link --parents --exclude=*.md --chown=app:app --chmod=u=rwX,go=rX ./a ./b /dest/\n",
        "FROM COPY",
    ),
    "copy in json form": (_FROM + 'COPY ["a b.txt", "c \\"d\\".txt", "/dest/"]\n', "FROM COPY"),
    "copy of here-documents": (
        _FROM + 'COPY <<a.txt <<-"b.txt" /dest/\none\na.txt\n\ttwo $x\n\tb.txt\nUSER 1\n', "FROM COPY USER",
    ),
    # VOLUME, USER, WORKDIR, ARG, ONBUILD, STOPSIGNAL, HEALTHCHECK
    "volumes": (_FROM + 'VOLUME ["/data", "/log"]\nVOLUME /a /b\n', "FROM VOLUME VOLUME"),
    "user by name": (_FROM + "USER app:app\n", "FROM USER"),
    "user by number": (_FROM + "USER 10001:10001\n", "FROM USER"),
    "user root at the end": (_FROM + "USER app\nRUN true\nUSER root\n", "FROM USER RUN USER"),
    "user by variable": (_FROM + "ARG UID=1000\nUSER ${UID}\n", "FROM ARG USER"),
    "working directories": (_FROM + "ENV D=/path\nWORKDIR $D/$N\nWORKDIR rel\n", "FROM ENV WORKDIR WORKDIR"),
    "arguments": (_FROM + 'ARG A\nARG B=1 C="x y" D\nARG E=${B}-x\n', "FROM ARG ARG ARG"),
    "instructions for later": (
        _FROM + "ONBUILD COPY . /app\nONBUILD RUN apt-get install -y curl\nONBUILD USER app\n",
        "FROM ONBUILD ONBUILD ONBUILD",
    ),
    "stop signal": (_FROM + "STOPSIGNAL SIGINT\n", "FROM STOPSIGNAL"),
    "health check": (
        _FROM + "HEALTHCHECK --interval=5m --timeout=3s --retries=2 \\\n  CMD curl -f http://localhost/ || exit 1\n",
        "FROM HEALTHCHECK",
    ),
    "no health check": (_FROM + "HEALTHCHECK NONE\n", "FROM HEALTHCHECK"),
    # the format
    "lower case and odd spaces": ("  from   python:3.13-slim-trixie   as   X  \n\trun\tapk add a\n", "FROM RUN"),
    "windows line ends": (
        ("# syntax=docker/dockerfile:1\r\nFROM python:3.13-slim\r\nRUN apt-get update \\\r\n"
        '  && apt-get install -y curl\r\nCMD ["a"]\r\n'),
        "FROM RUN CMD",
    ),
    "byte order mark": ("\ufeffFROM python:3.13-slim-trixie\n", "FROM"),
    "backtick as escape": (
        "# escape=`\n\nFROM mcr.example/windows/nanoserver:ltsc2025\nCOPY a.txt c:\\\nRUN dir `\n  c:\\\n",
        "FROM COPY RUN",
    ),
    "every directive": (
        "# syntax = docker/dockerfile:1.7\n#escape=\\\n# check=skip=all;error=true\nFROM a:1\n", "FROM",
    ),
    "directive below a comment": ("# a comment\n# escape=`\nFROM a:1\nRUN b `\nRUN c\n", "FROM RUN RUN"),
    "doubled escape at the end": (_FROM + "RUN echo a\\\\\nRUN b\n", "FROM RUN RUN"),
    "spaces after the escape": (_FROM + "RUN a \\  \n  b\n", "FROM RUN"),
    "escape at the end of the file": (_FROM + "RUN a \\", "FROM RUN"),
    "no final line end": ("FROM python:3.13-slim-trixie\nUSER 1000", "FROM USER"),
    "blank lines and comments": ("\n\n# one\n  # two\n\nFROM a:1\n\n#three\n", "FROM"),
    "unknown instruction": (_FROM + "INCLUDE other\n", "FROM INCLUDE"),
    "an inline ignore": (
        "# basewise: ignore[BW001,BW002] the registry keeps this tag as it is\nFROM registry.example/base\n", "FROM",
    ),
}  # fmt: skip

SHAPES: Mapping[str, str] = MappingProxyType({name: text for name, (text, _) in _TEXTS.items()})
KEYWORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {name: tuple(keywords.split()) for name, (_, keywords) in _TEXTS.items()}
)
