"""`requirements*.txt`: pip's format, its includes, and when such a file is a lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from basewise.model.requirement import Location

if TYPE_CHECKING:
    from tests.unit.app.conftest import ReadFiles

SHA = "a" * 64
OTHER_SHA = "b" * 64


@pytest.mark.parametrize(
    ("line", "name", "extras", "specifier", "marker"),
    [
        ("numpy", "numpy", (), "", ""),
        ("Scikit_Learn >= 1.5", "scikit-learn", (), ">=1.5", ""),
        ("zope.interface==5", "zope-interface", (), "==5", ""),
        (
            "uvicorn[standard, Other_One]~=0.30  # a comment",
            "uvicorn",
            ("other-one", "standard"),
            "~=0.30",
            "",
        ),
        ("numpy<3,>=2", "numpy", (), "<3,>=2", ""),
        ("tomli; python_version<'3.11'", "tomli", (), "", 'python_version < "3.11"'),
        ("numpy \\\n  >=2", "numpy", (), ">=2", ""),
        ("numpy (>=2)", "numpy", (), ">=2", ""),
    ],
)
def test_a_requirement_line_is_read(  # noqa: PLR0917 - the columns of the table
    read: ReadFiles, line: str, name: str, extras: tuple[str, ...], specifier: str, marker: str
) -> None:
    (requirement,) = read({"requirements.txt": f"# first\n\n{line}\n"}).requirements
    assert (requirement.name, requirement.extras, requirement.specifier, requirement.marker) == (
        name,
        extras,
        specifier,
        marker,
    )
    assert requirement.location == Location("requirements.txt", 3)


@pytest.mark.parametrize(
    ("line", "what", "why"),
    [
        ("-e .", "-e .", "would execute code"),
        (
            "--editable=git+https://user:word@example.invalid/x.git@v1#egg=x",
            "-e git+https://example.invalid/x.git@v1",
            "would execute code",
        ),
        ("git+https://example.invalid/x.git", "git+https://example.invalid/x.git", "would execute code"),
        ("./local/package", "./local/package", "would execute code"),
        ("wheels/thing-1-py3-none-any.whl", "wheels/thing-1-py3-none-any.whl", "would execute code"),
        (
            "thing @ https://t:k@example.invalid/t.tar.gz?sig=1",
            "thing @ https://example.invalid/t.tar.gz",
            "would execute code",
        ),
        (
            "https://example.invalid/t-1.tar.gz#sha256=ab",
            "https://example.invalid/t-1.tar.gz",
            "would execute code",
        ),
        ("-r https://example.invalid/more.txt", "https://example.invalid/more.txt", "not fetched"),
        ("-r ${HOME}/more.txt", "${HOME}/more.txt", "not expanded"),
        ("numpy==${NUMPY}", "numpy==${NUMPY}", "not expanded"),
        ("--trusted-host example.invalid", "--trusted-host example.invalid", "never weaken"),
        ("--pre", "--pre", "pre-releases"),
    ],
)
def test_what_is_not_read_is_named_with_its_reason(read: ReadFiles, line: str, what: str, why: str) -> None:
    application = read({"requirements.txt": f"{line}\nnumpy\n"})
    (record,) = application.not_read
    assert record.what == what
    assert why in record.why
    assert record.location == Location("requirements.txt", 1)
    assert [item.name for item in application.requirements] == ["numpy"]


def test_index_lines_are_kept_without_credentials(read: ReadFiles) -> None:
    application = read(
        {
            "requirements.txt": "--index-url https://user:word@example.invalid/simple --extra-index-url=https://example.invalid/cpu\n"
            "-f ./wheels\nnumpy\n"
        }
    )
    assert [(line.url, line.location.line) for line in application.index_lines] == [
        ("https://example.invalid/simple", 1),
        ("https://example.invalid/cpu", 1),
        ("./wheels", 2),
    ]


def test_included_files_and_constraints_are_followed_within_the_folder(read: ReadFiles) -> None:
    application = read(
        {
            "requirements.txt": "-r requirements/base.txt\n-c constraints.txt\nfastapi\n",
            "requirements/base.txt": "-r ../shared.txt\nnumpy\n",
            "shared.txt": "pandas\n",
            "constraints.txt": "numpy<3\n",
        }
    )
    assert [(item.name, str(item.location)) for item in application.requirements] == [
        ("fastapi", "requirements.txt:3"),
        ("numpy", "requirements/base.txt:2"),
        ("pandas", "shared.txt:1"),
    ]
    assert [(item.name, item.specifier) for item in application.constraints] == [("numpy", "<3")]
    assert [manifest.role for manifest in application.manifests] == [
        "requirements",
        "requirements",
        "requirements",
        "constraints",
    ]


def test_files_that_include_each_other_are_read_once(read: ReadFiles) -> None:
    application = read(
        {"requirements.txt": "-r other.txt\nnumpy\n", "other.txt": "-r requirements.txt\npandas\n"}
    )
    assert [item.name for item in application.requirements] == ["numpy", "pandas"]
    assert application.warnings == ("other.txt:1: `requirements.txt` is included again; it was read once",)


def test_a_pinned_and_hashed_file_is_a_lock(read: ReadFiles) -> None:
    application = read(
        {
            "requirements.txt": f"""
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:{SHA} \\
    --hash=sha256:{OTHER_SHA}
    # via
    #   -r requirements.in
    #   pandas
