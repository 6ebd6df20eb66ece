from __future__ import annotations

import hashlib

import pytest

from basewise.image.config import ImageConfig
from basewise.inventory.conda import CondaCataloger
from basewise.inventory.dpkg import DpkgCataloger
from basewise.inventory.python import PythonCataloger
from basewise.inventory.python_metadata import name_of_directory, read_metadata, read_record
from basewise.model.inventory import EmbeddedComponent, InstalledPackage, Inventory
from basewise.model.platform import Platform
from basewise.testing.small_images import SmallFile, inventory_of

SITE = "usr/local/lib/python3.12/site-packages"
DEBIAN_SITE = "usr/lib/python3/dist-packages"
CATALOGERS = (DpkgCataloger(), CondaCataloger(), PythonCataloger())


def metadata(name: str = "Sample.Lib", version: str = "1.0") -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: text\n\nName: not-this\nVersion: 9\n"


def look(*layers: dict[str, SmallFile], environment: tuple[str, ...] = ()) -> Inventory:
    config = ImageConfig(platform=Platform.parse("linux/amd64"), environment=environment)
    return inventory_of(*layers, catalogers=CATALOGERS, config=config)


def pythons(inventory: Inventory) -> list[InstalledPackage]:
    return [one for one in inventory.packages if one.package.type == "pypi"]


def names(inventory: Inventory) -> list[str]:
    return [f"{one.package.name} {one.package.version}" for one in pythons(inventory)]


def said(inventory: Inventory) -> list[str]:
    return [f"{item.what}: {item.why}" for item in inventory.coverage.not_covered]


def test_a_distribution_is_named_as_its_metadata_says_in_normal_form() -> None:
    found = look(
        {
            f"{SITE}/Sample.Lib-1.0.dist-info/METADATA": metadata(),
            f"{SITE}/Sample.Lib-1.0.dist-info/INSTALLER": "pip\n",
        }
    )
    (one,) = pythons(found)
    assert (one.package.name, one.package.version, one.installer, one.owner) == (
        "sample-lib",
        "1.0",
        "pip",
        None,
    )
    assert one.location == f"{SITE}/Sample.Lib-1.0.dist-info/METADATA"
    assert found.coverage.complete


@pytest.mark.parametrize(
    "path",
    [
        "Sample.Lib-1.0.egg-info/PKG-INFO",
        "Sample.Lib-1.0-py3.12.egg-info/PKG-INFO",
        "Sample.Lib-1.0.egg-info",
        "Sample.Lib-1.0-py3.12.egg/EGG-INFO/PKG-INFO",
        "Sample.Lib-1.0.DIST-INFO/METADATA",
    ],
)
@pytest.mark.parametrize(
    "site",
    [SITE, DEBIAN_SITE, "opt/venv/lib/python3.11/site-packages", "root/.local/lib/python3.9/site-packages"],
)
def test_older_forms_of_metadata_are_read_in_every_site_directory(site: str, path: str) -> None:
    assert names(look({f"{site}/{path}": metadata()})) == ["sample-lib 1.0"]


def test_an_egg_that_is_an_archive_is_named_after_its_file_and_never_opened() -> None:
    found = look({f"{SITE}/Sample.Lib-1.0-py3.12.egg": b"PK\x03\x04 a bomb"})
    assert names(found) == ["sample-lib 1.0"]
    assert said(look({f"{SITE}/x.egg": b"PK"})) == [
        f"Python distribution `{SITE}/x.egg`: eggs are not opened"
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Metadata-Version: 2.1\n",
        b"Name: \xe9\xe8\nVersion: 1.0\n",
        b"Name: Sample.Lib\nVersion: 1.0;rm -rf\n",
        b"Name: Sample.Lib\nVersion: ../..\n",
        b"Name: UNKNOWN\nVersion: \n",
        b"X: y\n" * 200_000 + b"Name: late\nVersion: 5\n",
        b"X: " + b"y" * 1_000_000 + b"\nName: late\nVersion: 5\n",
        b"\0" * 100,
        b"\nName: after-the-headers\nVersion: 5\n",
    ],
    ids=range(10),
)
def test_where_metadata_says_nothing_usable_the_directory_does(content: bytes) -> None:
    found = look({f"{SITE}/Sample.Lib-1.0.dist-info/METADATA": content})
    assert names(found) == ["sample-lib 1.0"]


