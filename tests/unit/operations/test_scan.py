"""Scanning images: who judges which package, where a finding comes from, and what may be called clean."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from basewise.advisories.store import Store
from basewise.advisories.write import encode_store
from basewise.model.advisory import Advisory, FactKind, VersionRange
from basewise.model.finding import Severity, State
from basewise.model.inventory import Inventory
from basewise.model.scan import Origin, Scan
from basewise.operations.scan import ScanOptions, scan, scan_inventory
from basewise.operations.scan_base import BaseFinder
from basewise.report.json_document import encode_json
from basewise.report.scan_table import render_scan_table
from basewise.testing.feeds import fact
from basewise.testing.image_builder import ImageBuilder
from basewise.testing.python_images import python_image
from basewise.testing.small_images import SmallFile, inventory_of
from basewise.testing.whole_stores import whole_store_content

NOW = datetime(2026, 11, 25, tzinfo=UTC)
PACKAGES = (
    ("libssl3", "3.0.9-1", "openssl"),
    ("openssl", "3.0.9-1", "openssl"),
    ("zlib1g", "1:1.2.13.dfsg-1", "zlib"),
)
FIXED = fact("CVE-2023-1", FactKind.FIXED, "3.0.11-1~deb12u2")
OPEN = fact("CVE-2023-2", FactKind.OPEN, package="zlib", origin="debian_tracker")
SITE = "usr/local/lib/python3.12/site-packages"
DEBIAN_SITE = "usr/lib/python3/dist-packages"
OS_RELEASE = "ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n"


def of_pypi(identifier: str, package: str, fixed: str) -> Advisory:
    ranges = (VersionRange("0", fixed),)
    return msgspec.structs.replace(
        fact(identifier, FactKind.AFFECTED, package=package, ecosystem="pypi", release="", origin="osv_pypi"),
        ranges=ranges,
    )


def opened(*facts: Advisory, **content: str) -> Store:
    return Store.open_bytes(encode_store(whole_store_content(*facts, **content)), "of a test")


def image(**changes: object) -> ImageBuilder:
    settings: dict[str, object] = {"codename": "bookworm", "packages": PACKAGES, "python": "", **changes}
    return python_image(**settings)  # type: ignore[arg-type]  # named as the builder names them


@pytest.fixture
def layout(tmp_path: Path) -> str:
    return f"oci:{image().write_layout(tmp_path / 'layout')}"


def scanned(*layers: Mapping[str, SmallFile], store: Store, options: ScanOptions | None = None) -> Scan:
    return of_inventory(inventory_of(*layers), store, options)


def of_inventory(inventory: Inventory, store: Store, options: ScanOptions | None = None) -> Scan:
    with store:
        return scan_inventory(inventory, store, options or ScanOptions(), now=NOW, finder=BaseFinder())


def status(*packages: tuple[str, str, str]) -> str:
    return "\n".join(
        f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nSource: {source}\nVersion: {version}\n"
        for name, version, source in packages
    )


def debian(*packages: tuple[str, str, str], **files: SmallFile) -> dict[str, SmallFile]:
    return {"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": status(*(packages or PACKAGES)), **files}


def distribution(name: str, version: str, *, site: str = SITE) -> dict[str, SmallFile]:
    folder = f"{site}/{name}-{version}.dist-info"
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    return {f"{folder}/METADATA": text, f"{folder}/RECORD": f"{name}/__init__.py,,\n"}


def ids(found: Scan) -> list[tuple[str, str]]:
    return [(one.id, one.package.source or one.package.name) for one in found.findings]


def test_a_finding_says_package_layer_and_what_to_do(layout: str) -> None:
    with opened(FIXED) as store:
        (found,) = scan(layout, now=NOW, store=store).findings
    assert (found.id, found.package.source, found.binaries) == (
        "CVE-2023-1",
        "openssl",
        ("libssl3", "openssl"),
    )
    assert (found.layer, found.instruction, found.location) == (0, "ADD", "var/lib/dpkg/status")
    assert "apt-get install -y --only-upgrade libssl3 openssl" in found.advice


def test_the_layer_is_that_which_brought_the_vulnerable_version() -> None:
    upgraded = debian(("libssl3", "3.0.10-1", "openssl"), ("openssl", "3.0.10-1", "openssl"), PACKAGES[2])
    found = scanned(debian(), {"srv/app.py": ""}, upgraded, store=opened(FIXED, OPEN))
    assert {one.package.source: one.layer for one in found.findings} == {"openssl": 2, "zlib": 0}


def test_upgrades_gather_what_one_version_removes() -> None:
    later = fact("CVE-2023-3", FactKind.FIXED, "3.0.12-1")
    later_high = msgspec.structs.replace(
        fact("CVE-2023-4", FactKind.FIXED, "3.0.9-1+deb12u9"), severity="high"
    )
    (upgrade,) = scanned(debian(), store=opened(FIXED, later, later_high, OPEN)).upgrades
    assert (upgrade.to, upgrade.severity) == ("3.0.12-1", Severity.HIGH)
    assert upgrade.fixes == ("CVE-2023-4", "CVE-2023-1", "CVE-2023-3")


class TestPythonPackages:
    """The distribution judges what it brought, PyPI the rest; what is inside something else is judged by nobody."""

    OWNED = f"{DEBIAN_SITE}/requests-2.28.1.dist-info"
    STATUS = (("python3-requests", "2.28.1-1", "requests"),)
    STORE = (
        of_pypi("CVE-2023-32681", "requests", "2.31.0"),
        fact("CVE-2023-9", FactKind.FIXED, "2.28.1-2", package="requests"),
    )

    def owned(self) -> dict[str, SmallFile]:
        paths = "".join(f"/{self.OWNED}/{name}\n" for name in ("METADATA", "RECORD"))
        return debian(
            *self.STATUS,
            **{"var/lib/dpkg/info/python3-requests.list": f"/.\n/{self.OWNED}\n{paths}"},
            **distribution("requests", "2.28.1", site=DEBIAN_SITE),
        )

    def test_one_that_the_distribution_owns_is_judged_by_the_distribution(self) -> None:
        found = scanned(self.owned(), store=opened(*self.STORE))
        assert [(one.id, one.package.type) for one in found.findings] == [("CVE-2023-9", "deb")]

    def test_one_that_pip_overwrote_is_judged_by_pypi_too(self) -> None:
        overwritten = {f"{self.OWNED}/INSTALLER": "pip\n"}
        found = scanned(self.owned(), overwritten, store=opened(*self.STORE))
        assert [(one.id, one.package.type) for one in found.findings] == [
            ("CVE-2023-9", "deb"),
            ("CVE-2023-32681", "pypi"),
        ]

    def test_one_that_pip_installed_is_judged_by_pypi(self) -> None:
        found = scanned(debian(), distribution("requests", "2.30.0"), store=opened(*self.STORE))
        (one,) = found.findings
        assert (one.id, one.layer, one.fixed_version) == ("CVE-2023-32681", 1, "2.31.0")
        assert one.location == f"{SITE}/requests-2.30.0.dist-info/METADATA"
        assert "pip install requests==2.31.0" in one.advice

    def test_two_versions_of_one_are_two_findings(self) -> None:
        second = distribution("requests", "2.29.0", site="opt/venv/lib/python3.12/site-packages")
        found = scanned(debian(), distribution("requests", "2.30.0"), second, store=opened(*self.STORE))
        assert {(one.package.version, one.layer) for one in found.findings} == {("2.30.0", 1), ("2.29.0", 2)}

    def test_one_inside_another_is_listed_apart_and_never_counted(self) -> None:
        vendored = distribution("requests", "2.30.0", site=f"{SITE}/pip/_vendor")
        found = scanned(debian(), distribution("pip", "23.0"), vendored, store=opened(*self.STORE))
        assert found.findings == ()
        assert [(item.name, item.kind) for item in found.embedded] == [("requests", "vendored")]

    def test_without_advisories_of_pypi_they_are_said_to_be_unseen(self, tmp_path: Path) -> None:
        del tmp_path
        from basewise.testing.feeds import store_of  # noqa: PLC0415 - a store without PyPI, for this test alone

        found = scanned(debian(), distribution("requests", "2.30.0"), store=store_of(FIXED))
        assert any("PyPI" in item.why for item in found.coverage.not_covered)
        assert not found.coverage.complete


def conda(name: str, version: str) -> dict[str, SmallFile]:
    text = f'{{"name": "{name}", "version": "{version}", "build": "0", "subdir": "linux-64"}}'
    return {f"opt/conda/conda-meta/{name}-{version}-0.json": text}


def test_conda_packages_without_a_twin_are_said_to_be_unseen() -> None:
    twin = distribution("requests", "2.30.0", site="opt/conda/lib/python3.12/site-packages")
    layers = debian(**conda("requests", "2.30.0"), **conda("openssl", "3.1.0"), **twin)
    found = scanned(layers, store=opened(of_pypi("CVE-2023-32681", "requests", "2.31.0")))
    assert ("CVE-2023-32681", "requests") in ids(found)
    (unseen,) = [item for item in found.coverage.not_covered if "conda" in item.what]
    assert (unseen.what, "openssl" in unseen.why, "requests" in unseen.why) == (
        "1 conda package",
        True,
        False,
    )


class TestWhatMayBeCalledClean:
    """Nothing is clean by not having been looked at."""

    def test_an_image_of_which_everything_was_seen_is_clean(self) -> None:
        found = scanned(debian(), store=opened())
        assert found.coverage.not_covered == ()
        assert (found.summary.verdict, found.summary.vulnerabilities.total) == ("clean", 0)

    @pytest.mark.parametrize(
        "layers",
        [
            [{"app": "static binary"}],
            [{"etc/os-release": OS_RELEASE}],
            [{"var/lib/dpkg/status": status(*PACKAGES)}],
            [debian(**{"etc/os-release": "ID=gentoo\n"})],
            [debian(**{"etc/os-release": "ID=debian\nVERSION_ID=99\n"})],
            [debian(**{"var/lib/dpkg/status": ""})],
            [debian(), {"var/lib/dpkg/.wh.status": ""}],
            [
                {"etc/os-release": OS_RELEASE, "var/lib/dpkg/info/zlib1g:amd64.list": "/.\n", "usr/bin/dpkg": "x"},
            ],
            [debian(**{"var/lib/rpm/rpmdb.sqlite": "garbage"})],
            [debian(("new", "1-1", "a-source-that-no-feed-knows"))],
        ],
        ids=[
            "no system", "only os-release", "no os-release", "unknown distribution", "unknown release", "empty database",
            "database removed by a layer", "database missing", "second database unreadable", "unknown source",
        ],
    )  # fmt: skip
    def test_what_could_not_be_judged_is_incomplete(self, layers: list[dict[str, SmallFile]]) -> None:
        found = scanned(*layers, store=opened(), options=ScanOptions(fail_on=("any",)))
        assert found.summary.verdict == "incomplete"
        assert not found.coverage.complete
        assert found.coverage.not_covered
        assert found.gate is not None
        assert found.gate.passed is None

    def test_stale_advisories_are_incomplete(self) -> None:
        found = scanned(debian(), store=opened(as_of="2026-09-01"))
        assert found.summary.verdict == "incomplete"
        assert any("days old" in item.why for item in found.coverage.not_covered)

    def test_a_clock_before_the_advisories_is_incomplete(self) -> None:
        assert scanned(debian(), store=opened(as_of="2027-01-01")).summary.verdict == "incomplete"

    @pytest.mark.parametrize(
        ("layers", "said"),
        [
            (
                [debian(**{"etc/os-release": OS_RELEASE.replace("12", "10").replace("bookworm", "buster")})],
                "newer vulnerabilities of debian 10 (buster)",
            ),
            ([debian(), {"usr/local/bin/python3.9": "\0003.9.20\0"}], "newer vulnerabilities of CPython 3.9"),
        ],
    )
    def test_what_is_past_its_support_is_incomplete(
        self, layers: list[dict[str, SmallFile]], said: str
    ) -> None:
        found = scanned(*layers, store=opened())
        assert said in {item.what for item in found.coverage.not_covered}
        assert found.summary.verdict == "incomplete"

    def test_only_ignored_findings_are_not_clean(self) -> None:
        from basewise.policy.ignore import rules_from  # noqa: PLC0415 - of this test alone

        rules = rules_from([{"id": "*", "reason": "a demo", "expires": "2027-01-01"}], "a test")
        found = scanned(debian(), store=opened(FIXED), options=ScanOptions(rules=rules, fail_on=("any",)))
        assert (found.summary.verdict, found.summary.ignored, found.findings) == ("ignored", 1, ())
        assert found.ignored[0].reason == "a demo"
        assert found.gate is not None
        assert found.gate.passed is True


class TestBaseAndOwnLayers:
    """The base is known by the user's word, by equal layers, or by what the image says."""

    @pytest.fixture
    def images(self, tmp_path: Path) -> tuple[str, str]:
        base, own = image(), image()
        own.layer(distribution("requests", "2.30.0"), created_by="RUN pip install requests")  # type: ignore[arg-type]  # texts
        return (
            f"oci:{base.write_layout(tmp_path / 'base')}",
            f"oci:{own.write_layout(tmp_path / 'own')}",
        )

    STORE = (FIXED, of_pypi("CVE-2023-32681", "requests", "2.31.0"))

    def found(self, name: str, options: ScanOptions) -> Scan:
        with opened(*self.STORE) as store:
            return scan(name, options, now=NOW, store=store)

    def test_the_users_word_tells_them_apart(self, images: tuple[str, str]) -> None:
        found = self.found(images[1], ScanOptions(base=images[0]))
        assert found.base is not None
        assert (found.base.image, found.base.layers, found.base.how) == (images[0], 1, "named by `--base`")
        assert {one.id: one.introduced_by for one in found.findings} == {
            "CVE-2023-1": Origin.BASE, "CVE-2023-32681": Origin.OWN,
        }  # fmt: skip
        counts = (found.summary.vulnerabilities, found.summary.base, found.summary.own)
        assert [each and each.total for each in counts] == [2, 1, 1]

    def test_a_copy_in_a_layer_of_ones_own_counts_there_too(self, tmp_path: Path) -> None:
        requests = distribution("requests", "2.30.0")
        base, own = (image().layer(requests) for _ in range(2))  # type: ignore[arg-type]  # texts
        copy = distribution("requests", "2.30.0", site="opt/venv/lib/python3.12/site-packages")
        own.layer(copy, created_by="RUN python -m venv /opt/venv")  # type: ignore[arg-type]  # texts
        named = f"oci:{base.write_layout(tmp_path / 'base')}"
        found = self.found(f"oci:{own.write_layout(tmp_path / 'own')}", ScanOptions(base=named))
        counts = (found.summary.vulnerabilities, found.summary.base, found.summary.own)
        assert [each and each.total for each in counts] == [2, 2, 1]

    def test_a_base_whose_layers_are_others_is_not_believed(
        self, images: tuple[str, str], tmp_path: Path
    ) -> None:
        other = image(packages=(("bash", "5.2-1", "bash"),)).write_layout(tmp_path / "other")
        found = self.found(images[1], ScanOptions(base=f"oci:{other}"))
        assert found.base is None
        assert (found.summary.base, found.summary.own) == (None, None)
        assert "is not the base of this image" in found.notes[0]
        assert {one.introduced_by for one in found.findings} == {Origin.UNKNOWN}

    def test_an_image_of_the_catalogue_is_recognised_by_its_layers(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from basewise.operations.candidates_add import add_candidate  # noqa: PLC0415 - of this test alone

        monkeypatch.setenv("BASEWISE_CATALOGUE", str(tmp_path / "catalogue.json"))
        base, own = (image(python="3.12.3") for _ in range(2))
        base_layout = f"oci:{base.write_layout(tmp_path / 'base')}"
        own.layer({"srv/app.py": ""}, created_by="COPY . /srv")
        own_layout = f"oci:{own.write_layout(tmp_path / 'own')}"
        for name in ("registry.example/team/b:3.12-bookworm", "registry.example/team/a:3.12-bookworm"):
            add_candidate(base_layout, name=name, now=NOW)
        found = self.found(own_layout, ScanOptions())
        assert found.base is not None
        assert (found.base.image, found.base.layers) == ("registry.example/team/a:3.12-bookworm", 2)
        assert found.base.candidates == ("registry.example/team/b:3.12-bookworm",)
        assert {one.introduced_by for one in found.findings} == {Origin.BASE}

    def test_a_part_of_which_nothing_could_be_judged_has_no_numbers(self, images: tuple[str, str]) -> None:
        from basewise.testing.feeds import store_of  # noqa: PLC0415 - a store without PyPI, for this test alone

        with store_of(FIXED) as store:
            found = scan(images[1], ScanOptions(base=images[0]), now=NOW, store=store)
        assert found.summary.unjudged == ("pypi",)
        assert (found.summary.base and found.summary.base.total) == 1
        assert found.summary.own is not None
        assert found.summary.own.total is None
        text = render_scan_table(found, width=100, color=False)
        assert "no count includes 1 pypi package: the advisory store has nothing on them" in text
        assert re.search(r"^own layers +\? +\? +\?", text, re.MULTILINE)

    def test_what_a_label_says_is_named_and_counts_nothing(self, tmp_path: Path) -> None:
        labels = {
            "org.opencontainers.image.base.name": "registry.example/team/base:1",
            "org.opencontainers.image.base.digest": "sha256:" + "1" * 64,
        }
        labelled = image().configure(Labels=labels).write_layout(tmp_path / "labelled")
        found = self.found(f"oci:{labelled}", ScanOptions())
        assert found.base is not None
        assert (found.base.image, found.base.layers) == ("registry.example/team/base:1", None)
        assert "label" in found.base.how
        assert found.summary.base is None


def test_filters_leave_out_what_is_shown_and_not_what_is_counted() -> None:
    high = msgspec.structs.replace(fact("CVE-2023-4", FactKind.FIXED, "3.0.11-1"), severity="high")
    low = msgspec.structs.replace(fact("CVE-2023-5", FactKind.FIXED, "3.0.11-1"), severity="low")
    store = (high, low, FIXED, OPEN)
    only_fixable = scanned(debian(), store=opened(*store), options=ScanOptions(only_fixable=True))
    severe = scanned(debian(), store=opened(*store), options=ScanOptions(severity=Severity.MEDIUM))
    unknown_is_above_low = scanned(debian(), store=opened(*store), options=ScanOptions(severity=Severity.LOW))
    assert [{one.id for one in found.findings} for found in (only_fixable, severe)] == [
        {"CVE-2023-1", "CVE-2023-4", "CVE-2023-5"}, {"CVE-2023-4"},
    ]  # fmt: skip
    assert len(unknown_is_above_low.findings) == 4
    assert [found.shown and found.shown.hidden for found in (only_fixable, severe)] == [1, 3]
    assert {found.summary.vulnerabilities.total for found in (only_fixable, severe)} == {4}


FACTS = (
    FIXED, OPEN,
    fact("CVE-2023-6", FactKind.NO_DSA, package="zlib", origin="debian_tracker"),
    of_pypi("CVE-2023-32681", "requests", "2.31.0"),
    of_pypi("CVE-2023-7", "urllib3", "1.26.18"),
)  # fmt: skip


def test_the_same_input_gives_the_same_bytes_in_any_order() -> None:
    inventory = inventory_of(debian(), distribution("requests", "2.30.0"), distribution("urllib3", "1.26.5"))
    first = encode_json(of_inventory(inventory, opened(*FACTS)))
    for seed in range(5):
        packages = list(inventory.packages)
        facts = list(FACTS)
        random.Random(seed).shuffle(packages)  # noqa: S311 - not for secrets
        random.Random(seed).shuffle(facts)  # noqa: S311 - the same
        found = of_inventory(msgspec.structs.replace(inventory, packages=tuple(packages)), opened(*facts))
        again = msgspec.structs.replace(found, packages=of_inventory(inventory, opened(*FACTS)).packages)
        assert encode_json(again) == first


def without_layers(found: Scan) -> list[object]:
    """Return findings without what squashing changes."""
    return [
        msgspec.structs.replace(one, layer=None, instruction="", introduced_by=Origin.UNKNOWN)
        for one in found.findings
    ]


def test_squashing_recompressing_and_repacking_change_no_finding(tmp_path: Path) -> None:
    base = {path: str(content) for path, content in debian().items()}
    own = {path: str(content) for path, content in distribution("requests", "2.30.0").items()}
    plain = ImageBuilder().layer(base).layer(own)
    squashed = ImageBuilder().layer({**base, **own})
    zstd = ImageBuilder().layer(base, compression="zstd").layer(own, compression="")
    rootfs = tmp_path / "rootfs"
    for path, content in {**base, **own}.items():
        (rootfs / path).parent.mkdir(parents=True, exist_ok=True)
        (rootfs / path).write_text(content)
    names = [
        f"oci:{plain.write_layout(tmp_path / 'plain')}",
        f"docker-archive:{plain.write_docker_archive(tmp_path / 'saved.tar')}",
        f"oci:{squashed.write_layout(tmp_path / 'squashed')}",
        f"oci:{zstd.write_layout(tmp_path / 'zstd')}",
        f"dir:{rootfs}",
    ]
    with opened(*FACTS) as store:
        found = [scan(name, now=NOW, store=store) for name in names]
    assert len(found[0].findings) == 4
    assert [without_layers(each) for each in found] == [without_layers(found[0])] * len(names)
    assert found[0].findings == found[1].findings == found[3].findings
    assert [each.summary.verdict for each in found] == ["findings"] * len(names)


def test_an_unrelated_package_changes_nothing_and_a_fix_removes_its_finding() -> None:
    store = opened(*FACTS)
    before = ids(of_inventory(inventory_of(debian()), opened(*FACTS)))
    more = debian(*PACKAGES, ("bash", "5.2-1", "bash"))
    assert ids(of_inventory(inventory_of(more), opened(*FACTS))) == before
    repaired = debian(
        *(
            (name, "3.0.11-1~deb12u2" if source == "openssl" else version, source)
            for name, version, source in PACKAGES
        )
    )
    assert ids(of_inventory(inventory_of(repaired), store)) == [
        one for one in before if one != ("CVE-2023-1", "openssl")
    ]


def test_states_are_kept_apart() -> None:
    found = scanned(debian(), store=opened(*FACTS))
    assert {one.id: one.state for one in found.findings} == {
        "CVE-2023-1": State.FIXED, "CVE-2023-2": State.OPEN, "CVE-2023-6": State.MINOR,
    }  # fmt: skip
