"""Bundles and publishers' files that were carried here: what is whole is taken over, everything else is refused."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import socket
import sqlite3
import stat
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import msgspec
import pytest

from basewise.advisories.bundle import MANIFEST, STORE_MEMBER
from basewise.advisories.content import StoreContent, gather
from basewise.advisories.seal import seal
from basewise.advisories.store import Store
from basewise.advisories.user_store import user_store
from basewise.advisories.write import encode_store, write_store
from basewise.errors import StoreError, UsageError
from basewise.model.advisory import FactKind
from basewise.model.store_update import DatabaseUpdate, Outcome
from basewise.operations.db_export import db_export
from basewise.operations.db_import import ImportWishes, db_import
from basewise.operations.db_update import UpdateWishes, db_update
from basewise.progress import SilentProgress
from basewise.testing.advisory_data import kev_json, osv_record, osv_zip, tracker_json
from basewise.testing.feeds import FactsFeed, content_of, fact
from basewise.testing.publishers import PublisherServer

TODAY = date(2026, 11, 27)
OPEN_EMBEDDED = Store.open_embedded


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is imported, nobody is asked."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


def facts(count: int, feed: str = "debian_archive", as_of: str = "2026-11-23") -> FactsFeed:
    return FactsFeed(
        feed,
        [fact(f"CVE-2026-{number:04}", FactKind.FIXED, "1-1", origin=feed) for number in range(count)],
        as_of=as_of,
    )


def small_content(*more: FactsFeed, count: int = 400, as_of: str = "2026-11-23") -> StoreContent:
    return content_of(feeds=[facts(count, as_of=as_of), *more])


@pytest.fixture(autouse=True)
def _small_embedded_store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with a small store."""
    embedded = tmp_path_factory.mktemp("embedded") / "embedded.sqlite"
    write_store(embedded, small_content(as_of="2026-01-01"))
    monkeypatch.setattr(Store, "open_embedded", lambda: Store.open_path(embedded))


def records(count: int = 1200) -> list[dict[str, object]]:
    """Return records of OSV, all about one package."""
    return [osv_record(f"PYSEC-2026-{number}", "requests") for number in range(1, count + 1)]


def bundle(folder: Path, content: StoreContent, name: str = "bundle.zip") -> Path:
    """Export a store with this content."""
    write_store(folder / "exported.sqlite", content)
    db_export(folder / name, store=folder / "exported.sqlite")
    return folder / name


def import_(path: Path, *given: Path, **wishes: object) -> DatabaseUpdate:
    return db_import(given, today=TODAY, store=path, wishes=msgspec.convert(wishes, ImportWishes))


def outcomes(result: DatabaseUpdate) -> dict[str, str]:
    return {row.name: str(row.outcome) for row in result.sources if row.outcome is not Outcome.KEPT}