@pytest.mark.parametrize(
    "directory", ["sample.dist-info", "UNKNOWN-0.0.0.dist-info", "a b-1.dist-info", "x-$(id).dist-info"]
)
def test_a_distribution_without_usable_name_and_version_is_said(directory: str) -> None:
    found = look({f"{SITE}/{directory}/METADATA": b"Name: UNKNOWN\n"})
    assert names(found) == []
    assert said(found) == [
        f"Python distribution `{SITE}/{directory}`: it has metadata without a usable name and version"
    ]


def test_a_directory_without_metadata_is_named_after_itself_or_said() -> None:
    assert names(look({f"{SITE}/Sample.Lib-1.0.dist-info/RECORD": "a,,\n"})) == ["sample-lib 1.0"]
    assert said(look({f"{SITE}/sample.dist-info/RECORD": "a,,\n"})) == [
        f"Python distribution `{SITE}/sample.dist-info`: it has no metadata"
    ]


def test_metadata_of_many_megabytes_is_not_read_and_that_is_said() -> None:
    found = look({f"{SITE}/big-1.0.dist-info/METADATA": b"Name: big\nVersion: 1.0\n\n" + b"x" * (17 << 20)})
    assert any("more than the limit" in why for why in said(found))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"{SITE}/pip/_vendor/certifi-2024.1.dist-info/METADATA", "vendored"),
        (f"{SITE}/setuptools/_vendor/wheel-0.43.0.dist-info/METADATA", "vendored"),
        (f"{SITE}/tests/data/pkg-1.0.dist-info/METADATA", "vendored"),
        ("usr/local/lib/python3.12/ensurepip/_bundled/x-1.0.dist-info/METADATA", "vendored"),
        ("usr/share/doc/x-1.0.dist-info/METADATA", "not-installed"),
        ("app/src/x.egg-info/PKG-INFO", "not-installed"),
        ("root/.cache/uv/archive-v0/abc/x-1.0.dist-info/METADATA", "not-installed"),
    ],
)
def test_what_stands_inside_something_else_is_evidence_and_no_package(path: str, kind: str) -> None:
    found = look({path: metadata()})
    assert names(found) == []
    assert found.embedded == (
        EmbeddedComponent(location=path, kind=kind, name="sample-lib", version="1.0", layer=0),
    )
    assert found.coverage.complete


def test_a_wheel_kept_for_later_is_evidence() -> None:
    path = "usr/local/lib/python3.12/ensurepip/_bundled/pip-24.0-py3-none-any.whl"
    found = look({path: b"PK"})
    assert names(found) == []
    assert found.embedded == (
        EmbeddedComponent(location=path, kind="bundled", name="pip", version="24.0", layer=0),
    )


def test_the_record_says_who_brought_what_is_vendored_and_hides_nothing() -> None:
    found = look(
        {
            f"{SITE}/pip-24.0.dist-info/METADATA": metadata("pip", "24.0"),
            f"{SITE}/pip-24.0.dist-info/RECORD": "pip/_vendor/certifi-2024.1.dist-info/METADATA,sha256=x,5\nother-1.dist-info/METADATA,,\n",
            f"{SITE}/pip/_vendor/certifi-2024.1.dist-info/METADATA": metadata("certifi", "2024.1"),
            f"{SITE}/other-1.dist-info/METADATA": metadata("other", "1"),
        }
    )
    assert names(found) == ["other 1", "pip 24.0"]
    assert [(one.name, one.within) for one in found.embedded] == [("certifi", "pip")]


