"""The Dockerfiles of the five examples, built for real on look-alikes of their base images, and run.

A look-alike is Debian's minimal system with the catalogue's packages and a CPython of this machine (see
`basewise.testing.look_alike`); the FROM line is the one thing that is changed. The wheels that compute on GPUs
(torch and what it brings, several gigabytes) are left out of these builds.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest

from basewise.candidates.catalogue import load_catalogue
from basewise.model.base_image import BaseImage
from basewise.testing.buildah import Buildah, Container, Outcome
from basewise.testing.interpreter import Interpreter

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
GPU_WHEELS = re.compile(r"(torch|torchvision|triton|nvidia-[a-z0-9-]+|cuda-[a-z0-9-]+)(?=[=\[ ])")
PROBE = """
import importlib, json, os, sys
failed = {}
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception as error:
        failed[name] = f"{type(error).__name__}: {error}"
print("PROBE " + json.dumps({"uid": os.getuid(), "version": sys.version.split()[0], "failed": failed}))
"""

# What must not be in a finished image: package lists, pip's downloads, compilers.
LEFT_BEHIND = "find /var/lib/apt/lists -type f; ls -A /root/.cache 2>/dev/null; command -v gcc cc make pg_config; exit 0"


class Example(msgspec.Struct, frozen=True):
    """An example application.

    Args:
        name: Its folder.
        asked_in: The file with what it asks for directly.
        modules: The module of each distribution that it asks for; None for one that is left out here.
        check: A program of the application that shows that it starts, () where that needs what is left out.
    """

    name: str
    asked_in: str
    modules: Mapping[str, str | None]
    check: tuple[str, ...] = ()

    @property
    def leaves_out_gpu_wheels(self) -> bool:
        return None in self.modules.values()

    @property
    def label(self) -> str:
        return f"{self.name}-without-gpu-wheels" if self.leaves_out_gpu_wheels else self.name


EXAMPLES = (
    Example(
        "churn-api",
        "requirements.txt",
        {
            "fastapi": "fastapi",
            "lightgbm": "lightgbm",
            "pandas": "pandas",
            "scikit-learn": "sklearn",
            "uvicorn": "uvicorn",
        },
        ("python", "-c", "import app; print(app.app.title)"),
    ),
    Example(
        "defect-vision",
        "requirements.txt",
        {
            "fastapi": "fastapi",
            "numpy": "numpy",
            "opencv-python": "cv2",
            "pillow": "PIL.Image",
            "torch": None,
            "torchvision": None,
            "uvicorn": "uvicorn",
        },
    ),
    Example(
        "feature-store",
        "requirements.txt",
        {"polars": "polars", "psycopg2": "psycopg2", "pyarrow": "pyarrow", "pyodbc": "pyodbc"},
        ("python", "main.py", "--check"),
    ),
    Example(
        "light-scorer",
        "requirements.txt",
        {"fastapi": "fastapi", "numpy": "numpy", "uvicorn": "uvicorn"},
        ("python", "-c", "import main; print(main.app.title)"),
    ),
    Example(
        "sentiment",
        "requirements.in",
        {
            "fastapi": "fastapi",
            "numpy": "numpy",
            "tokenizers": "tokenizers",
            "torch": None,
            "transformers": "transformers",
            "uvicorn": "uvicorn",
        },
    ),
)
BY_NAME = {example.name: example for example in EXAMPLES}


class Needed(msgspec.Struct, frozen=True):
    """A package of the finished image, the module that fails without it, and the library that it names."""

    package: str
    module: str
    library: str


NEEDED_BY = {
    "defect-vision": Needed("libgl1", "cv2", "libGL.so.1"),
    "feature-store": Needed("libpq5", "psycopg2", "libpq.so.5"),
}


class Written(msgspec.Struct, frozen=True):
    """What `choose` wrote into a copy of an example, ready to be built here.

    Args:
        folder: The copy, with Dockerfile, lock and `.dockerignore`.
        dockerfile: The text of the Dockerfile as written.
        local_dockerfile: The same with a FROM that stands on the look-alike.
        candidate: The recommended candidate, as the JSON answer has it.
        base: Name of the look-alike.
        left_out: Names of the distributions taken out of the lock.
    """

    folder: Path
    dockerfile: str
    local_dockerfile: str
    candidate: dict[str, Any]
    base: str
    left_out: tuple[str, ...]

    @property
    def added_names(self) -> list[str]:
        return [package["name"] for package in self.candidate["add_packages"]]


class Write(Protocol):
    """Runs `choose` for an example, which may have a file of its own (`Containerfile`), and prepares what it wrote."""

    def __call__(self, example: Example, own: str = "") -> Written: ...


@pytest.fixture
def write(tmp_path: Path, interpreter: Interpreter, look_alike_of: Callable[[BaseImage], str]) -> Write:
    """Return a function that runs `choose` for an example and prepares what it wrote for this machine."""

    def run(example: Example, own: str = "") -> Written:
        folder = tmp_path / example.name
        shutil.copytree(ROOT / "examples" / example.name, folder)
        if own:
            (folder / "Containerfile").write_text(own)
        answer = run_choose(folder, interpreter.minor)
        recommended = answer["recommendation"]
        candidate = next(one for one in answer["candidates"] if one["image"] == recommended["image"])
        base = look_alike_of(load_catalogue().find(candidate["image"]))
        dockerfile = (folder / "Dockerfile").read_text()
        assert dockerfile == recommended["dockerfile"]
        return Written(
            folder=folder,
            dockerfile=dockerfile,
            local_dockerfile=stand_on(dockerfile, f"{recommended['image']}@{recommended['digest']}", base),
            candidate=candidate,
            base=base,
            left_out=leave_out_gpu_wheels(folder, dockerfile) if example.leaves_out_gpu_wheels else (),
        )

    return run


def run_choose(folder: Path, python: str) -> dict[str, Any]:
    """Run the command as a user would, and return its JSON answer."""
    done = subprocess.run(
        [
            sys.executable, "-m", "basewise", "choose", str(folder), "--python", python, "--libc", "glibc",
            "--dockerfile", str(folder / "Dockerfile"), "--format", "json", "-v",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def stand_on(dockerfile: str, pinned: str, base: str) -> str:
    """Replace the pinned image of every FROM; nothing else may change, and none may be left."""
    stages = [line for line in dockerfile.splitlines() if line.startswith("FROM ")]
    assert stages
    for line in stages:
        assert line.split()[1] == pinned, f"a stage that does not stand on the recommended image: {line}"
    changed = dockerfile.replace(f"FROM {pinned}", f"FROM {base}")
    assert changed.count(f"FROM {base}") == len(stages)
    assert changed.replace(f"FROM {base}", f"FROM {pinned}") == dockerfile
    return changed


def leave_out_gpu_wheels(folder: Path, dockerfile: str) -> tuple[str, ...]:
    """Take the GPU wheels out of the lock that the Dockerfile installs; return their names."""
    (name,) = re.findall(r"--requirement=(\S+)", dockerfile)
    kept, left_out, skipping = [], set(), False
    for line in (folder / name).read_text().splitlines(keepends=True):
        if not line.startswith((" ", "\t", "#")):
            found = GPU_WHEELS.match(line)
            skipping = found is not None
            if found is not None:
                left_out.add(found[1])
        if not skipping:
            kept.append(line)
    assert "torch" in left_out
    (folder / name).write_text("".join(kept))
    return tuple(sorted(left_out))


def build(buildah: Buildah, written: Written, dockerfile: str, name: str) -> str:
    path = written.folder / "Dockerfile.local"
    path.write_text(dockerfile)
    outcome = buildah.build(written.folder, path, name)
    assert outcome.code == 0, outcome.output[-6000:]
    return outcome.output


def probe(container: Container, modules: list[str]) -> dict[str, Any]:
    outcome = container.run("python", "-c", PROBE, *modules)
    (line,) = [line for line in outcome.output.splitlines() if line.startswith("PROBE ")] or [outcome.output]
    answer: dict[str, Any] = json.loads(line.removeprefix("PROBE "))
    return answer


def installed(container: Container) -> frozenset[str]:
    listed = container.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Package}\n", user="0:0")
    assert listed.code == 0, listed.output
    return frozenset(line[3:].strip() for line in listed.output.splitlines() if line.startswith("ii "))


@pytest.fixture(scope="module")
def installed_in_base(buildah: Buildah) -> Callable[[str], frozenset[str]]:
    """Return a function that lists the packages of a look-alike, looking into each once."""

    @cache
    def listed(base: str) -> frozenset[str]:
        with buildah.container(base) as container:
            return installed(container)

    return listed


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.label)
def test_the_written_dockerfile_builds_and_every_requirement_imports_as_a_common_user(
    example: Example,
    write: Write,
    buildah: Buildah,
    interpreter: Interpreter,
    installed_in_base: Callable[[str], frozenset[str]],
) -> None:
    written = write(example)
    image = f"localhost/built/{example.name}"
    build(buildah, written, written.local_dockerfile, image)
    try:
        with buildah.container(image) as container:
            answer = probe(container, [name for name in example.modules.values() if name])
            assert answer == {"uid": 10001, "version": interpreter.version, "failed": {}}
            if example.check:
                started = container.run(*example.check)
                assert started.code == 0, started.output
            assert_packages(written, installed_in_base(written.base), installed(container))
            left = container.run("sh", "-c", LEFT_BEHIND, user="0:0")
            assert left == Outcome(0, ""), left.output
            lacking = NEEDED_BY.get(example.name)
            if lacking is not None:
                assert_needed(lacking, example, container)
        assert_configuration(written, buildah.configuration(image))
    finally:
        buildah.remove(image)


def assert_packages(written: Written, before: frozenset[str], after: frozenset[str]) -> None:
    """Compare what was installed with what the answer says, its closures included."""
    stated = {
        name
        for package in written.candidate["add_packages"]
        for name in (package["name"], *(one["name"] for one in package["closure"]))
    }
    assert stated <= after
    assert after - before == stated - before


def assert_configuration(written: Written, configuration: dict[str, Any]) -> None:
    labels = configuration["Labels"]
    image, digest = written.candidate["image"], written.candidate["digest"]
    assert labels["org.opencontainers.image.base.name"] == f"docker.io/library/{image}"
    assert labels["org.opencontainers.image.base.digest"] == digest
    assert configuration["User"] == "10001:10001"
    if "\nCMD " in written.dockerfile:
        assert configuration["Cmd"] == json.loads(written.dockerfile.rpartition("\nCMD ")[2])
    else:
        assert "No start command was found" in written.dockerfile


def test_every_requirement_of_an_example_has_a_module_here() -> None:
    for example in EXAMPLES:
        text = (ROOT / "examples" / example.name / example.asked_in).read_text()
        asked = {
            re.split(r"[<>=!~\[; ]", line)[0] for line in text.splitlines() if line and line[0].isalpha()
        }
        assert asked == set(example.modules), example.name


def assert_needed(needed: Needed, example: Example, container: Container) -> None:
    """Remove the package from the finished image and see that its module, and no other, fails."""
    removed = container.run("dpkg", "--remove", "--force-depends", needed.package, user="0:0")
    assert removed.code == 0, removed.output
    modules = [module for module in example.modules.values() if module]
    failed = probe(container, modules)["failed"]
    assert list(failed) == [needed.module]
    assert needed.library in failed[needed.module]


def test_churn_api_fails_without_libgomp1(write: Write, buildah: Buildah) -> None:
    written = write(BY_NAME["churn-api"])
    assert written.added_names == ["libgomp1"]
    image = "localhost/built/churn-api-without-libgomp1"
    build(buildah, written, without_package(written.local_dockerfile, "libgomp1"), image)
    try:
        with buildah.container(image) as container:
            assert "libgomp1" not in installed(container)
            failed = probe(container, ["fastapi", "lightgbm", "pandas", "sklearn", "uvicorn"])["failed"]
            assert list(failed) == ["lightgbm"]
            assert "libgomp.so.1" in failed["lightgbm"]
    finally:
        buildah.remove(image)


def without_package(dockerfile: str, package: str) -> str:
    """Take one package out of the `apt-get install` of the last stage; the whole command when it stood alone."""
    alone = re.compile(
        rf" \\\n && apt-get install -y --no-install-recommends \\\n      {package}(?= \\\n && )"
    )
    word = re.compile(rf" \\\n      {package}(?=\s)")
    pattern = alone if alone.search(dockerfile) else word
    changed, count = pattern.subn("", dockerfile)
    assert count == 1, dockerfile
    return changed


OWN = """\
FROM python:3.12-slim
RUN apt-get update && apt-get install -y tini
ENV PORT=8000 GREETING="say \\"hi\\" to 'all'" SECRET_KEY=hunter2
WORKDIR /srv/scorer
COPY . .
EXPOSE $PORT 9000/udp
STOPSIGNAL SIGINT
HEALTHCHECK --interval=30s --retries=2 CMD python -c "import os; print(os.environ['PORT'])"
LABEL org.example.team="data and 'more'"
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["python", "-c", "import os, main; print(main.app.title, os.getcwd(), os.environ['GREETING'], os.getuid())"]
"""


def test_what_an_own_dockerfile_sets_is_in_the_built_image_and_its_start_command_runs(
    write: Write, buildah: Buildah
) -> None:
    written = write(BY_NAME["light-scorer"], OWN)
    image = "localhost/built/light-scorer-carried-over"
    build(buildah, written, written.local_dockerfile, image)
    try:
        configuration = buildah.configuration(image)
        environment = dict(pair.split("=", 1) for pair in configuration["Env"])
        assert environment["PORT"] == "8000"
        assert environment["GREETING"] == "say \"hi\" to 'all'"
        assert "SECRET_KEY" not in environment
        assert configuration["WorkingDir"] == "/srv/scorer"
        assert set(configuration["ExposedPorts"]) == {"8000/tcp", "9000/udp"}
        assert configuration["StopSignal"] in {"SIGINT", "2"}
        assert configuration["Labels"]["org.example.team"] == "data and 'more'"
        health = configuration["Healthcheck"]
        assert health["Test"][0] == "CMD"
        with buildah.container(image) as container:
            started = container.run(*configuration["Cmd"])
            assert started.code == 0, started.output
            assert "/srv/scorer say \"hi\" to 'all' 10001" in started.output
            checked = container.run(*health["Test"][1:])
            assert (checked.code, checked.output.strip()) == (0, "8000")
    finally:
        buildah.remove(image)