class TestABundle:
    def test_brings_the_same_store_to_another_place(self, tmp_path: Path, path: Path) -> None:
        content = small_content(facts(300, "debian_tracker"))
        result = import_(path, bundle(tmp_path, content))
        assert path.read_bytes() == encode_store(content)
        assert outcomes(result) == {"debian_archive": "updated", "debian_tracker": "updated"}
        assert result.written
        again = import_(path, tmp_path / "bundle.zip")
        assert not again.written
        assert set(outcomes(again).values()) == {"unchanged"}

    def test_of_one_store_has_the_same_bytes_each_time(self, tmp_path: Path) -> None:
        one = bundle(tmp_path, small_content(), "one.zip").read_bytes()
        assert bundle(tmp_path, small_content(), "two.zip").read_bytes() == one

    def test_says_what_is_in_it(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(bundle(tmp_path, small_content())) as archive:
            assert archive.namelist() == [MANIFEST, STORE_MEMBER]
            manifest = json.loads(archive.read(MANIFEST))
            assert manifest["schema"] == "basewise.store-bundle/1"
            assert manifest["sources"] == [{"name": "debian_archive", "as_of": "2026-11-23", "entries": 400}]
            raw = archive.read(STORE_MEMBER)
            assert manifest["members"] == [
                {"name": STORE_MEMBER, "size_bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
            ]

    def test_may_have_been_packed_again_or_unpacked(self, tmp_path: Path) -> None:
        original = bundle(tmp_path, small_content())
        with zipfile.ZipFile(original) as archive:
            archive.extractall(tmp_path / "unpacked")
        with zipfile.ZipFile(tmp_path / "again.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name in (STORE_MEMBER, MANIFEST):
                archive.write(tmp_path / "unpacked" / name, name)
        for number, given in enumerate((tmp_path / "unpacked", tmp_path / "again.zip")):
            import_(tmp_path / f"{number}.sqlite", given)
            assert (tmp_path / f"{number}.sqlite").read_bytes() == encode_store(small_content())

    def test_goes_to_the_users_store_and_a_compressed_store_too(self, tmp_path: Path) -> None:
        given = bundle(tmp_path, small_content())
        own = user_store()
        assert db_import([given], today=TODAY).store == str(own)
        import_(tmp_path / "store.sqlite.gz", given)
        with Store.open_path(tmp_path / "store.sqlite.gz") as store:
            assert store.newest == "2026-11-23"

    def test_of_the_embedded_store_can_be_carried_too(
        self, tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Store, "open_embedded", OPEN_EMBEDDED)
        exported = db_export(tmp_path / "embedded.zip")
        assert exported.store == "embedded"
        import_(path, tmp_path / "embedded.zip")
        with Store.open_path(path) as store, Store.open_embedded() as embedded:
            assert store.sources() == embedded.sources()

    def test_is_not_imported_together_with_other_files(self, tmp_path: Path, path: Path) -> None:
        (tmp_path / "kev.json").write_bytes(kev_json())
        with pytest.raises(StoreError, match="is a whole store"):
            import_(path, tmp_path / "kev.json", bundle(tmp_path, small_content()))
        assert not path.exists()


def test_a_store_file_is_imported_like_a_bundle(tmp_path: Path, path: Path) -> None:
    for name, small in (("other.sqlite", False), ("other.sqlite.gz", True)):
        write_store(tmp_path / name, small_content())
        import_(path, tmp_path / name)
        assert path.read_bytes() == encode_store(small_content(), small=small)


class TestABundleThatMustNotReplace:
    """What it has less of, or older, than the store that is there."""

    CASES: Mapping[str, tuple[StoreContent, str]] = {
        "older": (small_content(as_of="2026-11-01"), "is of 2026-11-01, older than the 2026-11-23"),
        "emptied": (small_content(count=10), "shrank from 400 to 10"),
        "below the floor": (small_content(facts(0, "kev")), "source `kev` has 0 entries, fewer than 1000"),
        "without a source": (content_of(feeds=[facts(300, "debian_tracker")]), "`debian_archive` is missing"),
        "of the future": (small_content(as_of="2999-01-01"), "is dated 2999-01-01, and the clock"),
    }

    @pytest.mark.parametrize("case", CASES)
    def test_is_refused(self, case: str, tmp_path: Path, path: Path) -> None:
        write_store(path, small_content())
        before = path.read_bytes()
        content, says = self.CASES[case]
        with pytest.raises(StoreError, match=says) as caught:
            import_(path, bundle(tmp_path, content))
        assert caught.value.exit_code == 4
        assert "stays as it was" in caught.value.message
        assert path.read_bytes() == before

    @pytest.mark.parametrize("case", ["older", "emptied", "without a source"])
    def test_is_taken_over_when_that_is_allowed(self, case: str, tmp_path: Path, path: Path) -> None:
        write_store(path, small_content())
        content, _ = self.CASES[case]
        import_(path, bundle(tmp_path, content), allow_less=True, allow_downgrade=True)
        assert path.read_bytes() == encode_store(content)

    def test_is_compared_with_the_embedded_store_where_there_is_no_other(
        self, tmp_path: Path, path: Path
    ) -> None:
        with pytest.raises(StoreError, match="older than the 2026-01-01"):
            import_(path, bundle(tmp_path, small_content(as_of="2025-12-01")))
        assert not path.exists()


def packed(folder: Path, members: Mapping[str, bytes], modes: Mapping[str, int] | None = None) -> Path:
    """Write a zip file."""
    path = folder / "bundle.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (modes or {}).get(name, stat.S_IFREG | 0o644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def parts(folder: Path) -> dict[str, bytes]:
    """Return the members of a good bundle."""
    with zipfile.ZipFile(bundle(folder, small_content())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_manifest(members: dict[str, bytes], change: Callable[[dict[str, object]], None]) -> dict[str, bytes]:
    manifest = json.loads(members[MANIFEST])
    change(manifest)
    return {**members, MANIFEST: json.dumps(manifest).encode()}


def with_store(members: dict[str, bytes], raw: bytes) -> dict[str, bytes]:
    """Return a bundle whose manifest names these bytes."""

    def change(manifest: dict[str, object]) -> None:
        digest = hashlib.sha256(raw).hexdigest()
        manifest["members"] = [{"name": STORE_MEMBER, "size_bytes": len(raw), "sha256": digest}]

    return {**with_manifest(members, change), STORE_MEMBER: raw}


def altered(raw: bytes, folder: Path, *statements: str) -> bytes:
    """Return a sealed store on which statements were executed."""
    file = folder / "altered.sqlite"
    file.write_bytes(raw[: raw.rindex(b"basewise-store/")])
    connection = sqlite3.connect(file)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return seal(file.read_bytes())


HOSTILE: Mapping[str, Callable[[Path, dict[str, bytes]], Path]] = {
    "a name that leads out": lambda folder, good: packed(folder, {**good, "../../evil": b"x"}),
    "an absolute name": lambda folder, good: packed(folder, {**good, "/etc/evil": b"x"}),
    "a name of Windows": lambda folder, good: packed(folder, {**good, "C:\\evil": b"x"}),
    "a link": lambda folder, good: packed(
        folder, {**good, STORE_MEMBER: b"/etc/passwd"}, {STORE_MEMBER: stat.S_IFLNK | 0o777}
    ),
    "a device": lambda folder, good: packed(folder, {**good, "null": b""}, {"null": stat.S_IFCHR | 0o666}),
    "more files than a bundle has": lambda folder, good: packed(
        folder, {**good, **{f"{number}": b"" for number in range(2000)}}
    ),
    "a bomb": lambda folder, good: packed(folder, {**good, STORE_MEMBER: bytes(50_000_000)}),
    "no store": lambda folder, good: packed(folder, {MANIFEST: good[MANIFEST]}),
    "another store": lambda folder, good: packed(
        folder, {**good, STORE_MEMBER: encode_store(small_content(count=500))}
    ),
    "a manifest that is none": lambda folder, good: packed(folder, {**good, MANIFEST: b"{"}),
    "a manifest with more": lambda folder, good: packed(
        folder, with_manifest(good, lambda manifest: manifest.update(run="rm -rf /"))
    ),
    "another schema of the manifest": lambda folder, good: packed(
        folder, with_manifest(good, lambda manifest: manifest.update(schema="basewise.store-bundle/9"))
    ),
    "a newer schema": lambda folder, good: packed(
        folder, with_manifest(good, lambda manifest: manifest.update(store_schema=99))
    ),
    "an older schema": lambda folder, good: packed(
        folder, with_manifest(good, lambda manifest: manifest.update(store_schema=0))
    ),
    "sources that are not in it": lambda folder, good: packed(
        folder, with_manifest(good, lambda manifest: manifest.update(sources=[]))
    ),
    "a forged schema of the store": lambda folder, good: packed(
        folder, with_store(good, good[STORE_MEMBER].replace(b"basewise-store/", b"basewise-store/9"))
    ),
    "a trigger": lambda folder, good: packed(
        folder,
        with_store(
            good,
            altered(
                good[STORE_MEMBER],
                folder,
                "CREATE TRIGGER t AFTER INSERT ON source BEGIN DELETE FROM package; END",
            ),
        ),
    ),
    "a view": lambda folder, good: packed(
        folder, with_store(good, altered(good[STORE_MEMBER], folder, "CREATE VIEW v AS SELECT 1"))
    ),
    "another table": lambda folder, good: packed(
        folder, with_store(good, altered(good[STORE_MEMBER], folder, "CREATE TABLE more (a)"))
    ),
    "a store without packages": lambda folder, good: packed(
        folder, with_store(good, encode_store(gather([])))
    ),
    "bytes that are no store": lambda folder, good: packed(folder, with_store(good, b"SQLite format 3\x00")),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_bundle_is_refused_and_leaves_nothing(case: str, tmp_path: Path, path: Path) -> None:
    write_store(path, small_content(as_of="2026-02-01"))
    before = path.read_bytes()
    work = tmp_path / "work"
    work.mkdir()
    given = HOSTILE[case](work, parts(work))
    outside = {entry for entry in tmp_path.rglob("*") if work not in entry.parents}
    with pytest.raises(StoreError) as caught:
        import_(path, given)
    assert caught.value.exit_code == 4
    assert str(given) in caught.value.message
    assert path.read_bytes() == before
    now = {entry for entry in tmp_path.rglob("*") if work not in entry.parents}
    assert now - outside <= {tmp_path / ".store.sqlite.lock"}


def test_a_bundle_is_refused_wherever_it_is_cut_or_altered(tmp_path: Path, path: Path) -> None:
    raw = bundle(tmp_path, small_content()).read_bytes()
    given = tmp_path / "bundle.zip"
    for length in range(0, len(raw), 997):
        given.write_bytes(raw[:length])
        with pytest.raises(StoreError):
            import_(path, given)
    for place in range(0, len(raw), 1499):
        damaged = bytearray(raw)
        damaged[place] ^= 0x10
        given.write_bytes(damaged)
        try:
            import_(path, given)
        except StoreError:
            continue
        assert path.read_bytes() == encode_store(small_content())  # a date or a flag of the zip file


def test_links_in_an_unpacked_bundle_are_refused(tmp_path: Path, path: Path) -> None:
    with zipfile.ZipFile(bundle(tmp_path, small_content())) as archive:
        archive.extractall(tmp_path / "unpacked")
    (tmp_path / "unpacked" / STORE_MEMBER).rename(tmp_path / "elsewhere")
    (tmp_path / "unpacked" / STORE_MEMBER).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="no regular file"):
        import_(path, tmp_path / "unpacked")


def test_an_imported_store_that_was_tampered_with_is_found_when_it_is_read(
    tmp_path: Path,
) -> None:
    with OPEN_EMBEDDED() as embedded:
        newest = embedded.newest
    given = bundle(tmp_path, small_content(as_of=newest))
    own = Path(db_import([given], today=TODAY).store)
    for place in (200, len(own.read_bytes()) // 2, len(own.read_bytes()) - 30):
        raw = bytearray(own.read_bytes())
        raw[place] ^= 1
        own.write_bytes(raw)
        with pytest.raises(StoreError) as caught:
            Store.open_default({})
        assert caught.value.exit_code == 4
        assert "basewise db import" in caught.value.hint
        with pytest.raises(StoreError, match="damaged"):
            db_import([given], today=TODAY)
        own.unlink()
        db_import([given], today=TODAY)
    with Store.open_default({}) as store:
        assert store.name == str(own)


class TestPublishersFiles:
    def test_are_known_by_their_content_whatever_they_are_called(self, tmp_path: Path, path: Path) -> None:
        (tmp_path / "a").write_bytes(kev_json())
        (tmp_path / "b.txt").write_bytes(tracker_json())
        (tmp_path / "c.bin").write_bytes(osv_zip(records()))
        result = import_(path, *(tmp_path / name for name in ("a", "b.txt", "c.bin")), as_of="2026-11-20")
        assert outcomes(result) == {"debian_tracker": "updated", "kev": "updated", "osv PyPI": "updated"}
        with Store.open_path(path) as store:
            assert store.exploited("CVE-2025-0001") is True
            assert store.facts("pypi", "", "requests")
            assert {source.name: source.as_of for source in store.sources()} == {
                "debian_archive": "2026-01-01",
                "debian_tracker": "2026-11-20",
                "kev": "2026-11-20",
                "osv PyPI": "2026-11-20",
            }

    def test_are_found_in_directories_and_in_zip_files_of_them(self, tmp_path: Path, path: Path) -> None:
        mirror = tmp_path / "mirror"
        for name, content in {
            "osv/PyPI/all.zip": osv_zip(records()),
            "cisa/kev.json": kev_json(),
            "README.txt": b"how this was made",
            "empty": b"",
        }.items():
            (mirror / name).parent.mkdir(parents=True, exist_ok=True)
            (mirror / name).write_bytes(content)
        (mirror / "link.json").symlink_to(tmp_path / "elsewhere.json")
        (mirror / "loop").symlink_to(mirror)
        os.mkfifo(mirror / "pipe")
        talk = Talk()
        result = db_import([mirror], today=TODAY, store=path, progress=talk)
        assert outcomes(result) == {"kev": "updated", "osv PyPI": "updated"}
        assert any("2 files are nothing that can be read" in note for note in talk.notes)
        zipped = shutil.make_archive(
            str(tmp_path / "mirror-copy"), "zip", str(copied_without_pipe(mirror, tmp_path / "copy"))
        )
        other = tmp_path / "other.sqlite"
        assert outcomes(import_(other, Path(zipped))) == {"kev": "updated", "osv PyPI": "updated"}
        assert other.read_bytes() == path.read_bytes()

    def test_of_real_data_are_imported(self, shared_data: Path, path: Path) -> None:
        result = import_(
            path, shared_data / "osv" / "PyPI", shared_data / "kev", shared_data / "debian-tracker"
        )
        assert outcomes(result) == {"debian_tracker": "updated", "kev": "updated", "osv PyPI": "updated"}
        with Store.open_path(path) as store:
            assert any(item.ranges for item in store.facts("pypi", "", "tensorflow"))

    def test_without_a_date_are_dated_by_the_file_and_that_is_said(self, tmp_path: Path, path: Path) -> None:
        given = tmp_path / "tracker.json"
        given.write_bytes(tracker_json())
        os.utime(given, (1_795_000_000, 1_795_000_000))
        result = import_(path, given)
        (tracker,) = (row for row in result.sources if row.name == "debian_tracker")
        assert tracker.as_of == "2026-11-18"
        assert any(
            "part of debian_tracker" in item.what and "--as-of" in item.why
            for item in result.coverage.not_covered
        )
        stated = import_(tmp_path / "stated.sqlite", given, as_of="2026-11-01")
        assert not any("--as-of" in item.why for item in stated.coverage.not_covered)

    def test_are_not_fetched_or_read_again_by_an_update(
        self, tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "kev.json").write_bytes(kev_json())
        import_(path, tmp_path / "kev.json")
        monkeypatch.delattr(socket.socket, "connect")
        with PublisherServer({"kev.json": kev_json()}) as server:
            wishes = UpdateWishes(wanted=("kev",), addresses=(f"kev={server.url}/kev.json",))
            result = db_update(today=TODAY, wishes=wishes, store=path)
        assert outcomes(result) == {"kev": "unchanged"}

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"", "nothing in it is known"),
            (b"hello", "nothing in it is known"),
            (b"{}", "nothing in it is known"),
            (b"[" * 100_000, "nothing in it is known"),
            (b'{"a": {"b": {"c": 1}}}', "nothing in it is known"),
            (b"PK\x03\x04 broken", "cannot import"),
            (b"\x1f\x8b\x08 broken", "nothing in it is known"),
            (gzip.compress(bytes(10_000_000)), "nothing in it is known"),
            (kev_json(3), "fewer than 1000"),
            (kev_json(released="2030-01-01"), "dated 2030-01-01"),
            (b'{"packages": [{"pkg": {"name": "x"}}]}', "cannot tell which branch of Alpine"),
            (osv_zip([osv_record("PYSEC-2026-1", "x")])[:-40], "cannot import"),
        ],
    )
    def test_that_cannot_be_used_are_refused(
        self, content: bytes, says: str, tmp_path: Path, path: Path
    ) -> None:
        given = tmp_path / "given"
        given.write_bytes(content)
        with pytest.raises(StoreError, match=says) as caught:
            import_(path, given)
        assert caught.value.exit_code == 4
        assert not path.exists()

    @pytest.mark.parametrize(
        "content", [gzip.compress(kev_json()), json.dumps(osv_record("PYSEC-2026-1", "x")).encode()]
    )
    def test_that_are_not_as_they_are_published_are_refused_with_what_is_needed(
        self, content: bytes, tmp_path: Path, path: Path
    ) -> None:
        (tmp_path / "given").write_bytes(content)
        with pytest.raises(StoreError, match="nothing in it is known") as caught:
            import_(path, tmp_path / "given")
        assert "each as it is published: of OSV the zip file" in caught.value.hint
        assert "KEV and the tracker not compressed" in caught.value.hint

    def test_that_are_two_of_one_kind_are_refused(self, tmp_path: Path, path: Path) -> None:
        (tmp_path / "a.json").write_bytes(kev_json())
        (tmp_path / "b.json").write_bytes(kev_json(1300))
        with pytest.raises(StoreError, match=r"it is kev, as `.*a\.json` is"):
            import_(path, tmp_path / "a.json", tmp_path / "b.json")

    def test_of_which_some_are_bad_leave_the_good_ones(self, tmp_path: Path, path: Path) -> None:
        (tmp_path / "kev.json").write_bytes(kev_json())
        (tmp_path / "tracker.json").write_bytes(tracker_json(1))
        result = import_(path, tmp_path / "kev.json", tmp_path / "tracker.json", as_of="2026-11-20")
        assert outcomes(result) == {"debian_tracker": "refused", "kev": "updated"}
        assert not result.complete


class TestAPathThatIsNone:
    @pytest.mark.parametrize("name", ["missing", "empty folder", "pipe"])
    def test_is_refused(self, name: str, tmp_path: Path, path: Path) -> None:
        (tmp_path / "empty folder").mkdir()
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(StoreError, match="cannot import") as caught:
            import_(path, tmp_path / name)
        assert "basewise db export" in caught.value.hint


@pytest.mark.parametrize("text", ["yesterday", "2027-01-01"])
def test_a_date_that_is_none_or_in_the_future_is_wrong_usage(text: str, tmp_path: Path, path: Path) -> None:
    with pytest.raises(UsageError):
        import_(path, tmp_path, as_of=text)


def test_a_directory_with_a_million_files_is_refused(tmp_path: Path, path: Path) -> None:
    """The limit is the same for fewer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("basewise.advisories.given_files.MAX_FILES", 5)
        for number in range(6):
            (tmp_path / f"{number}.json").write_bytes(b"")
        with pytest.raises(StoreError, match="more than 5 files"):
            import_(path, tmp_path)


class Talk(SilentProgress):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


def copied_without_pipe(source: Path, target: Path) -> Path:
    """Copy a tree as a user would, links and pipes left out."""
    for file in source.rglob("*"):
        if file.is_file() and not file.is_symlink() and "loop" not in file.parts:
            (target / file.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target / file.relative_to(source))
    return target
