"""What the application's own Dockerfile sets is written again where it is certain, and named where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from basewise.app.read import read_application
from basewise.model.build_plan import BuildPlan
from basewise.model.verdict import Fit, Verdict
from basewise.operations.carry_over import carry_over, warn_of_left_lines
from basewise.operations.read_back import read_back
from basewise.operations.recommendation import build_plan
from basewise.report.dockerfile import render_dockerfile
from basewise.testing.dockerfile_shapes import SHAPES
from basewise.testing.fits import base_image

FIT = Fit(verdict=Verdict.FITS)
FROM = "FROM python:3.12-slim\n"
HIDDEN = "hunter2"


def application_in(folder: Path, dockerfile: str) -> Path:
    (folder / "src").mkdir(exist_ok=True)
    for name, text in {"requirements.txt": "idna\n", "main.py": "", "health.py": "", "src/a.py": ""}.items():
        (folder / name).write_text(text)
    (folder / "Dockerfile").write_text(dockerfile)
    return folder


def plan_for(folder: Path, lines: str, codename: str = "trixie") -> BuildPlan:
    application = read_application(application_in(folder, FROM + lines))
    return build_plan(application, base_image(codename), FIT, upgrades=(), locked_by_us=True)


def written_for(folder: Path, lines: str, codename: str = "trixie") -> str:
    plan = plan_for(folder, lines, codename)
    return read_back(render_dockerfile(plan), plan)


def carried(text: str) -> list[str]:
    """Return the block of lines that was taken over, without the comment above it."""
    blocks = [block for block in text.split("\n\n") if block.startswith("# Carried over from Dockerfile.\n")]
    return blocks[0].splitlines()[1:] if blocks else []


def left(text: str) -> list[str]:
    """Return what the head of the file says of lines that were left."""
    lines = text.splitlines()
    head = "# NOT CARRIED OVER from Dockerfile: add what the application needs:"
    if head not in lines:
        return []
    found = []
    for line in lines[lines.index(head) + 1 :]:
        if not line.startswith("#   "):
            break
        found.append(line.removeprefix("#   "))
    return found


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("EXPOSE 8000 53/UDP 9000-9002", ["EXPOSE 8000 53/udp 9000-9002"]),
        ("ENV PORT=8000\nEXPOSE $PORT", ['ENV PORT="8000"', "EXPOSE 8000"]),
        ("ENV MODE fast and small", ['ENV MODE="fast and small"']),
        ("ENV A=1 \\\n    B='two words' C=\"say \\\"hi\\\"\"", ['ENV A="1" \\', '    B="two words" \\', '    C="say \\"hi\\""']),
        ("ENV A=1\nENV A=2", ['ENV A="2"']),
        ("ENV ROOT=/srv/x\nENV DATA=$ROOT/data", ['ENV ROOT="/srv/x" \\', '    DATA="/srv/x/data"']),
        ("ENV TOKENIZERS_PARALLELISM=false MAX_TOKENS=512", ['ENV TOKENIZERS_PARALLELISM="false" \\', '    MAX_TOKENS="512"']),
        ("ENV REGION=asia-northeast1", ['ENV REGION="asia-northeast1"']),
        ("STOPSIGNAL SIGINT", ["STOPSIGNAL SIGINT"]),
        ("STOPSIGNAL SIGRTMIN+3", ["STOPSIGNAL SIGRTMIN+3"]),
        ("HEALTHCHECK NONE", ["HEALTHCHECK NONE"]),
        ("LABEL version=1 \"a.b\"='c d'", ['LABEL version="1" \\', '      a.b="c d"']),
        ('LABEL description="Basic example of a token bucket"', ['LABEL description="Basic example of a token bucket"']),
        ("MAINTAINER Ada Lovelace <ada@example.org>", ['LABEL maintainer="Ada Lovelace <ada@example.org>"']),
        ("LABEL org.opencontainers.image.base.name=old org.opencontainers.image.revision=" + "a1" * 20,
         ['LABEL org.opencontainers.image.revision="' + "a1" * 20 + '"']),
    ],
)  # fmt: skip
def test_what_changes_no_file_is_taken_over(tmp_path: Path, lines: str, expected: list[str]) -> None:
    text = written_for(tmp_path, lines)
    assert carried(text) == expected
    assert left(text) == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("ENV A=$UNKNOWN", "line 2, ENV A: only a build can tell its value"),
        ("ARG V=1\nENV A=1\nENV A=$V", "line 4, ENV A: only a build can tell its value"),
        ("ENV LD_PRELOAD=/usr/lib/x.so", "line 2, ENV LD_PRELOAD: it names what is in the old image"),
        ("ENV PATH=/tools/bin:$PATH", "line 2, ENV PATH: it names what is in the old image"),
        ("EXPOSE $PORT", "line 2, EXPOSE: only a build can tell its value"),
        ("EXPOSE ${PORT:-8000}", "line 2, EXPOSE: only a build can tell its value"),
        ("ENV A=${B:-c}", "line 2, ENV A: only a build can tell its value"),
        ("COPY --chmod=755 main.py .", "line 2, COPY: it sets the mode of main.py"),
        ("HEALTHCHECK CMD python other.py", "line 2, HEALTHCHECK: it names a file that is not in the image"),
        ("HEALTHCHECK CMD ./src/b.sh", "line 2, HEALTHCHECK: it calls ./src/b.sh, which is not in the image"),
        ("EXPOSE 70000", "line 2, EXPOSE: it is no port"),
        ("STOPSIGNAL $S", "line 2, STOPSIGNAL: its signal cannot be read"),
        ("VOLUME /data", "line 2, VOLUME: mount it when the container starts"),
        ('SHELL ["/bin/bash", "-c"]', "line 2, SHELL: commands are written in JSON form or for /bin/sh"),
        ("LABEL built=$WHEN", "line 2, LABEL built: only a build can tell its value"),
        ("ONBUILD RUN make", "line 2, ONBUILD: it is for images that stand on this one"),
        ("ADD https://example.org/m.bin /m/", "line 2, ADD: it fetches from the network"),
        ("ADD data.tar.gz /d/", "line 2, ADD: it unpacks an archive"),
        ("COPY <<EOF /x\na\nEOF", "line 2, COPY: its text stands in the Dockerfile"),
        ("RUN curl -H 'Authorization: Bearer hunter2' x | sh", "line 2, RUN: it calls curl, sh"),
        ("RUN echo hunter2 > /etc/x", "line 2, RUN: it calls echo"),
        ("RUN apt-get update && apt-get install -y curl && npm ci", "line 2, RUN: it calls npm"),
        ("RUN python manage.py collectstatic", "line 2, RUN: it calls python"),
        ("RUN <<EOF\nset -e\nmake all\nEOF", "line 2, RUN: it calls make"),
        ("RUN pip install --timeout 9 -r requirements.txt 'Gunicorn[x]>=2' idna", "line 2, RUN: pip installs gunicorn, which no requirement asks for"),
        ("RUN mkdir -p /data", "line 2, RUN: it calls mkdir"),
        ("HEALTHCHECK CMD curl -f http://127.0.0.1/", "line 2, HEALTHCHECK: it calls curl, which is not in the image"),
        ("HEALTHCHECK CMD python other.py /srv/x", "line 2, HEALTHCHECK: it names a file that is not in the image"),
        ("HEALTHCHECK CMD python health.py $PORT", "line 2, HEALTHCHECK: it uses PORT, which is not set here"),
        ("HEALTHCHECK --often=1s CMD true", "line 2, HEALTHCHECK: its options cannot be read"),
        ("HEALTHCHECK CMD echo 'a", "line 2, HEALTHCHECK: its command cannot be read"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_named_with_its_line(tmp_path: Path, lines: str, said: str) -> None:
    text = written_for(tmp_path, lines)
    assert left(text) == [said]
    assert carried(text) == []
    assert HIDDEN not in text


@pytest.mark.parametrize(
    "name",
    [
        "SECRET_KEY",
        "DB_PASSWORD",
        "API_KEY",
        "GITHUB_TOKEN",
        "MYSQL_PWD",
        "apiToken",
        "AWS_SECRET_ACCESS_KEY",
    ],
)
def test_of_a_secret_only_the_name_is_said(tmp_path: Path, name: str) -> None:
    text = written_for(tmp_path, f"ENV A=1 {name}={HIDDEN}")
    assert carried(text) == ['ENV A="1"']
    assert left(text) == [f"line 2, ENV {name}: looks like a secret: give it when the container starts"]
    assert HIDDEN not in text


@pytest.mark.parametrize(
    "value",
    [
        f"postgres://user:{HIDDEN}@db/x",
        f'"host=db password={HIDDEN}"',
        "ghp_0123456789abcdefhunter2",
        "AKIA0123456789ABCDEF",
        "0123456789abcdef0123456789abcdefhunter2",
    ],
)
def test_a_value_that_looks_like_a_secret_stays_out(tmp_path: Path, value: str) -> None:
    text = written_for(tmp_path, f"ENV ADDRESS={value} PIP_INDEX_URL=https://u:{HIDDEN}@example.org/simple")
    why = "looks like a secret: give it when the container starts"
    assert left(text) == [f"line 2, ENV ADDRESS: {why}", f"line 2, ENV PIP_INDEX_URL: {why}"]
    assert carried(text) == []
    assert value.strip('"') not in text
    assert HIDDEN not in text


def test_a_secret_in_a_health_check_or_label_stays_out(tmp_path: Path) -> None:
    text = written_for(
        tmp_path, f"LABEL token={HIDDEN}\nHEALTHCHECK CMD python health.py --password={HIDDEN}\n"
    )
    assert left(text) == [
        "line 2, LABEL token: looks like a secret",
        "line 3, HEALTHCHECK: it looks as if it held a secret",
    ]
    assert HIDDEN not in text


def test_how_python_was_installed_is_of_no_account(tmp_path: Path) -> None:
    lines = (
        'ENV PIP_NO_CACHE_DIR=1 POETRY_HOME=/opt/poetry VIRTUAL_ENV=/venv PYTHONUNBUFFERED=1\nENV PATH="$POETRY_HOME/bin:/venv/bin:$PATH"\n'
        "WORKDIR /app\nCOPY requirements.txt /tmp/\n"
        "RUN python -m venv /venv && pip install --no-cache-dir -U pip -r /tmp/requirements.txt\n"
        "COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/\nRUN uv sync --locked\n"
        "COPY . .\nRUN useradd app && chown -R app /app && mkdir -p /app && rm -rf /var/cache\nUSER app\n"
    )
    text = written_for(tmp_path, lines)
    assert (carried(text), left(text)) == ([], [])


def test_a_stage_that_only_installs_is_told_from_one_that_builds(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("idna\n")
    (tmp_path / "Dockerfile").write_text(
        "FROM node:20 AS web\nRUN npm run build\n"
        "FROM python:3.12 AS packages\nRUN pip install -r requirements.txt\n"
        "FROM python:3.12-slim\nWORKDIR /app\nCOPY --from=packages /usr/local /usr/local\n"
        "COPY --from=web /dist ./static\nCOPY . .\n"
    )
    plan = build_plan(read_application(tmp_path), base_image("trixie"), FIT, upgrades=(), locked_by_us=True)
    assert left(render_dockerfile(plan)) == ["line 8, COPY: it takes /dist from web to ./static"]


@pytest.mark.parametrize(
    ("lines", "place", "start", "said"),
    [
        ("WORKDIR /code\nCOPY . .", "/code", "", []),
        ("WORKDIR /usr/src\nWORKDIR app\nCOPY . /usr/src/app", "/usr/src/app", "", []),
        ("ENV HOME_OF=/srv/shop\nWORKDIR $HOME_OF", "/srv/shop", "", []),
        ("WORKDIR /code\nCOPY . .\nWORKDIR src", "/code", "/code/src", []),
        ("COPY . /code/", "/code", "", []),
        ("WORKDIR /code\nCOPY src src\nCOPY main.py health.py ./\nCOPY *.py ./", "/code", "", []),
        ("WORKDIR /root/code\nCOPY . .", "/app", "", ["line 2, WORKDIR: here the application lives in /app"]),
        ("WORKDIR /opt/venv", "/app", "", ["line 2, WORKDIR: here the application lives in /app"]),
        ("WORKDIR /code\nCOPY . .\nWORKDIR /data", "/code", "", ["line 4, WORKDIR: here the application starts in /code"]),
        ("WORKDIR $WHERE\nCOPY . .", "/app", "", ["line 2, WORKDIR: only a build can tell it; here the application lives in /app"]),
        ("WORKDIR /code\nCOPY src/ .", "/code", "",
         ["line 3, COPY: it puts src/ at .; here the folder of the application is copied as it is"]),
        ('COPY main.py /\nCMD ["python", "/main.py"]', "/app", "",
         ["line 2, COPY: it puts main.py at /; here the folder of the application is copied as it is",
          "line 3, CMD: it names a path, but here the application lives in /app"]),
        ('COPY main.py .\nCMD ["python", "main.py"]', "/app", "", []),
        ('COPY . /\nCMD ["python", "/src/a.py"]', "/app", "",
         ["line 3, CMD: it names a path, but here the application lives in /app"]),
        ('COPY main.py /app/\nCMD ["python", "/app/main.py"]', "/app", "", []),
    ],
)  # fmt: skip
def test_the_application_lives_where_it_did_when_that_is_free(
    tmp_path: Path, lines: str, place: str, start: str, said: list[str]
) -> None:
    plan = plan_for(tmp_path, lines)
    assert (plan.workdir, plan.start_directory) == (place, start)
    text = render_dockerfile(plan)
    assert left(text) == said
    assert f"\nWORKDIR {place}\n" in text
    assert (f"\nWORKDIR {start}\n" in text) is bool(start)


def test_search_paths_follow_the_application(tmp_path: Path) -> None:
    lines = "ENV PYTHONPATH=/code/src:lib SETTINGS=/code/s.ini\nCOPY . "
    assert carried(written_for(tmp_path, f"{lines}/code")) == [
        'ENV PYTHONPATH="/code/src:lib" \\',
        '    SETTINGS="/code/s.ini"',
    ]
    moved = written_for(tmp_path, lines.replace("/code", "/root/code") + "/root/code")
    assert carried(moved) == []
    assert left(moved) == [
        "line 2, ENV PYTHONPATH: it names a folder that is not there",
        "line 2, ENV SETTINGS: here the application lives in /app",
    ]


@pytest.mark.parametrize(
    ("command", "codename", "written"),
    [
        ("python health.py", "trixie", '["/bin/sh", "-c", "python health.py"]'),
        ('["python", "/app/health.py"]', "trixie", '["python", "/app/health.py"]'),
        ('["/opt/venv/bin/python", "health.py"]', "trixie", '["python", "health.py"]'),
        ("wget -q http://127.0.0.1/ || exit 1", "alpine", '["/bin/sh", "-c", "wget -q http://127.0.0.1/ || exit 1"]'),
        ("idna --check", "trixie", '["/bin/sh", "-c", "idna --check"]'),
    ],
)  # fmt: skip
def test_a_health_check_is_taken_over_where_its_command_is_there(
    tmp_path: Path, command: str, codename: str, written: str
) -> None:
    lines = f"WORKDIR /app\nHEALTHCHECK --interval=1m30s --retries=3 CMD {command}\n"
    text = written_for(tmp_path, lines, codename)
    assert carried(text) == [f"HEALTHCHECK --interval=1m30s --retries=3 CMD {written}"]


def test_the_script_of_a_health_check_is_looked_for_where_the_application_starts(tmp_path: Path) -> None:
    lines = "COPY . /code\nWORKDIR /code/src\nHEALTHCHECK CMD "
    assert len(carried(written_for(tmp_path, f"{lines} python a.py"))) == len(["WORKDIR", "HEALTHCHECK"])
    assert len(carried(written_for(tmp_path, f"{lines} python ../health.py"))) == len(
        ["WORKDIR", "HEALTHCHECK"]
    )
    assert left(written_for(tmp_path, f"{lines} python health.py")) == [
        "line 4, HEALTHCHECK: it names a file that is not in the image"
    ]


def test_a_health_check_for_bash_or_wget_is_named_where_the_image_has_none(tmp_path: Path) -> None:
    bash = 'SHELL ["/bin/bash", "-c"]\nHEALTHCHECK CMD python health.py'
    assert left(written_for(tmp_path, bash, "alpine"))[1:] == [
        "line 3, HEALTHCHECK: it calls bash, which is not in the image"
    ]
    assert carried(written_for(tmp_path, bash)) == ['HEALTHCHECK CMD ["/bin/bash", "-c", "python health.py"]']
    assert left(written_for(tmp_path, "HEALTHCHECK CMD wget x")) == [
        "line 2, HEALTHCHECK: it calls wget, which is not in the image"
    ]


def test_choose_warns_of_the_first_lines_in_one_sentence(tmp_path: Path) -> None:
    lines = "".join(f"VOLUME /d{number}\n" for number in range(6)) + f"ENV SECRET={HIDDEN}\n"
    application = read_application(application_in(tmp_path, FROM + lines))
    found = carry_over(application, base_image("trixie"), FIT).left
    named = ", ".join(f"VOLUME (line {number})" for number in range(2, 7))
    assert warn_of_left_lines(application, found) == (
        f"7 instructions of Dockerfile are not carried over: {named} and 2 more",
    )
    one = carry_over(
        read_application(application_in(tmp_path, f"{FROM}VOLUME /d\n")), base_image("trixie"), FIT
    )
    assert warn_of_left_lines(application, one.left) == (
        "1 instruction of Dockerfile is not carried over: VOLUME (line 2)",
    )


def test_what_was_written_is_written_the_same_again(tmp_path: Path) -> None:
    lines = (
        "ENV A=1\nEXPOSE 80\nWORKDIR /code\nCOPY . .\nWORKDIR src\nSTOPSIGNAL SIGINT\nHEALTHCHECK CMD true\nLABEL a=b\n"
        'CMD ["python", "a.py"]\n'
    )
    first = written_for(tmp_path, lines)
    (tmp_path / "Dockerfile").write_text(first)
    application = read_application(tmp_path)
    second = build_plan(application, base_image("trixie"), FIT, upgrades=(), locked_by_us=True)
    without_source = [line for line in first.splitlines() if not line.startswith("# Found in ")]
    again = [line for line in render_dockerfile(second).splitlines() if not line.startswith("# Found in ")]
    assert again == without_source
    assert left("\n".join(again)) == []


@pytest.mark.parametrize(
    "lines",
    [
        "ENV " + "A=b " * 60_000,
        'ENV A="never ends\nEXPOSE 80\n',
        "RUN <<EOF\nnever ends\n",
        "".join(f"ENV A{number}=b\n" for number in range(15_000)),
        "ENV A=" + "://" + ":a" * 100_000,
        "ENV PATH=/a/" + "venv" * 50_000,
        "WORKDIR " + "a/" * 100_000,
        "HEALTHCHECK CMD " + "a;" * 100_000,
        "LABEL a='\u202e'\nENV B='\x1b[2J' C=\"\x07\"\n",
        'ENV A="x\\"\nRUN evil"\nLABEL "a\nUSER root"=b\n',
        "ENV A=`id` B=$(id) C=\\$D\nEXPOSE 80;id\nSTOPSIGNAL 9\\\nUSER root\n",
        'HEALTHCHECK --interval="1s USER root" CMD ["a\\nUSER root"]\n',
        "# escape=`\nENV A=`\nUSER root\n",
        "RUN 'basewise: ignore[BW003] x'\nCOPY '# basewise: ignore[BW012] x' /x\n",
        "WORKDIR /a;id\nWORKDIR /../../etc\n",
        "EXPOSE \u0663\u0664\n",
    ],
    ids=lambda text: text[:12],
)
def test_a_hostile_dockerfile_adds_no_instruction(tmp_path: Path, lines: str) -> None:
    text = written_for(tmp_path, lines)
    plain = text.replace("\n", "")
    assert plain.isprintable()
    assert len(text) < 40_000
    assert [line for line in text.splitlines() if line.startswith("USER")] == ["USER 10001:10001"]
    assert not any(line.startswith(("RUN evil", "# basewise: ignore")) for line in text.splitlines())
    assert len(left(text)) <= 21


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("codename", ["trixie", "alpine"])
def test_every_shape_of_a_dockerfile_leads_to_one_that_is_read_back(
    tmp_path: Path, shape: str, codename: str
) -> None:
    application = read_application(application_in(tmp_path, SHAPES[shape]))
    plan = build_plan(application, base_image(codename), FIT, upgrades=(), locked_by_us=True)
    assert read_back(render_dockerfile(plan), plan)
