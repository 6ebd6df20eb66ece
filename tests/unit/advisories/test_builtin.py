from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path

import basewise.advisories
from basewise.advisories.builtin import FEED_NAMES, FEEDS, FILES, file_feeds


def test_every_feed_is_on_the_list() -> None:
    found = {
        value
        for module in pkgutil.iter_modules(basewise.advisories.__path__)
        for _, value in inspect.getmembers(
            importlib.import_module(f"basewise.advisories.{module.name}"), inspect.isclass
        )
        if isinstance(getattr(value, "name", None), str) and callable(getattr(value, "collect", None))
    }
    assert found == set(FEEDS)


def test_names_of_feeds_are_unique_and_sorted() -> None:
    assert list(FEED_NAMES) == sorted(set(FEED_NAMES))


def test_a_feed_without_its_file_is_left_out(tmp_path: Path) -> None:
    assert file_feeds(tmp_path) == ()
    path = tmp_path / "kev" / "known_exploited_vulnerabilities.json"
    path.parent.mkdir()
    path.write_text("{}")
    assert [feed.name for feed in file_feeds(tmp_path)] == ["kev"]


def test_the_data_folder_has_the_files_of_all_feeds(shared_data: Path) -> None:
    assert len(file_feeds(shared_data)) == len(FILES)
