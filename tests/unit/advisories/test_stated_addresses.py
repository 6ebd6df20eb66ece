from __future__ import annotations

from datetime import date

import pytest

from basewise.advisories.endpoints import remote_sources
from basewise.advisories.stated_addresses import stated_addresses
from basewise.errors import UsageError

TODAY = date(2026, 11, 23)
MIRROR = "http://127.0.0.1:8000"


def addresses_of(*flags: str, **environment: str) -> dict[str, tuple[str, ...]]:
    """Return the addresses of each file, by its name."""
    stated = stated_addresses(flags, environment)
    sources = remote_sources(TODAY, branches=("3.2", "3.22", "edge"), addresses=stated)
    return {file.name: file.addresses for source in sources for file in source.files}


@pytest.mark.parametrize(
    ("flag", "file", "address"),
    [
        (f"osv={MIRROR}/osv/", "osv Rocky Linux", f"{MIRROR}/osv/Rocky%20Linux/all.zip"),
        (f"osv={MIRROR}/{{ecosystem}}.zip", "osv PyPI", f"{MIRROR}/PyPI.zip"),
        (f"osv PyPI={MIRROR}/pypi.zip", "osv PyPI", f"{MIRROR}/pypi.zip"),
        (f"OSV-red-hat={MIRROR}/rh.zip", "osv Red Hat", f"{MIRROR}/rh.zip"),
        (f"kev={MIRROR}/kev.json", "kev", f"{MIRROR}/kev.json"),
        (
            f"kev={MIRROR}/",
            "kev",
            f"{MIRROR}/sites/default/files/feeds/known_exploited_vulnerabilities.json",
        ),
        (f"alpine_secdb={MIRROR}", "alpine_secdb 3.22 main", f"{MIRROR}/v3.22/main.json"),
        (f"alpine_secdb 3.22={MIRROR}/x", "alpine_secdb 3.22 main", f"{MIRROR}/x/v3.22/main.json"),
        (f"nvd={MIRROR}/nvd-{{year}}.gz", "nvd 2020", f"{MIRROR}/nvd-2020.gz"),
    ],
)
def test_a_user_names_another_address(flag: str, file: str, address: str) -> None:
    assert addresses_of(flag)[file] == (address,)
    name, _, text = flag.partition("=")
    variable = "BASEWISE_SOURCE_" + "".join(char if char.isalnum() else "_" for char in name).upper()
    assert addresses_of(**{variable: text})[file] == (address,)


def test_several_addresses_are_mirrors_and_flags_replace_variables() -> None:
    both = addresses_of(BASEWISE_SOURCE_KEV=f"{MIRROR}/a  {MIRROR}/b")
    assert both["kev"] == (f"{MIRROR}/a", f"{MIRROR}/b")
    flagged = addresses_of(f"kev={MIRROR}/c", f"kev={MIRROR}/d", BASEWISE_SOURCE_KEV=f"{MIRROR}/a")
    assert flagged["kev"] == (f"{MIRROR}/c", f"{MIRROR}/d")


def test_one_address_wins_over_that_of_its_whole_feed() -> None:
    known = addresses_of(f"osv={MIRROR}/osv", f"osv PyPI={MIRROR}/p.zip")
    assert known["osv PyPI"] == (f"{MIRROR}/p.zip",)
    assert known["osv Ubuntu"] == (f"{MIRROR}/osv/Ubuntu/all.zip",)


@pytest.mark.parametrize(
    "flag",
    [
        "kev",
        "=https://mirror.example/",
        "nothing=https://mirror.example/",
        "kev=file:///etc/passwd",
        "kev=ftp://mirror.example/",
        "kev=https://user:canary@mirror.example/",
        "kev=https://mirror.example:port/",
        "kev=https:///path",
        "kev=https://mirror.example/a b",
    ],
)
def test_what_is_no_address_is_refused(flag: str) -> None:
    with pytest.raises(UsageError) as caught:
        stated_addresses([flag], {})
    assert caught.value.hint
    assert "canary" not in str(caught.value)


def test_a_variable_of_an_unknown_source_is_refused() -> None:
    with pytest.raises(UsageError, match="no source is called `NOTHING`"):
        stated_addresses([], {"BASEWISE_SOURCE_NOTHING": "https://mirror.example/"})


@pytest.mark.parametrize(
    "name", ["osv PyPy", "osv 3.22", "kev list", "nvd 2024", "alpine_secdb v3.22", "alpine_secdb PyPI"]
)
def test_a_part_that_a_feed_does_not_have_is_refused_instead_of_being_ignored(name: str) -> None:
    with pytest.raises(UsageError, match=f"no source is called `{name}`") as caught:
        stated_addresses([f"{name}=https://mirror.example/"], {})
    assert "osv PyPI" in caught.value.hint
    assert "alpine_secdb 3." in caught.value.hint


@pytest.mark.parametrize("name", ["alpine_secdb 3.99", "alpine_secdb edge", "osv PSF", "ALPINE_SECDB_3_22"])
def test_a_branch_that_the_table_does_not_know_may_be_named(name: str) -> None:
    assert list(stated_addresses([f"{name}=https://mirror.example/"], {}).values())
