"""What the source imports, where no manifest says what is needed: a guess, and said to be one."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from basewise._internal.embedded import decode_embedded
from basewise.app.folder import Folder
from basewise.app.manifest import ManifestContent
from basewise.app.requirement_text import is_name, normalise_name
from basewise.app.source_files import SourceTree, walk_sources
from basewise.model.requirement import Location, Manifest, NotRead, Requirement

__all__ = ["guess_from_imports"]

MAX_PROBLEMS = 20
_TABLE = "knowledge/import_names.json"
_NEVER_INSTALLED = frozenset({"__main__", "IPython.core.getipython", "google.colab", "pkg_resources"})


def guess_from_imports(folder: Folder) -> ManifestContent | None:
    """Return one requirement for each distribution that the source imports, None where there is no source.

    Standard library and local modules are left out. The distribution of an import is taken from a table of names, or
    else has the import's own name.
    """
    sources = walk_sources(folder)
    problems = tuple(
        NotRead(what=problem.partition(":")[0], why=problem.partition(": ")[2] or problem)
        for problem in sources.problems[:MAX_PROBLEMS]
    )
    if not sources.trees:
        return None
    table = decode_embedded(_TABLE, dict[str, str])
    local = _local_modules(folder, sources.trees)
    found: dict[str, Requirement] = {}
    for source in sources.trees:
        for module, line in _imports(source.tree):
            top = module.partition(".")[0]
            if (
                top in sys.stdlib_module_names
                or top in local
                or module in _NEVER_INSTALLED
                or top in _NEVER_INSTALLED
            ):
                continue
            name = _distribution(module, table)
            if is_name(name):
                requirement = Requirement(
                    name=normalise_name(name), location=Location(source.name, line), text=name
                )
                found.setdefault(requirement.name, requirement)
    warning = (
        f"no manifest was found: {len(found)} requirements are guessed from imports, without versions;"
        " write them into a requirements.txt"
    )
    return ManifestContent(
        manifests=tuple(
            Manifest(path=name, format="imports", role="guess")
            for name in sorted({item.location.path for item in found.values()})
        ),
        requirements=tuple(found.values()),
        not_read=problems,
        warnings=(warning,),
    )


def _imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield dotted names and lines of absolute imports; not those under `if TYPE_CHECKING`."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            if node.module and not node.level:
                for alias in node.names:
                    yield f"{node.module}.{alias.name}", node.lineno
        elif not (isinstance(node, ast.If) and _type_checking(node.test)):
            pending.extend(item for item in ast.iter_child_nodes(node) if not isinstance(item, ast.expr))


def _type_checking(test: ast.expr) -> bool:
    name = test.id if isinstance(test, ast.Name) else test.attr if isinstance(test, ast.Attribute) else ""
    return name == "TYPE_CHECKING"


def _distribution(module: str, table: dict[str, str]) -> str:
    """Return the distribution of a dotted import: the longest known prefix, or else its first part."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        known = table.get(".".join(parts[:length]))
        if known:
            return known
    return parts[0].replace("_", "-")


def _local_modules(folder: Folder, trees: tuple[SourceTree, ...]) -> frozenset[str]:
    """Return the top-level names that are the application's own: modules and packages anywhere in it."""
    names: set[str] = set()
    for source in trees:
        *directories, file = source.name.split("/")
        names.update(directories)
        names.add(file.removesuffix(".py"))
    names.update(name for name in folder.listing() if folder.is_directory(name))
    names.update(name for name in folder.listing("src") if folder.is_directory(f"src/{name}"))
    return frozenset(names)
