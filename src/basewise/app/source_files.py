"""Reading the application's Python source and notebooks as syntax trees, bounded, without executing them."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

import msgspec

from basewise.app.folder import Folder
from basewise.errors import ManifestError

__all__ = ["SourceFiles", "SourceTree", "parse_source", "walk_sources"]

MAX_SOURCE_FILES = 2000
MAX_SOURCE_BYTES = 1 << 20
MAX_NOTEBOOK_BYTES = 16 << 20
MAX_TOTAL_BYTES = 64 << 20
MAX_DEPTH = 8
_SKIPPED = frozenset(
    {
        "__pycache__",
        "build",
        "dist",
        "doc",
        "docs",
        "env",
        "node_modules",
        "site-packages",
        "test",
        "tests",
        "testing",
        "venv",
        "virtualenv",
    }
)
_TEST_FILES = ("test_", "conftest.py", "setup.py", "noxfile.py")


class SourceTree(msgspec.Struct, frozen=True):
    """A source file and its syntax tree; a notebook's code cells are one tree."""

    name: str
    tree: ast.Module


class SourceFiles(msgspec.Struct, frozen=True):
    """What a walk found: trees, and sentences about what was left out."""

    trees: tuple[SourceTree, ...]
    problems: tuple[str, ...]


class _Cell(msgspec.Struct):
    cell_type: str = ""
    source: str | list[str] = ""


class _Notebook(msgspec.Struct):
    cells: list[_Cell] = []


def walk_sources(folder: Folder) -> SourceFiles:
    """Parse the `.py` and `.ipynb` files of an application: no tests, no hidden or virtual environment folders."""
    trees: list[SourceTree] = []
    problems: list[str] = []
    total = 0
    for count, name in enumerate(source_names(folder)):
        if count >= MAX_SOURCE_FILES or total > MAX_TOTAL_BYTES:
            problems.append(f"only the first {count} source files were looked at")
            break
        try:
            text = _source_text(folder, name)
            tree = parse_source(text)
        except ManifestError as error:
            problems.append(error.message)
            continue
        total += len(text)
        if tree is None:
            problems.append(f"{name}: its syntax is not Python's; its imports were not seen")
        else:
            trees.append(SourceTree(name, tree))
    return SourceFiles(tuple(trees), tuple(problems))


def source_names(folder: Folder) -> Iterator[str]:
    """Yield the names of source files, nearest to the top first, each directory sorted."""
    level = [""]
    for _ in range(MAX_DEPTH):
        below: list[str] = []
        for directory in level:
            for entry in folder.listing(directory):
                name = f"{directory}/{entry}" if directory else entry
                if entry.startswith((".", "_")) and entry != "__main__.py":
                    continue
                if folder.is_directory(name):
                    if entry.lower() not in _SKIPPED and not folder.exists(f"{name}/pyvenv.cfg"):
                        below.append(name)
                elif entry.endswith((".py", ".ipynb")) and not entry.startswith(_TEST_FILES):
                    yield name
        level = below


def parse_source(text: str) -> ast.Module | None:
    """Return the syntax tree of Python source, None when it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _source_text(folder: Folder, name: str) -> str:
    if not name.endswith(".ipynb"):
        return folder.read_text(name, max_bytes=MAX_SOURCE_BYTES)
    try:
        notebook = msgspec.json.decode(folder.read_bytes(name, max_bytes=MAX_NOTEBOOK_BYTES), type=_Notebook)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ManifestError(name, None, f"no notebook of format 4: {str(error)[:120]}") from error
    cells = ("".join(cell.source) for cell in notebook.cells if cell.cell_type == "code")
    return "\n".join(_without_magics(cell) for cell in cells)


def _without_magics(cell: str) -> str:
    """Return a cell without the lines that only IPython understands; a cell of another language is empty."""
    lines = cell.split("\n")
    if lines[0].startswith("%%") and not lines[0].startswith(("%%time", "%%capture", "%%prun")):
        return ""
    return "\n".join(
        f"{line[: len(line) - len(line.lstrip())]}pass" if line.lstrip().startswith(("%", "!", "?")) else line
        for line in lines
        if not line.rstrip().endswith("?")
    )
