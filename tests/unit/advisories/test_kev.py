from __future__ import annotations

import json
from pathlib import Path

import pytest

from basewise.advisories.kev import Kev
from basewise.errors import StoreError
from basewise.progress import SilentProgress


def written(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "kev.json"
    path.write_text(json.dumps(content))
    return path


def test_ids_come_once_sorted_and_with_the_date_of_the_list(tmp_path: Path) -> None:
    entries = [{"cveID": name} for name in ("CVE-2025-48384", "CVE-2021-4034", "CVE-2021-4034", "cve-2021-1")]
    path = written(tmp_path, {"dateReleased": "2025-08-25T17:04:19Z", "vulnerabilities": entries})
    result = Kev(path).collect(SilentProgress())
    assert result.exploited == ("CVE-2021-4034", "CVE-2025-48384")
    assert result.sources[0].as_of == "2025-08-25"
    assert [item.what for item in result.skipped] == ["cve-2021-1"]


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        {"dateReleased": "soon", "vulnerabilities": []},
        {"dateReleased": "2025-08-25", "vulnerabilities": [{}]},
        {"dateReleased": "2025-08-25", "vulnerabilities": []},
        {"dateReleased": "2025-08-25", "vulnerabilities": [{"cve": "CVE-2021-4034"}]},
        {"dateReleased": "2025-08-25", "vulnerabilities": [["CVE-2021-4034"]]},
        {"dateReleased": "2025-08-25", "vulnerabilities": {"CVE-2021-4034": {}}},
    ],
)
def test_a_file_of_another_shape_is_a_store_error(tmp_path: Path, content: object) -> None:
    with pytest.raises(StoreError, match=r"cannot (read|use)"):
        Kev(written(tmp_path, content)).collect(SilentProgress())


def test_the_real_list_is_read_whole(shared_data: Path) -> None:
    path = shared_data / "kev" / "known_exploited_vulnerabilities.json"
    result = Kev(path).collect(SilentProgress())
    assert len(result.exploited) == json.loads(path.read_text())["count"]
    assert result.skipped == ()


def test_one_bad_entry_in_a_thousand_is_left_out(tmp_path: Path) -> None:
    entries: list[object] = [{"cveID": f"CVE-2025-{number:04}"} for number in range(1000)]
    path = written(
        tmp_path, {"dateReleased": "2025-08-25T17:04:19Z", "vulnerabilities": [*entries, {"cveID": 7}]}
    )
    result = Kev(path).collect(SilentProgress())
    assert len(result.exploited) == 1000
    assert [(item.what, item.why) for item in result.skipped] == [("", "not a CVE id")]


@pytest.mark.parametrize("content", ["", "<html>404</html>", "[" * 100_000, '{"dateReleased": "2025-08-25"'])
def test_what_is_no_list_is_a_store_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "kev.json"
    path.write_text(content)
    with pytest.raises(StoreError, match="cannot read"):
        Kev(path).collect(SilentProgress())
