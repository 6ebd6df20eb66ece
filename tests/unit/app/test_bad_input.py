"""Hostile and broken application folders: a clear error in little time, and nothing outside is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from basewise.app.read import read_application
from basewise.app.requirement_text import redact_url
from basewise.errors import ApplicationError, BasewiseError, ManifestError
from basewise.testing.unprivileged import open_the_way, run_unprivileged

if TYPE_CHECKING:
    from tests.unit.app.conftest import ReadFiles

posix = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs and symbolic links")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"numpy>=\n", "requirements.txt:1: `numpy>=` is no requirement"),
        (b"# ok\n\nnumpy pandas\n", "requirements.txt:3: `numpy pandas` is no requirement"),
        (b"--unknown\n", "requirements.txt:1: unknown option `--unknown`"),
        (b"-r\n", "requirements.txt:1: `--requirement` needs a value"),
        (b"-r 'a\n", "requirements.txt:1: options do not parse: No closing quotation"),
        (b"-r absent.txt\n", "requirements.txt:1: includes `absent.txt`: no such file or directory"),
        (b"-r .\n", "requirements.txt:1: includes `.`: it is no regular file"),
        (
            b"-r /etc/passwd\n",
            "requirements.txt:1: includes `/etc/passwd`: it leads outside the application folder",
        ),
        (
            b"a\n-r ../../../etc/passwd\n",
            "requirements.txt:2: includes `../../../etc/passwd`: it leads outside",
        ),
        (b"a\nb\0\n", "requirements.txt:2: a NUL character"),
        (b"a\n# \xe9\n", "requirements.txt:2: not UTF-8"),
        ("numpy\n".encode("utf-16"), "requirements.txt:1: the file is UTF-16, not UTF-8"),
        (b"#" * (5 << 20), "requirements.txt: it is larger than 4096 KiB"),
        (b"numpy[" + b"a," * 200_000 + b"b]\n", "requirements.txt:1: a line is longer than 256 KiB"),
        (b"numpy[" + b"a," * 5_000 + b"b]\n", "a requirement is longer than 8192 characters"),
        (
            b"numpy; " + b"(" * 2000 + b"os_name=='a'" + b")" * 2000,
            "requirements.txt:1: the requirement is nested too deeply",
        ),
        (
            b"numpy; os_name == '\x1b]0;x'\n",
            "requirements.txt:1: a requirement holds the hidden character \\x1b",
        ),
        ("numpy; os_name == '\u202e'\n".encode(), "hidden character \\u202e"),
        (
            b"".join(b"-r f%d.txt\n" % number for number in range(70)),
            "more than 64 requirements files are included",
        ),
    ],
)
def test_a_broken_requirements_file_says_where_and_what(read: ReadFiles, text: bytes, message: str) -> None:
    more: dict[str, str | bytes] = {f"f{number}.txt": "" for number in range(70)}
    with pytest.raises(ManifestError) as error:
        read({**more, "requirements.txt": text})
    assert message in error.value.message
    assert error.value.exit_code == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[project\n", "pyproject.toml:1: not TOML: "),
        ('[project]\nname = "x\n', "pyproject.toml:2: not TOML: "),
        ("a = " + "[" * 10_000, "pyproject.toml: it is nested too deeply"),
        ("a = " + "{a=" * 10_000, "pyproject.toml: it is nested too deeply"),
        ("a = " + "9" * 100_000, "pyproject.toml: not TOML: Exceeds the limit"),
        ("\na" + ".a" * 50_000 + " = 1", "pyproject.toml:2: a dotted key has more than 10 parts"),
        ("a" + " . 'a'" * 15_000 + " = 1", "pyproject.toml:1: a dotted key has more than 10 parts"),
        ("[a" + '."a"' * 25_000 + "]", "pyproject.toml:1: a dotted key has more than 10 parts"),
        ("x" * 600_000, "pyproject.toml: it is larger than 512 KiB"),
        ("[a]\n" * 30_000, "pyproject.toml: it has more than 20000 tables"),
        (
            '[project]\nname = "x"\ndependencies = ["numpy>="]\n',
            "pyproject.toml:3: `numpy>=` is no requirement",
        ),
        ('[project]\nname = "x"\ndependencies = [7]\n', "pyproject.toml:3: expected `str`, got `int`"),
        (
            '[project]\nname = "x"\nrequires-python = "3"\ndependencies = []\n',
            "pyproject.toml:3: `requires-python`: ",
        ),
    ],
)
def test_a_broken_pyproject_says_where_and_what(read: ReadFiles, text: str, message: str) -> None:
    with pytest.raises(ManifestError) as error:
        read({"pyproject.toml": text})
    assert message in error.value.message


def test_an_application_that_is_missing_or_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("numpy\n")
    with pytest.raises(ApplicationError, match=r"(?i)no such file or directory"):
        read_application(tmp_path / "absent")
    with pytest.raises(ApplicationError, match="it is no folder") as error:
        read_application(tmp_path / "file.txt")
    assert "-r FILE" in error.value.hint
    with pytest.raises(ApplicationError):
        read_application(Path("a\0b"))
    with pytest.raises(ApplicationError):
        read_application(tmp_path / ("x" * 5000))


@posix
def test_links_out_of_the_folder_are_refused_and_links_within_are_followed(
    read: ReadFiles, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text("secret-package\n")
    (read.folder / "requirements.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(ManifestError, match="it leads outside the application folder"):
        read({})
    (read.folder / "requirements.txt").unlink()
    (read.folder / "requirements.txt").symlink_to("real.txt")
    assert [item.name for item in read({"real.txt": "numpy\n"}).requirements] == ["numpy"]


@posix
@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml", "uv.lock", "environment.yml"])
def test_a_manifest_that_is_a_fifo_does_not_block(read: ReadFiles, name: str) -> None:
    os.mkfifo(read.folder / name)
    with pytest.raises(ManifestError, match="it is no regular file"):
        read({})


@posix
@pytest.mark.parametrize("name", ["Dockerfile", ".python-version", "Procfile", "main.py", "runtime.txt"])
def test_other_files_that_are_fifos_or_loops_do_no_harm(read: ReadFiles, name: str) -> None:
    os.mkfifo(read.folder / name)
    (read.folder / "loop.py").symlink_to("loop.py")
    (read.folder / "around").symlink_to(".")
    (read.folder / "zero.py").symlink_to("/dev/zero")
    assert [item.name for item in read({"requirements.txt": "numpy\n"}).requirements] == ["numpy"]


@posix
def test_the_guess_does_not_leave_the_folder(read: ReadFiles, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "code.py").write_text("import secret_package\n")
    (read.folder / "linked").symlink_to(outside)
    (read.folder / "linked.py").symlink_to(outside / "code.py")
    os.mkfifo(read.folder / "pipe.py")
    application = read({"main.py": "import numpy\n"})
    assert [item.name for item in application.requirements] == ["numpy"]


@posix
def test_an_unreadable_manifest_is_named(read: ReadFiles) -> None:
    (read.folder / "requirements.txt").write_text("numpy\n")
    assert len(read({}).requirements) == 1
    (read.folder / "requirements.txt").chmod(0)
    open_the_way(read.folder / "requirements.txt")

    def check() -> None:
        with pytest.raises(ManifestError, match=r"requirements\.txt: permission denied"):
            read({})

    run_unprivileged(check)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@example.invalid/x?q=1#z", "https://example.invalid/x"),
        ("git+https://u:p#x@example.invalid/y.git@v1", "git+https://example.invalid/y.git@v1"),
        ("https://u:p/w@example.invalid/simple", "https://example.invalid/simple"),
        ("https://u:p?w@example.invalid", "https://example.invalid"),
        ("https://example.invalid:80/p@v", "https://example.invalid:80/p@v"),
        ("https://[::1]:80/x", "https://[::1]:80/x"),
        ("https://${TOKEN}@example.invalid/simple", "https://example.invalid/simple"),
        ("https://user:word", "https://…"),
        ("ssh://git@example.invalid/x", "ssh://example.invalid/x"),
        ("./a/b", "./a/b"),
    ],
)
def test_credentials_never_leave_a_url(url: str, shown: str) -> None:
    assert redact_url(url) == shown


SECRET = "s3cr3t-canary"


@pytest.mark.parametrize(
    "files",
    [
        {
            "requirements.txt": f"--index-url https://user:{SECRET}@example.invalid/simple\n-e git+https://{SECRET}@example.invalid/x\nhttps://example.invalid/x.whl?token={SECRET}\nnumpy\n"
        },
        {
            "requirements.txt": f"-r https://user:{SECRET}@example.invalid/x.txt\nnumpy @ https://{SECRET}:x@example.invalid/n.whl\n"
        },
        {"requirements.txt": f"numpy @@ https://user:{SECRET}@example.invalid/n.whl\n"},
        {"requirements.txt": f"-r https://user:{SECRET}@example.invalid/x.txt --bad\n"},
        {
            "pyproject.toml": f'[project]\ndependencies = ["x @ git+https://{SECRET}@example.invalid/x"]\n[tool.uv]\nindex-url = "https://u:{SECRET}@example.invalid/simple"\n'
        },
        {
            "uv.lock": f'version = 1\n[[package]]\nname = "d"\nsource = {{ virtual = "." }}\ndependencies = [{{ name = "x" }}]\n[[package]]\nname = "x"\nsource = {{ git = "https://{SECRET}@example.invalid/x" }}\n'
        },
    ],
)
def test_no_credential_of_a_manifest_is_in_a_result_or_an_error(
    read: ReadFiles, files: dict[str, str]
) -> None:
    try:
        shown = repr(read(files))
    except BasewiseError as error:
        shown = f"{error.message} {error.hint}"
    assert SECRET not in shown