pandas==3.1.1 --hash=sha256:{SHA}
    # via -r requirements.in
"""
        }
    )
    assert application.lock is not None
    assert application.lock.origin == "lock requirements.txt"
    numpy, pandas = application.lock.packages
    assert (numpy.name, numpy.version, numpy.marker) == ("numpy", "2.4.6", 'python_full_version < "3.12"')
    assert numpy.hashes == (f"sha256:{SHA}", f"sha256:{OTHER_SHA}")
    assert numpy.required_by == ("pandas", "requirements.in")
    assert not numpy.files_known
    assert pandas.required_by == ("requirements.in",)
    assert [item.name for item in application.requirements] == ["numpy", "pandas"]


def test_plain_pins_are_requirements_since_dependencies_may_be_missing(read: ReadFiles) -> None:
    assert read({"requirements.txt": "numpy==2.4.6\npandas==3.1.1\n"}).lock is None


@pytest.mark.parametrize(
    "text",
    [
        "# This file is autogenerated by pip-compile with Python 3.11\nnumpy==2.4.6\n",
        "numpy==2.4.6\n    # via pandas\npandas==3.1.1\n    # via -r requirements.in\n",
    ],
)
def test_pins_that_a_compiler_wrote_are_a_lock_without_hashes(read: ReadFiles, text: str) -> None:
    lock = read({"requirements.txt": text}).lock
    assert lock is not None
    assert lock.packages[0].hashes == ()


@pytest.mark.parametrize("line", ["fastapi>=0.115", "git+https://example.invalid/x", "numpy==2.*", "-e ."])
def test_a_hashed_file_with_one_loose_line_is_no_lock(read: ReadFiles, line: str) -> None:
    assert read({"requirements.txt": f"numpy==2.4.6 --hash=sha256:{SHA}\n{line}\n"}).lock is None


def test_a_missing_hash_among_others_is_a_warning(read: ReadFiles) -> None:
    application = read({"requirements.txt": f"numpy==2.4.6 --hash=sha256:{SHA}\npandas==3\n"})
    assert application.warnings == (
        "requirements.txt:2: `pandas` has no hash while others have; pip refuses that",
    )


@pytest.mark.parametrize(
    ("header", "stated", "requires"),
    [
        ("# This file is autogenerated by pip-compile with Python 3.11", "3.11", None),
        ("# autogenerated by uv\n#  uv pip compile --python-version 3.11 a.in", "3.11", None),
        ("# autogenerated by uv\n#  uv pip compile --universal --python-version 3.11 a.in", None, ">=3.11"),
        ("# autogenerated by uv\n#  uv pip compile a.in", None, None),
    ],
)
def test_the_header_of_a_compiled_lock_tells_its_python(
    read: ReadFiles, header: str, stated: str | None, requires: str | None
) -> None:
    application = read({"requirements.txt": f"{header}\nnumpy==2.4.6 --hash=sha256:{SHA}\n"})
    assert (application.stated_python.minor if application.stated_python else None) == stated
    assert application.requires_python == requires


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["requirements.txt", "requirements-prod.txt", "requirements-dev.txt"], "requirements.txt"),
        (["requirements-gpu.txt", "requirements-prod.txt"], "requirements-prod.txt"),
        (
            ["requirements/base.txt", "requirements/production.txt", "requirements/test.txt"],
            "requirements/production.txt",
        ),
        (["requirements.in"], "requirements.in"),
        (["requirements.in", "requirements.txt"], "requirements.txt"),
    ],
)
def test_one_production_file_is_read(read: ReadFiles, names: list[str], chosen: str) -> None:
    application = read(dict.fromkeys(names, "numpy\n"))
    assert application.manifests[0].path == chosen
    assert {record.what for record in application.not_read} == {
        name for name in names if name != chosen and not name.endswith(".in")
    }


def test_development_files_are_named_with_the_way_to_read_them(read: ReadFiles) -> None:
    names = ["dev-requirements.txt", "requirements-test.txt", "requirements_docs.txt", "requirements/dev.txt"]
    application = read({"requirements.txt": "numpy\n", **dict.fromkeys(names, "pytest\n")})
    assert {record.what: record.why for record in application.not_read} == {
        name: f"not a production file; use `-r {name}`" for name in names
    }


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(read: ReadFiles) -> None:
    application = read({"requirements.txt": b"\xef\xbb\xbfnumpy>=2\r\npandas\r\n"})
    assert [(item.name, item.location.line) for item in application.requirements] == [
        ("numpy", 1),
        ("pandas", 2),
    ]