def test_boms_inside_a_wheel_are_evidence_alone() -> None:
    base = f"{SITE}/numpy-2.1.0.dist-info"
    found = look(
        {
            f"{base}/METADATA": metadata("numpy", "2.1.0"),
            f"{base}/sboms/auditwheel.cdx.json": b'{"components": [{"name": "openblas"}]}',
        }
    )
    assert names(found) == ["numpy 2.1.0"]
    assert [(one.kind, one.location, one.within) for one in found.embedded] == [
        ("sbom", f"{base}/sboms/auditwheel.cdx.json", "numpy")
    ]


def test_a_directory_named_by_the_environment_or_by_an_installer_is_a_site_directory() -> None:
    files: dict[str, SmallFile] = {"app/lib/x-1.0.dist-info/METADATA": metadata()}
    assert names(look(files)) == []
    assert names(look(files, environment=("PYTHONPATH=/nowhere:/app/lib",))) == ["sample-lib 1.0"]
    assert names(look({**files, "app/lib/x-1.0.dist-info/INSTALLER": "uv"})) == ["sample-lib 1.0"]


def test_an_editable_install_is_found_where_its_link_leads() -> None:
    found = look(
        {f"{SITE}/sample.egg-link": "/app/src\n.", "app/src/Sample.Lib.egg-info/PKG-INFO": metadata()}
    )
    assert names(found) == ["sample-lib 1.0"]
    broken = look({f"{SITE}/sample.egg-link": "/gone\n."})
    assert said(broken) == [f"Python distribution `{SITE}/sample.egg-link`: what it links to is not there"]


@pytest.mark.parametrize(
    ("content", "direct"),
    [
        (b'{"url": "file:///app", "dir_info": {"editable": true}}', "editable"),
        (b'{"url": "file:///app", "dir_info": {}}', "direct"),
        (b'{"url": "https://example.org/x.whl", "archive_info": {}}', "direct"),
        (b"[" * 100_000, "direct"),
    ],
)
def test_what_came_from_no_index_is_told(content: bytes, direct: str) -> None:
    base = f"{SITE}/x-1.0.dist-info"
    (one,) = pythons(look({f"{base}/METADATA": metadata(), f"{base}/direct_url.json": content}))
    assert one.direct == direct


def test_two_versions_in_one_directory_are_both_listed_and_said() -> None:
    found = look(
        {
            f"{SITE}/x-1.0.dist-info/METADATA": metadata("x", "1.0"),
            f"{SITE}/X-2.0.dist-info/METADATA": metadata("X", "2.0"),
        }
    )
    assert names(found) == ["x 1.0", "x 2.0"]
    assert said(found) == [
        f"Python distribution x: `{SITE}` has metadata of 1.0, 2.0; which one is imported is not known"
    ]
    apart = look(
        {
            f"{SITE}/x-1.0.dist-info/METADATA": metadata("x", "1.0"),
            f"{DEBIAN_SITE}/x-2.0.dist-info/METADATA": metadata("x", "2.0"),
        }
    )
    assert apart.coverage.complete


OWNED = f"{DEBIAN_SITE}/yaml-6.0.dist-info"


def debian(content: str, *, checksum: bool = True) -> dict[str, SmallFile]:
    files: dict[str, SmallFile] = {
        "var/lib/dpkg/status": "Package: python3-yaml\nStatus: install ok installed\nArchitecture: amd64\nVersion: 6.0-3\n\n",
        "var/lib/dpkg/info/python3-yaml.list": f"/.\n/{OWNED}\n/{OWNED}/METADATA\n/{OWNED}/RECORD\n",
        f"{OWNED}/METADATA": content,
        f"{OWNED}/RECORD": "yaml/__init__.py,,\n",
    }
    if checksum:
        said_before = hashlib.md5(metadata("yaml", "6.0").encode(), usedforsecurity=False).hexdigest()
        files["var/lib/dpkg/info/python3-yaml.md5sums"] = f"{said_before}  {OWNED}/METADATA\n"
    return files


def test_a_distribution_of_an_os_package_belongs_to_it() -> None:
    (one,) = pythons(look(debian(metadata("yaml", "6.0"))))
    assert str(one.owner) == "deb python3-yaml"
    assert not one.files_changed


