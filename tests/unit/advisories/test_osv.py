"""OSV's bulk files: what their records mean, and what happens with hostile ones."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from basewise._internal.zip_members import ZipLimits
from basewise.advisories.feed import FeedResult
from basewise.advisories.osv import Osv
from basewise.advisories.osv_ecosystems import OSV_ECOSYSTEMS, scope_of
from basewise.advisories.recognised import recognise
from basewise.errors import StoreError
from basewise.model.advisory import Advisory, FactKind, VersionRange
from basewise.progress import SilentProgress
from basewise.testing.advisory_data import osv_zip

RANGE = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}]
UP_TO_2 = (VersionRange("0", "2.0"),)
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def entry(ecosystem: str = "PyPI", name: str = "pillow", **more: object) -> dict[str, Any]:
    return {"package": {"ecosystem": ecosystem, "name": name}, "ranges": RANGE} | more


def record(identifier: str, *entries: dict[str, Any], **more: object) -> dict[str, Any]:
    listed = list(entries) or [entry()]
    return {"id": identifier, "modified": "2026-11-20T08:00:00Z", "affected": listed} | more


def read(
    folder: Path,
    *records: dict[str, Any],
    ecosystem: str = "PyPI",
    as_of: str = "",
    limits: ZipLimits | None = None,
) -> FeedResult:
    path = folder / "all.zip"
    path.write_bytes(osv_zip(records))
    return Osv(path, ecosystem, as_of=as_of, limits=limits).collect(SilentProgress())


def only(result: FeedResult) -> Advisory:
    (fact,) = result.advisories
    return fact


def test_a_record_of_pypi_is_a_fact_under_its_own_id(tmp_path: Path) -> None:
    said = record(
        "PYSEC-2026-1",
        entry(name="Foo_Bar.baz", versions=["1.0", "1.5", "2.0.1"]),
        aliases=["GHSA-aaaa-bbbb-cccc", "CVE-2026-0001", "CVE-2026-0001", "no id", "PYSEC-2026-1"],
        published="2026-11-01T10:00:00.123Z",
        severity=[{"type": "CVSS_V3", "score": VECTOR}, {"type": "CVSS_V4", "score": "CVSS:4.0/AV:N"}],
        database_specific={"severity": "MODERATE"},
    )
    result = read(tmp_path, said)
    assert only(result) == Advisory(
        id="PYSEC-2026-1",
        ecosystem="pypi",
        release="",
        package="foo-bar-baz",
        kind=FactKind.AFFECTED,
        origin="osv",
        published="2026-11-01",
        aliases=("CVE-2026-0001", "GHSA-aaaa-bbbb-cccc"),
        severity="medium",
        ranges=UP_TO_2,
        versions=("2.0.1",),
        cvss=(VECTOR, "CVSS:4.0/AV:N"),
    )
    (source,) = result.sources
    assert (source.name, source.ecosystem, source.as_of, source.entries, source.note) == (
        "osv PyPI",
        "pypi",
        "2026-11-20",
        1,
        "",
    )
    assert result.inputs[0].name == "all.zip"


@pytest.mark.parametrize(
    ("text", "ecosystem", "expected"),
    [
        ("PyPI", "PyPI", ("pypi", "")),
        ("npm", "PyPI", None),
        ("Debian:12", "Debian", ("debian", "bookworm")),
        ("Debian:13", "Debian", ("debian", "trixie")),
        ("Debian", "Debian", "Debian"),
        ("Debian:99", "Debian", "Debian:99"),
        ("Alpine:v3.20", "Alpine", ("alpine", "3.20")),
        ("Alpine:edge", "Alpine", ("alpine", "edge")),
        ("Alpine", "Alpine", "Alpine"),
        ("Ubuntu:22.04:LTS", "Ubuntu", ("ubuntu", "22.04")),
        ("Ubuntu:25.10", "Ubuntu", ("ubuntu", "25.10")),
        ("Ubuntu:Pro:16.04:LTS", "Ubuntu", ("ubuntu", "16.04+pro")),
        ("Ubuntu:Pro:FIPS:16.04:LTS", "Ubuntu", "Ubuntu:Pro"),
        ("Ubuntu:Pro:FIPS-updates:22.04:LTS", "Ubuntu", "Ubuntu:Pro"),
        ("Wolfi", "Wolfi", ("wolfi", "")),
        ("Chainguard", "Chainguard", ("chainguard", "")),
        ("Chainguard", "Wolfi", None),
        ("Red Hat:enterprise_linux:9::baseos", "Red Hat", ("rhel", "9")),
        ("Red Hat:enterprise_linux:10.0", "Red Hat", ("rhel", "10")),
        ("Red Hat:enterprise_linux:7::server", "Red Hat", ("rhel", "7")),
        ("Red Hat:rhel_eus:9.2::baseos", "Red Hat", "Red Hat:rhel_eus"),
        ("Red Hat:openshift:4.12::el8", "Red Hat", "Red Hat:openshift"),
        ("Rocky Linux:9", "Rocky Linux", ("rocky", "9")),
        ("AlmaLinux:8", "AlmaLinux", ("almalinux", "8")),
        ("AlmaLinux:10.1", "AlmaLinux", ("almalinux", "10")),
    ],
)
def test_ecosystem_strings_name_ecosystem_and_release(
    text: str, ecosystem: str, expected: tuple[str, str] | str | None
) -> None:
    assert scope_of(text, OSV_ECOSYSTEMS[ecosystem]) == expected


class TestADistributionsRecord:
    def test_is_about_the_cve_that_its_id_names(self, tmp_path: Path) -> None:
        said = record(
            "DEBIAN-CVE-2026-0002",
            entry("Debian:12", "openssl", ecosystem_specific={"urgency": "unimportant"}),
            entry(
                "Debian:13", "openssl", versions=["1.0"], ecosystem_specific={"urgency": "not yet assigned"}
            ),
            entry("Debian", "openssl"),
            upstream=["CVE-2026-0002"],
            published="0001-01-01T00:00:00Z",
            withdrawn="0001-01-01T00:00:00Z",
        )
        result = read(tmp_path, said, ecosystem="Debian")
        assert [(f.id, f.release, f.severity, f.versions, f.published) for f in result.advisories] == [
            ("CVE-2026-0002", "bookworm", "negligible", (), ""),
            ("CVE-2026-0002", "trixie", "", (), ""),
        ]
        assert [(item.what, item.why, item.number) for item in result.skipped] == [
            ("entries of Debian", "about `Debian`, which is no release that is known", 1)
        ]

    def test_at_the_end_of_life_is_no_claim_about_versions(self, tmp_path: Path) -> None:
        open_ended = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]
        old = entry("Debian:11", "openssl", ranges=open_ended, ecosystem_specific={"urgency": "end-of-life"})
        fact = only(read(tmp_path, record("DEBIAN-CVE-2026-0002", old), ecosystem="Debian"))
        assert (fact.kind, fact.ranges) == (FactKind.END_OF_LIFE, ())

    def test_carries_the_severity_word_of_the_distribution(self, tmp_path: Path) -> None:
        scores = [
            {"type": "CVSS_V3", "score": VECTOR, "source": "NVD"},
            {"type": "Ubuntu", "score": "medium"},
        ]
        said = record("UBUNTU-CVE-2026-3", entry("Ubuntu:22.04:LTS", "vips"), severity=scores)
        said["id"] = "UBUNTU-CVE-2026-0003"
        fact = only(read(tmp_path, said, ecosystem="Ubuntu"))
        assert (fact.id, fact.severity, fact.cvss) == ("CVE-2026-0003", "medium", (VECTOR,))

    def test_of_ubuntu_pro_is_kept_apart_from_the_release(self, tmp_path: Path) -> None:
        said = record(
            "UBUNTU-CVE-2026-0003", entry("Ubuntu:22.04:LTS", "vips"), entry("Ubuntu:Pro:22.04:LTS", "vips")
        )
        assert [f.release for f in read(tmp_path, said, ecosystem="Ubuntu").advisories] == [
            "22.04",
            "22.04+pro",
        ]

    def test_that_fixes_several_vulnerabilities_names_them_all(self, tmp_path: Path) -> None:
        said = record(
            "RHSA-2026:0004",
            entry("Red Hat:enterprise_linux:9::appstream", "thunderbird"),
            entry("Red Hat:enterprise_linux:9::appstream", "thunderbird-debuginfo"),
            entry("Red Hat:enterprise_linux:9::crb", "thunderbird"),
            entry("Red Hat:rhel_eus:9.2::appstream", "thunderbird"),
            upstream=["CVE-2026-0005", "CVE-2026-0004"],
            severity=[{"type": "CVSS_V3", "score": VECTOR}],
            summary="Red Hat Security Advisory: thunderbird security update",
        )
        fact = only(read(tmp_path, said, ecosystem="Red Hat"))
        assert (fact.id, fact.aliases) == ("RHSA-2026:0004", ("CVE-2026-0004", "CVE-2026-0005"))
        assert fact.cvss == ()
        assert (fact.package, fact.release, fact.severity) == ("thunderbird", "9", "")

    def test_of_a_rebuild_names_them_as_related_and_its_severity_in_the_summary(self, tmp_path: Path) -> None:
        said = record(
            "ALSA-2026:0006",
            entry("AlmaLinux:9", "apr-util"),
            related=["CVE-2026-0006", "ALSA-2025:1"],
            summary="Important: apr-util security update",
        )
        fact = only(read(tmp_path, said, ecosystem="AlmaLinux"))
        assert (fact.id, fact.aliases, fact.severity) == ("ALSA-2026:0006", ("CVE-2026-0006",), "high")

    def test_of_an_update_without_a_vulnerability_is_none(self, tmp_path: Path) -> None:
        update = record("ALBA-2026:0007", entry("AlmaLinux:9", "tzdata"))
        named = record("ALEA-2026:0008", entry("AlmaLinux:9", "curl"), related=["CVE-2026-0008"])
        result = read(tmp_path, update, named, ecosystem="AlmaLinux")
        assert only(result).id == "ALEA-2026:0008"
        assert result.skipped == ()

    def test_without_any_cve_is_called_by_its_own_id(self, tmp_path: Path) -> None:
        said = record("DSA-6000-1", entry("Debian:12", "foo"))
        assert only(read(tmp_path, said, ecosystem="Debian")).id == "DSA-6000-1"

    def test_of_wolfi_is_about_the_one_vulnerability_that_it_names(self, tmp_path: Path) -> None:
        one = record(
            "CGA-aaaa-bbbb-cccc",
            entry("Wolfi", "haproxy-3.1"),
            entry("Chainguard", "haproxy-3.1"),
            upstream=["GHSA-aaaa-bbbb-dddd", "CVE-2026-0009", "CVE-2026-0009"],
        )
        several = record(
            "CGA-2222-3333-4444", entry("Wolfi", "zlib"), upstream=["CVE-2026-0001", "CVE-2026-0002"]
        )
        nameless = record("CGA-5555-6666-7777", entry("Wolfi", "zlib"))
        found = read(tmp_path, one, several, nameless, ecosystem="Wolfi").advisories
        assert [(f.id, f.aliases, f.detail) for f in found] == [
            ("CGA-5555-6666-7777", (), ""),
            ("CVE-2026-0001", (), "CGA-2222-3333-4444"),
            ("CVE-2026-0002", (), "CGA-2222-3333-4444"),
            ("CVE-2026-0009", ("GHSA-aaaa-bbbb-dddd",), "CGA-aaaa-bbbb-cccc"),
        ]


def test_a_withdrawn_record_is_no_fact(tmp_path: Path) -> None:
    result = read(tmp_path, record("PYSEC-2026-1", withdrawn="2026-11-02T00:00:00Z"), record("PYSEC-2026-2"))
    assert only(result).id == "PYSEC-2026-2"
    assert result.skipped == ()


def test_a_package_with_commits_alone_is_affected_without_versions(tmp_path: Path) -> None:
    commits = [{"type": "GIT", "repo": "https://x", "events": [{"introduced": "0"}, {"fixed": "abc"}]}]
    fact = only(read(tmp_path, record("PYSEC-2026-1", entry(ranges=commits))))
    assert (fact.kind, fact.ranges, fact.versions) == (FactKind.AFFECTED, (), ())
    listed = only(read(tmp_path, record("PYSEC-2026-1", entry(ranges=commits, versions=["1.0"]))))
    assert (listed.ranges, listed.versions) == ((), ("1.0",))
    nothing = only(read(tmp_path, record("PYSEC-2026-1", entry(ranges=None))))
    assert (nothing.kind, nothing.ranges, nothing.versions) == (FactKind.AFFECTED, (), ())


def test_what_was_fixed_where_it_was_introduced_is_no_fact(tmp_path: Path) -> None:
    never = [{"type": "ECOSYSTEM", "events": [{"introduced": "2"}, {"fixed": "2"}]}]
    result = read(tmp_path, record("PYSEC-2026-1", entry(ranges=never)), record("PYSEC-2026-2"))
    assert only(result).id == "PYSEC-2026-2"


def test_commits_without_a_package_are_counted_and_said(tmp_path: Path) -> None:
    said = record("PSF-2026-1", {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]})
    (source,) = read(tmp_path, said, ecosystem="PSF").sources
    assert source.entries == 0
    assert source.note == "1 of 1 advisories name commits and no package: they match no release"


def test_an_unknown_severity_is_counted_and_stays_unknown(tmp_path: Path) -> None:
    said = record(
        "PYSEC-2026-1",
        database_specific={"severity": "APOCALYPTIC"},
        severity=[{"type": "CVSS_V3", "score": "\x1b[31m"}],
    )
    result = read(tmp_path, said)
    assert (only(result).severity, only(result).cvss) == ("", ())
    assert sorted(item.why for item in result.skipped) == [
        "a CVSS vector that is none",
        "severity `APOCALYPTIC` is not known",
    ]


def test_the_order_of_records_changes_nothing(tmp_path: Path) -> None:
    records = [record(f"PYSEC-2026-{number}", entry(name=f"p{number % 3}")) for number in range(1, 20)]
    first = read(tmp_path, *records)
    second = read(tmp_path, *reversed(records))
    assert first.advisories == second.advisories
    assert first.sources == second.sources


def test_a_publisher_that_stands_still_is_said_and_its_data_grow_old(tmp_path: Path) -> None:
    said = record("PYSEC-2026-1")
    assert read(tmp_path, said, as_of="2026-11-25").sources[0].note == ""
    (source,) = read(tmp_path, said, as_of="2026-12-27").sources
    assert source.as_of == "2026-11-20"
    assert source.note == "its newest record is of 2026-11-20: the publisher stands still"


class TestAHostileFile:
    def write(self, folder: Path, contents: list[tuple[str, bytes]]) -> Osv:
        path = folder / "all.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in contents:
                archive.writestr(zipfile.ZipInfo(name), content)
        return Osv(path)

    def good(self, number: int) -> list[tuple[str, bytes]]:
        ids = (f"PYSEC-2026-{place}" for place in range(1, number + 1))
        return [(f"{name}.json", json.dumps(record(name)).encode()) for name in ids]

    @pytest.mark.parametrize(
        ("name", "content", "why"),
        [
            ("bad.json", b'{"id": "bad"', "truncated"),
            ("bad.json", b"", "truncated"),
            ("bad.json", b"[" * 100_000, "object"),
            ("bad.json", b'{"id": "bad", "affected": ' + b"[" * 100_000, "Expected `object`"),
            ("bad.json", b'{"id": "bad", "extra": ' + b"[" * 100_000, "ecurs"),
            ("bad.json", b'{"id": 7}', "Expected `str`"),
            ("bad.json", b'{"id": "other"}', "it holds the record `other`"),
            ("bad.json", b'{"id": "../../etc/passwd"}', "is no id"),
            ("../bad.json", b'{"id": "../bad"}', "is no id"),
            (
                "bad.json",
                b'{"id": "bad", "affected": [{"package": {"ecosystem": "PyPI", "name": "a b"}}]}',
                "a b",
            ),
            (
                "bad.json",
                b'{"id": "bad", "affected": [{"package": {"ecosystem": "PyPI", "name": "../x"}}]}',
                "/x",
            ),
            (
                "bad.json",
                b'{"id": "bad", "affected": [{"ranges": [{"type": "X", "events": [{"fixed": 1}]}]}]}',
                "str",
            ),
            ("bad.json", b'\xff\xfe{"id": "bad"}', ""),
        ],
    )
    def test_is_read_without_its_bad_record(
        self, tmp_path: Path, name: str, content: bytes, why: str
    ) -> None:
        result = self.write(tmp_path, [*self.good(1000), (name, content)]).collect(SilentProgress())
        assert len(result.advisories) == 1000
        (skipped,) = result.skipped
        assert skipped.what == name
        assert why in skipped.why

    def test_is_refused_when_more_than_one_in_a_thousand_is_bad(self, tmp_path: Path) -> None:
        contents = [*self.good(1000), ("b.json", b"{"), ("a.json", b"{")]
        with pytest.raises(
            StoreError, match=r"2 of 1002 records cannot be read \(a.json: .*; b.json"
        ) as caught:
            self.write(tmp_path, contents).collect(SilentProgress())
        assert caught.value.exit_code == 4

    def test_is_refused_without_records_or_dates(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="holds no records"):
            self.write(tmp_path, []).collect(SilentProgress())
        with pytest.raises(StoreError, match="no record carries a date"):
            self.write(tmp_path, [("a1.json", b'{"id": "a1"}')]).collect(SilentProgress())

    def test_with_a_record_of_half_a_gigabyte_stays_small(self, tmp_path: Path) -> None:
        path = tmp_path / "all.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, content in self.good(1000):
                archive.writestr(zipfile.ZipInfo(name), content)
            with archive.open(zipfile.ZipInfo("huge.json"), "w", force_zip64=True) as member:
                for _ in range(70):
                    member.write(bytes(1024**2))
        result = Osv(path).collect(SilentProgress())
        assert [(item.what, item.why) for item in result.skipped] == [
            ("huge.json", "it is larger than 67108864 bytes")
        ]

    def test_that_is_no_zip_file_or_missing_is_an_error(self, tmp_path: Path) -> None:
        path = tmp_path / "all.zip"
        with pytest.raises(StoreError, match="cannot read advisory data"):
            Osv(path).collect(SilentProgress())
        path.write_bytes(b"<html>404</html>")
        with pytest.raises(StoreError, match="no zip file, or cut"):
            Osv(path).collect(SilentProgress())
        with pytest.raises(StoreError, match="no regular file"):
            Osv(tmp_path).collect(SilentProgress())

    def test_over_a_limit_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="more than 3 files"):
            read(tmp_path, *(record(f"PYSEC-2026-{n}") for n in range(4)), limits=ZipLimits(members=3))


def test_an_unknown_ecosystem_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no advisories of OSV's ecosystem `npm`"):
        Osv(tmp_path / "all.zip", "npm")


def test_the_real_records_of_pypi_are_read_whole(shared_data: Path) -> None:
    path = shared_data / "osv" / "PyPI" / "all.zip"
    result = Osv(path).collect(SilentProgress())
    with zipfile.ZipFile(path) as archive:
        records = [json.loads(archive.read(name)) for name in archive.namelist()]
    alive = [item for item in records if "withdrawn" not in item]
    assert {fact.id for fact in result.advisories} == {item["id"] for item in alive}
    assert result.sources[0].as_of == max(item["modified"][:10] for item in records)
    assert result.skipped == ()
    assert sum(len(fact.versions) for fact in result.advisories) < 200
    assert Counter(fact.kind for fact in result.advisories) == {FactKind.AFFECTED: len(alive)}


def test_the_real_records_of_cpython_match_no_release(shared_data: Path) -> None:
    result = Osv(shared_data / "osv" / "PSF" / "all.zip", "PSF").collect(SilentProgress())
    assert result.advisories == ()
    assert result.sources[0].note.startswith("132 of 132 advisories name commits")


def test_a_file_that_changes_its_length_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    raw = osv_zip(record(f"PYSEC-2026-{number}") for number in range(1, 10))
    place = raw.rfind(b"PK\x05\x06")
    cut = io.BytesIO(raw[: place - 200] + raw[place:])
    path = tmp_path / "all.zip"
    path.write_bytes(cut.getvalue())
    with pytest.raises(StoreError, match="is not where it should be"):
        Osv(path).collect(SilentProgress())


def test_the_files_of_the_real_ecosystems_are_recognised(shared_data: Path) -> None:
    for ecosystem in ("PyPI", "PSF"):
        found = recognise(shared_data / "osv" / ecosystem / "all.zip")
        assert found is not None
        assert (found.feed, found.scope) == ("osv", ecosystem)
