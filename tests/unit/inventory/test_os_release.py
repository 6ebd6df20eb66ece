from __future__ import annotations

import pytest

from basewise.inventory.os_release import OsReleaseCataloger, parse_os_release
from basewise.model.distro import Distro
from basewise.model.inventory import Inventory
from basewise.testing.small_images import SmallFile, inventory_of, link


def look(files: dict[str, SmallFile]) -> Inventory:
    return inventory_of({"etc/": b"", **files}, catalogers=[OsReleaseCataloger()])


def said(inventory: Inventory) -> list[str]:
    return [f"{item.what}: {item.why}" for item in inventory.coverage.not_covered]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
            Distro("debian", "12", "bookworm"),
        ),
        ('ID=debian\nVERSION_ID="11"\nVERSION="11 (bullseye)"\n', Distro("debian", "11", "bullseye")),
        ('ID=debian\nVERSION_ID="10"\n', Distro("debian", "10", "buster")),
        ("ID=debian\nVERSION_CODENAME=forky\n", Distro("debian", "", "forky")),
        (
            'PRETTY_NAME="Distroless"\nID="debian"\nVERSION_ID="12"\nVERSION="Debian GNU/Linux 12 (bookworm)"\n',
            Distro("debian", "12", "bookworm"),
        ),
        (
            'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION="24.04.1 LTS (Noble Numbat)"\nUBUNTU_CODENAME=noble\n',
            Distro("ubuntu", "24.04", "noble"),
        ),
        ("ID=alpine\nVERSION_ID=3.21.3\n", Distro("alpine", "3.21")),
        ("ID=alpine\nVERSION_ID=3.21_alpha20240923\n", Distro("alpine", "3.21_alpha20240923")),
        ("ID=wolfi\nVERSION_ID=20230201\n", Distro("wolfi", "20230201")),
        ("ID=chainguard\nVERSION_ID=20230214\n", Distro("chainguard", "20230214")),
        (
            'ID="rhel"\nID_LIKE="fedora"\nVERSION_ID="9.4"\nVERSION="9.4 (Plow)"\n',
            Distro("rhel", "9.4", "plow"),
        ),
        ('ID="rocky"\nVERSION_ID="9.5"\nVERSION="9.5 (Blue Onyx)"\n', Distro("rocky", "9.5", "blue")),
        ('ID="almalinux"\nVERSION_ID="8.10"\n', Distro("almalinux", "8.10")),
        ('ID="amzn"\nVERSION_ID="2023"\n', Distro("amzn", "2023")),
        ("ID=fedora\nVERSION_ID=41\nVERSION_CODENAME=\n", Distro("fedora", "41")),
        ("\ufeffID=debian\r\nVERSION_ID='12'\r\n", Distro("debian", "12", "bookworm")),
    ],
)
def test_a_release_is_read_from_os_release(text: str, expected: Distro) -> None:
    for place in ("etc/os-release", "usr/lib/os-release"):
        found = look({place: text})
        assert found.distro == expected
        assert found.coverage.complete, said(found)


@pytest.mark.parametrize(
    "line",
    ["ID=$(id)", 'ID="$(id)"', "ID=`id`", 'ID="debian', "ID='debian", 'ID=deb"ian', "ID=debian; rm -rf /", "ID=", "ID=../../x",
     "ID=\x1b[31mred", "ID=Debian", f"ID={'a' * 300}"],
)  # fmt: skip
def test_a_hostile_value_is_never_evaluated_and_the_distribution_stays_unknown(line: str) -> None:
    found = look({"etc/os-release": f"{line}\nVERSION_ID=12\n"})
    assert found.distro is None
    assert said(found) == ["distribution: `etc/os-release` has no usable `ID`"]


@pytest.mark.parametrize("version", ["v", "$(id)", "..", "12;", "\x1b]0;x\x07"])
def test_a_version_that_is_none_is_said_to_be_missing(version: str) -> None:
    found = look({"etc/os-release": f"ID=ubuntu\nVERSION_ID={version}\n"})
    assert found.distro == Distro("ubuntu", "")
    assert said(found) == ["release of `ubuntu`: `os-release` has no usable `VERSION_ID`"]


@pytest.mark.parametrize("content", [b"", b"\0\0\0", b"\xff\xfe=\n", b"garbage\n" * 100])
def test_a_file_without_an_id_gives_no_distribution(content: bytes) -> None:
    found = look({"etc/os-release": content})
    assert found.distro is None
    assert not found.coverage.complete