@pytest.mark.parametrize(
    "layers",
    [
        [debian(metadata("yaml", "6.0.1"))],
        [debian(metadata("yaml", "6.0")), {f"{OWNED}/METADATA": metadata("yaml", "6.0.1")}],
        [debian(metadata("yaml", "6.0"), checksum=False), {f"{OWNED}/METADATA": metadata("yaml", "6.0")}],
        [debian(metadata("yaml", "6.0")), {f"{OWNED}/INSTALLER": "pip\n"}],
    ],
    ids=[
        "other content",
        "other content in a later layer",
        "a later layer, no checksum",
        "another installer",
    ],
)
def test_an_owned_distribution_that_was_overwritten_has_changed(layers: list[dict[str, SmallFile]]) -> None:
    (one,) = pythons(look(*layers))
    assert str(one.owner) == "deb python3-yaml"
    assert one.files_changed


def test_another_version_put_beside_an_owned_one_means_that_its_modules_were_overwritten() -> None:
    found = look(
        debian(metadata("yaml", "6.0")),
        {f"{DEBIAN_SITE}/yaml-6.0.2.dist-info/METADATA": metadata("yaml", "6.0.2")},
    )
    assert [(one.package.version, one.owner is None, one.files_changed) for one in pythons(found)] == [
        ("6.0", False, True),
        ("6.0.2", True, False),
    ]


def test_the_distribution_of_a_conda_package_was_installed_by_conda() -> None:
    record = '{"name": "numpy", "version": "2.1.0", "subdir": "linux-64", "files": ["lib/python3.12/site-packages/numpy-2.1.0.dist-info/METADATA"]}'
    place = "lib/python3.12/site-packages/numpy-2.1.0.dist-info/METADATA"
    found = look(
        {
            "opt/conda/conda-meta/numpy-2.1.0-py312.json": record,
            f"opt/conda/{place}": metadata("numpy", "2.1.0"),
            f"opt/conda/pkgs/numpy-2.1.0-py312/{place}": metadata("numpy", "2.1.0"),
        }
    )
    assert [
        (str(one.package.type), one.package.name, one.installer, one.owner) for one in found.packages
    ] == [
        ("conda", "numpy", "conda", None),
        ("pypi", "numpy", "conda", None),
    ]
    assert [one.kind for one in found.embedded] == ["bundled"]


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        ("numpy-2.1.0.dist-info", ("numpy", "2.1.0")),
        ("a/b/ruamel.yaml-0.18.6-py3.12.egg-info", ("ruamel.yaml", "0.18.6")),
        ("x.egg-info", ("x", "")),
        ("pip-24.0-py3-none-any.whl", ("pip", "24.0")),
        ("x-1!2.0+local.1.dist-info", ("x", "1!2.0+local.1")),
        ("-.dist-info", ("", "")),
    ],
)
def test_the_name_of_a_directory_says_name_and_version(directory: str, expected: tuple[str, str]) -> None:
    assert name_of_directory(directory) == expected


def test_a_record_is_evidence_of_what_is_inside_and_never_leaves_its_directory() -> None:
    rows = [
        b"../../../etc/passwd,,", b"/etc/x.dist-info/METADATA,,", b"../x-1.dist-info/METADATA,,", b'"bad', b"", b"\xff\xfe,,",
        b"a/_vendor/b-1.dist-info/METADATA,sha256=x,12",
    ]  # fmt: skip
    recorded = read_record(b"\n".join(rows * 2_000) + b"\n")
    assert recorded.rows == 14_000
    assert set(recorded.metadata) == {"a/_vendor/b-1.dist-info/METADATA"}
    million = read_record(b"a/b-info/x,,\n" * 1_000_000)
    assert (million.rows, million.metadata) == (1_000_000, ())


def test_the_headers_alone_are_read() -> None:
    read = read_metadata(b"name : \tA_b \r\nVERSION:1.0\r\n\r\nName: x\r\n")
    assert (read.name, read.version) == ("A_b", "1.0")
