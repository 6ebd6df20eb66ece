"""The readers are on their list, and the reader that the documentation shows works."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import basewise.app
from basewise.app.builtin import READERS
from basewise.app.folder import Folder
from basewise.app.manifest import ManifestReader, ReadOptions, Tier

PAGE = Path(__file__).resolve().parents[3] / "docs" / "extending" / "manifest-reader.md"


def test_every_reader_of_the_package_is_on_the_list() -> None:
    found = {
        member
        for module in pkgutil.iter_modules(basewise.app.__path__)
        for _, member in inspect.getmembers(
            importlib.import_module(f"basewise.app.{module.name}"), inspect.isclass
        )
        if member.__name__.endswith("Reader") and member.__name__ != "ManifestReader"
    }
    assert {type(reader) for reader in READERS} == found


def test_readers_are_listed_by_tier() -> None:
    assert [reader.tier for reader in READERS] == sorted(reader.tier for reader in READERS)
    assert len({reader.format for reader in READERS}) == len(READERS)


def test_the_reader_that_the_documentation_shows_works(tmp_path: Path) -> None:
    block = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert block is not None
    names: dict[str, type[ManifestReader]] = {}
    exec(compile(block[1], str(PAGE), "exec"), names)  # noqa: S102 - the page's own example
    reader = names["PackageListReader"]()
    (tmp_path / "packages.list").write_text("numpy>=2\nx @ https://example.invalid/x.whl\n")
    folder = Folder.open(tmp_path)
    assert reader.find(folder) == ("packages.list",)
    assert reader.tier is Tier.REQUIREMENTS
    content = reader.read(folder, "packages.list", ReadOptions())
    assert [item.name for item in content.requirements] == ["numpy"]
    assert [item.what for item in content.not_read] == ["x @ https://example.invalid/x.whl"]
