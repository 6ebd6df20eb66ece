"""What the application's wheels need, judged on the image that the last stage stands on; nobody is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from basewise.fit.wheel_facts import WheelTable
from basewise.model.check import Check, CheckFinding
from basewise.model.reference import Reference
from basewise.model.verdict import AddedPackage, Fit, Verdict
from basewise.operations.check_stand_ins import agreed
from basewise.rules.evidence import AppEvidence
from basewise.testing.fits import base_image

Rules = Callable[..., list[CheckFinding]]
Look = Callable[..., Check]
PROJECT = '[project]\nname = "a"\nversion = "1"\nrequires-python = ">=3.12"\ndependencies = []\n'
SLIM = "FROM python:3.13-slim-trixie\n"
ALPINE = "FROM python:3.13-alpine3.24\n"
INSTALL = (
    "COPY requirements.txt .\nRUN pip install --no-cache-dir --require-hashes -r requirements.txt\nUSER 1\n"
)


def locked(*wanted: str) -> str:
    """Return requirements with hashes of the newest wheels that the embedded table knows."""
    found: dict[str, tuple[str, set[str]]] = {}
    for fact in WheelTable.load().facts:
        name, version = fact.filename.split("-")[:2]
        name = name.replace("_", "-")
        if name in wanted:
            if found.get(name, ("", set()))[0] != version:
                found[name] = (version, set())
            found[name][1].add(fact.sha256)
    assert set(found) == set(wanted)
    return "".join(_line(name, *found[name]) for name in wanted)


def _line(name: str, version: str, hashes: Iterable[str]) -> str:
    return f"{name}=={version} {' '.join(f'--hash=sha256:{value}' for value in sorted(hashes))}\n"


def test_a_library_that_the_wheels_need_is_named_with_who_loads_it(found: Rules) -> None:
    (finding,) = found("BW040", SLIM + INSTALL, requirements_DOT_txt=locked("lightgbm", "numpy", "scipy"))
    assert finding.packages == ("libgomp1",)
    assert "lightgbm loads libgomp.so.1" in finding.message
    assert str(finding.severity) == "error"
    assert finding.line == 1


def test_another_build_of_a_written_out_tag_is_judged_by_the_known_one(found: Rules) -> None:
    pinned = f"FROM python:3.13-slim-trixie@sha256:{'0' * 64}\n"
    (finding,) = found("BW040", pinned + INSTALL, requirements_DOT_txt=locked("lightgbm", "numpy"))
    assert finding.packages == ("libgomp1",)
    floating = pinned.replace("-trixie", "")
    assert found("BW040", floating + INSTALL, requirements_DOT_txt=locked("lightgbm", "numpy")) == []


def test_a_floating_tag_is_judged_on_every_release_that_it_may_name(found: Rules) -> None:
    floating, files = "FROM python:3.12-slim\n", {"requirements_DOT_txt": locked("lightgbm", "numpy")}
    (finding,) = found("BW040", floating + INSTALL, **files)
    assert finding.packages == ("libgomp1",)
    assert finding.evidence == (
        "the same on python:3.12-slim-trixie and python:3.12-slim-bookworm, which the tag may name"
    )
    assert finding.fix is None
    installs = "RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 libgl1\n"
    assert not found("BW040", floating + installs + INSTALL, **files)
    assert not found("BW041", floating + installs + INSTALL, **files)
    (finding,) = found("BW044", "FROM python:3.12-alpine\n" + INSTALL, **files)
    assert finding.packages == ("lightgbm",)
    for unknown in ("FROM python:slim\n", "FROM team/python:3.12-slim\n"):
        assert not found("BW040", unknown + INSTALL, **files)


def test_releases_that_differ_leave_a_floating_tag_open() -> None:
    def on(name: str, *why: str) -> AppEvidence:
        needs = AddedPackage(
            manager="apt", name=f"lib-of-{name}", version="1", why=why, download_bytes=1, installed_bytes=1
        )
        fit = Fit(verdict=Verdict.FITS_WITH_PACKAGES, add_packages=(needs,))
        return AppEvidence(path=".", image=base_image(name), bare=fit, equipped=fit)

    tag = Reference.parse("python:3.12-slim")
    same = agreed([on("trixie", "a loads b"), on("bookworm", "a loads b")], tag, "Dockerfile")
    assert same.stand_ins == (base_image("trixie").name, base_image("bookworm").name)
    open_one = agreed([on("trixie", "a loads b"), on("bookworm", "a loads c")], tag, "Dockerfile")
    assert (open_one.bare, open_one.equipped) == (None, None)
    assert "`python:3.12-slim` may be" in open_one.not_covered[0].why


@pytest.mark.parametrize(
    "install",
    [
        "RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*\n",
        "RUN apt-get install -y --no-install-recommends libgomp1=14.2.0-19\n",
        "RUN apt-get install -y --no-install-recommends libgomp1:amd64\n",
        "RUN apt-get install -y --no-install-recommends gcc\n",
    ],
)
def test_what_is_installed_or_comes_along_is_not_missing(found: Rules, install: str) -> None:
    assert found("BW040", SLIM + install + INSTALL, requirements_DOT_txt=locked("lightgbm", "numpy")) == []


def test_a_library_installed_in_a_stage_that_is_thrown_away_is_missing(found: Rules) -> None:
    text = f"{SLIM.strip()} AS b\nRUN apt-get install -y --no-install-recommends libgomp1\n{SLIM}{INSTALL}"
    (finding,) = found("BW040", text, requirements_DOT_txt=locked("lightgbm", "numpy"))
    assert finding.line == 3


def test_packages_that_only_a_build_can_name_leave_it_open(look: Look) -> None:
    text = SLIM + "ARG P\nRUN apt-get install -y --no-install-recommends $P\n" + INSTALL
    result = look(text, requirements_DOT_txt=locked("lightgbm", "numpy"))
    assert not [finding for finding in result.findings if finding.rule == "BW040"]
    assert any("libgomp1" in item.what and "$P" in item.why for item in result.coverage.not_covered)


@pytest.mark.parametrize(
    "line",
    [
        "RUN apt-get update && xargs -a apt.txt apt-get install -y --no-install-recommends",
        "RUN grep -v '^#' apt.txt | xargs apt-get install -y",
        "RUN bash ./scripts/install.sh",
        "RUN ./install.sh --all",
        "RUN bash -c 'apt-get update && apt-get install -y libgomp1'",
        "RUN dpkg -i /tmp/all.deb",
        "RUN apt-get install -y --no-install-recommends ./all.deb",
        "RUN install_packages libgomp1",
        "RUN playwright install --with-deps chromium",
        "COPY --from=builder /usr/lib/x86_64-linux-gnu/libgomp.so.1 /usr/lib/x86_64-linux-gnu/",
        "COPY --from=builder /usr/lib /usr/lib",
        "COPY --from=builder / /",
        'COPY ["libs/libgomp.so.1", "/opt/"]',
    ],
)
def test_what_may_bring_a_library_unnamed_leaves_it_open(look: Look, line: str) -> None:
    text = f"{SLIM.strip()} AS builder\n{SLIM}{line}\n{INSTALL}"
    result = look(text, requirements_DOT_txt=locked("lightgbm", "numpy"))
    assert not [finding for finding in result.findings if finding.rule == "BW040"]
    assert any(
        "libgomp1" in item.what and "only a build can tell" in item.why
        for item in result.coverage.not_covered
    )


@pytest.mark.parametrize(
    "line",
    [
        "COPY --from=builder /usr/local/lib/python3.13/site-packages /usr/local/lib/python3.13/site-packages",
        "COPY --from=builder /opt/venv /opt/venv",
        "COPY --from=builder /uv /uvx /bin/",
        "COPY --from=builder /app /",
        "RUN bash -c 'pip --version'",
        "RUN curl -LsSf https://example.org/install | sh",
        "RUN dpkg --print-architecture",
        'ENTRYPOINT ["/bin/sh", "entry.sh"]',
    ],
)
def test_what_brings_no_library_of_the_system_leaves_nothing_open(found: Rules, line: str) -> None:
    text = f"{SLIM.strip()} AS builder\n{SLIM}{line}\n{INSTALL}"
    assert found("BW040", text, requirements_DOT_txt=locked("lightgbm", "numpy"))


def test_a_library_that_no_wheel_needs_is_named(found: Rules) -> None:
    text = SLIM + "RUN apt-get install -y --no-install-recommends libgl1 libgomp1 libc6 curl\n" + INSTALL
    (finding,) = found("BW041", text, requirements_DOT_txt=locked("lightgbm", "numpy"))
    assert finding.packages == ("libgl1",)
    assert (finding.line, str(finding.severity)) == (2, "warning")


def test_on_musl_packages_without_a_wheel_are_named(found: Rules) -> None:
    (finding,) = found("BW044", ALPINE + INSTALL, requirements_DOT_txt=locked("lightgbm", "numpy"))
    assert finding.packages == ("lightgbm",)
    assert found("BW044", SLIM + INSTALL, requirements_DOT_txt=locked("lightgbm", "numpy")) == []


def test_an_application_that_excludes_the_python_does_not_fit(found: Rules) -> None:
    files = {"requirements_DOT_txt": locked("numpy"), "pyproject_DOT_toml": PROJECT}
    text = "FROM python:3.10-slim-trixie\nRUN pip install --no-cache-dir .\n"
    (finding,) = found("BW045", text, **files)
    assert ">=3.12" in finding.message
    assert found("BW045", text.replace("3.10", "3.13"), **files) == []


def test_a_compiler_is_a_note_where_the_application_may_compile_when_it_runs(found: Rules) -> None:
    tools = "RUN apt-get update && apt-get install -y --no-install-recommends g++ libpq-dev\n"
    install = "RUN pip install --no-cache-dir torch==2.4.0\n"
    headers, compiler = sorted(
        found("BW026", SLIM + tools + install), key=lambda one: one.packages, reverse=True
    )
    assert (headers.packages, str(headers.severity)) == (("libpq-dev",), "warning")
    assert (compiler.packages, str(compiler.severity)) == (("g++",), "note")
    assert "torch may compile" in compiler.message
    (finding,) = found("BW026", SLIM + tools + install.replace("torch", "numpy"))
    assert finding.packages == ("g++", "libpq-dev")


CUDA_WHEEL = "nvidia-cublas"


@pytest.mark.parametrize(
    ("text", "rule", "severity"),
    [
        ("FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\n" + INSTALL, "BW042", "warning"),
        (
            SLIM + "RUN apt-get install -y --no-install-recommends cuda-runtime-13-0\n" + INSTALL,
            "BW042",
            "warning",
        ),
        (SLIM + INSTALL, "BW043", "note"),
    ],
)
def test_cuda_twice_and_gpu_wheels_are_said(found: Rules, text: str, rule: str, severity: str) -> None:
    (finding,) = found(rule, text, requirements_DOT_txt=locked(CUDA_WHEEL))
    assert str(finding.severity) == severity
    assert CUDA_WHEEL in finding.message


def test_gpu_wheels_are_graver_where_the_settings_say_cpu_and_fine_where_they_say_cuda(found: Rules) -> None:
    wheels = locked(CUDA_WHEEL)
    (finding,) = found(
        "BW043", SLIM + INSTALL, requirements_DOT_txt=wheels, basewise_DOT_toml='accelerator = "cpu"\n'
    )
    assert str(finding.severity) == "warning"
    for text, setting in (
        (SLIM + INSTALL, "cuda"),
        (SLIM + "ENV NVIDIA_VISIBLE_DEVICES=all\n" + INSTALL, "cpu"),
    ):
        assert not found(
            "BW043", text, requirements_DOT_txt=wheels, basewise_DOT_toml=f'accelerator = "{setting}"\n'
        )


def test_requirements_are_found_where_the_dockerfile_copies_them_from(found: Rules) -> None:
    text = (
        SLIM
        + "COPY deploy/prod.txt /tmp/\nRUN pip install --no-cache-dir --require-hashes -r /tmp/prod.txt\n"
    )
    (finding,) = found("BW040", text, deploy__prod_DOT_txt=locked("lightgbm", "numpy"))
    assert finding.packages == ("libgomp1",)


@pytest.mark.parametrize(
    "copy",
    [
        "COPY docker/requirements.txt .",
        "COPY docker/requirements.txt /app",
        "COPY docker/prod.txt requirements.txt",
    ],
)
def test_the_file_that_is_copied_is_read_and_not_another_of_its_name(found: Rules, copy: str) -> None:
    files = {"requirements_DOT_txt": locked("lightgbm", "numpy")}
    files |= {f"docker__{name}_DOT_txt": locked("numpy") for name in ("prod", "requirements")}
    installed = INSTALL.replace("COPY requirements.txt .", copy)
    assert not found("BW040", SLIM + installed, **files)
    builder = f"{SLIM.strip()} AS builder\n{installed}{SLIM}COPY --from=builder /opt/venv /opt/venv\n"
    assert not found("BW040", builder, **files)
    assert found("BW040", SLIM + INSTALL, **files)


def test_requirements_that_are_not_there_are_not_covered(look: Look) -> None:
    result = look(SLIM + "RUN pip install --no-cache-dir -r /etc/other.txt\nUSER 1\n")
    assert any("other.txt: not found" in item.why for item in result.coverage.not_covered)


def test_unpinned_requirements_are_named(found: Rules) -> None:
    text = SLIM + "RUN pip install --no-cache-dir -r requirements.txt\n"
    (finding,) = found("BW024", text, requirements_DOT_txt="numpy\npandas>=2\nscipy==1.18.1\n")
    assert finding.packages == ("numpy", "pandas")


def test_a_dockerfile_that_installs_no_python_package_asks_for_no_application(look: Look) -> None:
    result = look(SLIM + "USER 1\n", requirements_DOT_txt="numpy\n")
    assert result.files[0].app is None
    assert result.coverage.complete


def test_an_application_that_cannot_be_resolved_without_asking_is_not_covered(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    result = look(SLIM + INSTALL.replace("--require-hashes ", ""), requirements_DOT_txt="numpy>=2\n")
    assert any("--online" in item.why for item in result.coverage.not_covered)
    assert result.summary.verdict == "violated"
