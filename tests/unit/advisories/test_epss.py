"""The file of EPSS scores, as it should be and as it should not."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from basewise.advisories.epss import Epss
from basewise.advisories.feed import FeedResult
from basewise.errors import StoreError
from basewise.progress import SilentProgress

FIRST = "#model_version:v2026.06.15,score_date:2026-11-26T12:00:22Z"
COLUMNS = "cve,epss,percentile"
ENOUGH = [f"CVE-2020-{number:04},0.00042,0.05" for number in range(1500)]


def read(folder: Path, *rows: str, first: str = FIRST, columns: str = COLUMNS, end: str = "\n") -> FeedResult:
    path = folder / "epss.csv"
    path.write_bytes(end.join([first, columns, *rows, ""]).encode())
    return Epss(path).collect(SilentProgress())


def test_scores_come_sorted_with_the_date_of_the_model_run(tmp_path: Path) -> None:
    result = read(tmp_path, "CVE-2021-4034,0.97132,0.99991", "CVE-1999-0001,1,0", "CVE-2020-1,x,y", *ENOUGH)
    assert result.scores[0] == ("CVE-1999-0001", 1.0, 0.0)
    assert result.scores[-1] == ("CVE-2021-4034", 0.97132, 0.99991)
    (source,) = result.sources
    assert (source.name, source.ecosystem, source.as_of, source.entries) == (
        "epss",
        "scores",
        "2026-11-26",
        len(ENOUGH) + 2,
    )
    assert result.advisories == ()


@pytest.mark.parametrize("first", [FIRST, "#model_version:v2023.03.01,score_date:2023-06-01T00:00:00+0000"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_gzip_line_ends_and_byte_order_mark_change_nothing(tmp_path: Path, first: str, end: str) -> None:
    plain = read(tmp_path, *ENOUGH, first=first, end=end)
    raw = b"\xef\xbb\xbf" + (tmp_path / "epss.csv").read_bytes()
    packed = tmp_path / "epss.csv.gz"
    packed.write_bytes(gzip.compress(raw))
    result = Epss(packed).collect(SilentProgress())
    assert result.scores == plain.scores
    assert result.sources == plain.sources


@pytest.mark.parametrize(
    ("first", "columns", "says"),
    [
        ("", COLUMNS, "first line"),
        (COLUMNS, "CVE-2020-0001,0.1,0.2", "first line"),
        ("#model_version:v1", COLUMNS, "first line"),
        ("#model_version:v1,score_date:yesterday", COLUMNS, "first line"),
        ("<html>", COLUMNS, "first line"),
        (FIRST, "cve,epss,percentile,date", "its columns are `cve,epss,percentile,date`"),
        (FIRST, "cve,score,percentile", "its columns are"),
        (FIRST, "CVE,EPSS,PERCENTILE", "its columns are"),
        (FIRST, "cve;epss;percentile", "its columns are"),
    ],
)
def test_other_headers_are_refused(tmp_path: Path, first: str, columns: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as caught:
        read(tmp_path, *ENOUGH, first=first, columns=columns)
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    "row",
    [
        "",
        "CVE-2021-0001",
        "CVE-2021-0001,0.5",
        "CVE-2021-0001,0.5,0.5,0.5",
        "cve-2021-0001,0.5,0.5",
        "CVE-2021-1,0.5,0.5",
        " CVE-2021-0001,0.5,0.5",
        '"CVE-2021-0001",0.5,0.5',
        "=HYPERLINK(1),0.5,0.5",
        "CVE-2021-0001,=1+1,0.5",
        "CVE-2021-0001,NaN,0.5",
        "CVE-2021-0001,inf,0.5",
        "CVE-2021-0001,,0.5",
        "CVE-2021-0001,1.01,0.5",
        "CVE-2021-0001,-0.1,0.5",
        "CVE-2021-0001,0.5,2",
        "CVE-2021-0001,0x1,0.5",
        "CVE-2020-0007,0.9,0.9",
    ],
)
def test_a_row_that_is_none_is_left_out_and_counted(tmp_path: Path, row: str) -> None:
    result = read(tmp_path, *ENOUGH[:800], row, *ENOUGH[800:])
    assert len(result.scores) == len(ENOUGH)
    assert ("CVE-2020-0007", 0.00042, 0.05) in result.scores
    assert len(result.skipped) == 1


def test_more_than_one_bad_row_in_a_thousand_refuses_the_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="2 of 1502 records cannot be read"):
        read(tmp_path, *ENOUGH, "CVE-2021-0001,,", "CVE-2021-0002,,")
    with pytest.raises(StoreError, match="holds no records"):
        read(tmp_path)


def test_a_small_number_may_be_written_with_an_exponent(tmp_path: Path) -> None:
    result = read(tmp_path, *ENOUGH, "CVE-2021-0001,1.5e-05,0.0")
    assert result.scores[-1] == ("CVE-2021-0001", 0.000015, 0.0)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x1f\x8b\x08\x00", b"\xff\xfe#", gzip.compress(FIRST.encode())[:-4]],
    ids=["empty", "header only", "other encoding", "cut"],
)
def test_a_damaged_file_is_a_store_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "epss.csv.gz"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="cannot read"):
        Epss(path).collect(SilentProgress())


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("basewise.advisories.read_input.MAX_UNPACKED_BYTES", 10_000_000)
    path = tmp_path / "epss.csv.gz"
    path.write_bytes(gzip.compress(bytes(20_000_000)))
    with pytest.raises(StoreError, match="more than 10000000 bytes unpacked"):
        Epss(path).collect(SilentProgress())