def test_nothing_that_says_the_distribution_is_said() -> None:
    assert said(look({})) == ["distribution: there is no `os-release`"]


def test_a_file_of_many_megabytes_is_not_read() -> None:
    found = look({"etc/os-release": b"ID=debian\n" * 500_000})
    assert found.distro is None
    assert any("more than the limit" in why for why in said(found))


def test_links_are_followed_inside_the_image_alone() -> None:
    inside = look(
        {
            "etc/os-release": link("../usr/lib/os-release"),
            "usr/lib/os-release": "ID=alpine\nVERSION_ID=3.20.0\n",
        }
    )
    assert inside.distro == Distro("alpine", "3.20")
    absolute = look(
        {
            "etc/os-release": link("/usr/lib/os-release"),
            "usr/lib/os-release": "ID=alpine\nVERSION_ID=3.20.0\n",
        }
    )
    assert absolute.distro == Distro("alpine", "3.20")
    gone = look({"etc/os-release": link("/run/somewhere"), "usr/lib/x": b""})
    assert said(gone) == ["distribution: `etc/os-release` cannot be read: it leads nowhere or is too large"]


def test_two_files_that_disagree_are_said_and_the_first_wins() -> None:
    found = look(
        {"etc/os-release": "ID=debian\nVERSION_ID=12\n", "usr/lib/os-release": "ID=debian\nVERSION_ID=11\n"}
    )
    assert found.distro == Distro("debian", "12", "bookworm")
    assert said(found) == [
        "distribution of `usr/lib/os-release`: it says debian 11 (bullseye); `etc/os-release` says debian 12 (bookworm)"
    ]


@pytest.mark.parametrize(
    ("identifier", "like"), [("kali", "debian"), ("raspbian", "debian"), ("linuxmint", "ubuntu debian")]
)
def test_a_derivative_is_said_to_be_judged_approximately(identifier: str, like: str) -> None:
    found = look({"etc/os-release": f'ID={identifier}\nID_LIKE="{like}"\nVERSION_ID=1\n'})
    assert found.distro == Distro(identifier, "1")
    (why,) = said(found)
    assert "derivative" in why
    assert "approximately" in why


def test_debian_version_that_names_another_release_is_said() -> None:
    ubuntu = look({"etc/os-release": "ID=ubuntu\nVERSION_ID=24.04\n", "etc/debian_version": "12.5\n"})
    assert said(ubuntu) == [
        "release of `etc/debian_version`: it says Debian 12.5; `os-release` says ubuntu 24.04"
    ]
    usual = look({"etc/os-release": "ID=ubuntu\nVERSION_ID=24.04\n", "etc/debian_version": "trixie/sid\n"})
    assert usual.coverage.complete
    older = look({"etc/os-release": "ID=debian\nVERSION_ID=12\n", "etc/debian_version": "11.3\n"})
    assert not older.coverage.complete


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("etc/alpine-release", "3.4.6\n", Distro("alpine", "3.4")),
        ("etc/debian_version", "9.13\n", Distro("debian", "9", "stretch")),
        ("etc/redhat-release", "CentOS Linux release 7.9.2009 (Core)\n", Distro("centos", "7.9")),
        (
            "etc/redhat-release",
            "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n",
            Distro("rhel", "6.10"),
        ),
    ],
)
def test_an_older_file_stands_in_where_there_is_no_os_release(
    path: str, content: str, expected: Distro
) -> None:
    found = look({path: content})
    assert found.distro == expected
    assert found.coverage.complete


def test_a_later_layer_decides() -> None:
    found = inventory_of(
        {"etc/os-release": "ID=debian\nVERSION_ID=11\n"},
        {"etc/os-release": "ID=debian\nVERSION_ID=12\n"},
        catalogers=[OsReleaseCataloger()],
    )
    assert found.distro == Distro("debian", "12", "bookworm")


def test_quotes_and_escapes_are_taken_as_a_shell_would() -> None:
    values = parse_os_release(rb"""A="a \"b\" \$c \\d"
B='single $x'
C="\\$x"
D=plain-1.0
lower=no
E=two words
""")
    assert values == {"A": 'a "b" $c \\d', "B": "single $x", "D": "plain-1.0"}
