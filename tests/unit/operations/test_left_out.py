"""What the application asks for and nobody read is named where its absence would break the image."""

from __future__ import annotations

from pathlib import Path

import pytest

from basewise.app.read import read_application
from basewise.model.verdict import Fit, Verdict
from basewise.operations.recommendation import build_plan, warn_of_left_out
from basewise.report.dockerfile import render_dockerfile
from basewise.testing.fits import base_image

REQUIREMENTS = "idna\n-e .\ntool @ git+https://example.org/tool@v1\n./local/pkg\n-r ${MORE}\n-c ${LIMITS}\n"
CONDA = "dependencies:\n  - python=3.12\n  - pytorch\n  - pip:\n    - idna\n"
PROJECT = (
    '[project]\nname = "a"\nversion = "1"\ndependencies = ["idna", "b"]\n[dependency-groups]\ndev = ["c"]\n'
)
SOURCE = '[tool.uv.sources]\nb = { path = "../b" }\n'
LOCK = """\
version = 1
requires-python = ">=3.12"
[[package]]
name = "a"
version = "1"
source = { editable = "." }
dependencies = [{ name = "b" }]
[[package]]
name = "b"
version = "2"
source = { url = "https://example.org/b-2-py3-none-any.whl" }
wheels = [{ url = "https://example.org/b-2-py3-none-any.whl", hash = "sha256:%s" }]
""" % ("0" * 64)


def dockerfile_of(folder: Path) -> str:
    plan = build_plan(
        read_application(folder),
        base_image("trixie"),
        Fit(verdict=Verdict.FITS),
        upgrades=(),
        locked_by_us=True,
    )
    return render_dockerfile(plan)


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        ({"requirements.txt": REQUIREMENTS}, ("-e .", "tool @ git+https://example.org/tool@v1", "./local/pkg", "${MORE}")),
        ({"environment.yml": CONDA}, ("pytorch",)),
        ({"pyproject.toml": PROJECT + SOURCE}, ("b",)),
        ({"requirements.txt": "idna\n", "setup.py": ""}, ()),
        ({"pyproject.toml": PROJECT}, ()),
        ({"pyproject.toml": PROJECT + SOURCE, "uv.lock": LOCK}, ()),
    ],
    ids=["requirements", "conda", "path source", "not a requirement", "another group", "the lock has its wheel"],
)  # fmt: skip
def test_the_dockerfile_names_what_it_does_not_install(
    tmp_path: Path, files: dict[str, str], missing: tuple[str, ...]
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    application = read_application(tmp_path)
    assert tuple(record.what for record in application.not_read if record.needed) == missing
    lines = dockerfile_of(tmp_path).splitlines()
    assert [line for line in lines if line.startswith("# NOT INSTALLED")] == (
        ["# NOT INSTALLED by this file, though the application asks for it:"] if missing else []
    )
    for name in missing:
        assert any(line.startswith(f"#   {name}: ") for line in lines)


def test_choose_warns_of_what_it_did_not_judge(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("".join(f"./p{number}\n" for number in range(7)) + "idna\n")
    named = "`./p0`, `./p1`, `./p2`, `./p3`, `./p4` and 2 more"
    warning = f"7 requirements are not judged, and the Dockerfile does not install {named}"
    assert warn_of_left_out(read_application(tmp_path)) == (warning,)
