"""How the application is started: a Procfile, an app object in its source, or a `__main__` block."""

from __future__ import annotations

import ast
import re
import shlex

from basewise.app.folder import Folder
from basewise.app.source_files import parse_source
from basewise.errors import ManifestError
from basewise.model.requirement import Location

__all__ = ["find_command"]

MAX_PROCFILE_BYTES = 64 << 10
MAX_LOOKED_AT = 200
_MAX_SOURCE_BYTES = 1 << 20
_WEB = re.compile(r"web\s*:\s*(\S.*)")
_SHELL = re.compile(r"[$`|&;<>()*?\[\]{}~#!]")
_FIRST = ("main.py", "app.py", "service.py", "server.py", "api.py", "asgi.py", "wsgi.py", "application.py")
_FACTORIES = {
    "fastapi": {"FastAPI"},
    "starlette": {"Starlette"},
    "starlette.applications": {"Starlette"},
    "litestar": {"Litestar"},
    "quart": {"Quart"},
    "flask": {"Flask"},
    "dash": {"Dash"},
}
_ASGI = frozenset({"fastapi", "starlette", "litestar", "quart"})
_MODULE = re.compile(r"[A-Za-z_]\w*(?:/[A-Za-z_]\w*)*\.py\Z", re.ASCII)

Command = tuple[tuple[str, ...], str]


def find_command(folder: Folder, wanted: frozenset[str]) -> Command | None:
    """Return the start command and where it was found, None when there is none.

    Args:
        folder: The application.
        wanted: Names of the distributions that will be installed: a server is started only where it is one of them.
    """
    return _from_procfile(folder) or _from_sources(folder, wanted)


def _from_procfile(folder: Folder) -> Command | None:
    if not folder.exists("Procfile"):
        return None
    try:
        text = folder.read_text("Procfile", max_bytes=MAX_PROCFILE_BYTES)
    except ManifestError:
        return None
    for number, line in enumerate(text.split("\n"), 1):
        found = _WEB.match(line.strip())
        if not found:
            continue
        words = _words(found.group(1))
        return (words, f"Procfile:{number}") if words else None
    return None


def _words(line: str) -> tuple[str, ...]:
    """Return the words of a command line; one that needs a shell stays whole, behind `sh -c`."""
    if _SHELL.search(line) or "=" in line.partition(" ")[0]:
        return ("/bin/sh", "-c", line)
    try:
        return tuple(shlex.split(line))
    except ValueError:
        return ()


def _from_sources(folder: Folder, wanted: frozenset[str]) -> Command | None:
    """Look for an app object first, then for a program that can be run."""
    runnable: Command | None = None
    for name in _names(folder):
        tree = _tree(folder, name)
        if tree is None:
            continue
        found = _app_command(name, tree, wanted)
        if found:
            return found
        line = _main_block(tree)
        if runnable is None and line and name in ("main.py", "app.py", "__main__.py"):
            runnable = ("python", name), str(Location(name, line))
    return runnable


def _names(folder: Folder) -> list[str]:
    """Return the source files where an application starts: the usual names at the top, in packages, then the rest."""
    top = [name for name in folder.listing() if _MODULE.match(name)]
    directories = [name for name in folder.listing() if folder.is_directory(name) and name.isidentifier()]
    nested = [f"src/{name}" for name in folder.listing("src") if folder.is_directory(f"src/{name}")]
    within = [
        f"{directory}/{name}"
        for directory in [*directories, *nested]
        if directory not in ("tests", "test", "docs", "src")
        for name in _FIRST
        if folder.exists(f"{directory}/{name}") and _MODULE.match(f"{directory}/{name}")
    ]
    usual = [name for name in _FIRST if name in top]
    rest = [
        name for name in top if name not in _FIRST and not name.startswith(("test_", "conftest", "setup"))
    ]
    return [*usual, *within, *rest][:MAX_LOOKED_AT]


def _tree(folder: Folder, name: str) -> ast.Module | None:
    try:
        return parse_source(folder.read_text(name, max_bytes=_MAX_SOURCE_BYTES))
    except ManifestError:
        return None


def _app_command(name: str, tree: ast.Module, wanted: frozenset[str]) -> Command | None:
    imported = _imported(tree)
    if "streamlit" in imported.values() and "streamlit" in wanted:
        address = ("--server.address", "0.0.0.0", "--server.port", "8501")  # noqa: S104 - inside a container
        return ("streamlit", "run", name, *address), name
    for node in tree.body:
        target, value = _assignment(node)
        framework = _framework(value, imported)
        if framework:
            words = _serve(name, target, framework, wanted)
            return (words, str(Location(name, node.lineno))) if words else None
    return None


def _imported(tree: ast.Module) -> dict[str, str]:
    """Return the names that a module imports at its top, with where they are from: `{"FastAPI": "fastapi.FastAPI"}`."""
    names: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _assignment(node: ast.stmt) -> tuple[str, ast.expr | None]:
    """Return name and value of `name = value` and `name: Type = value`."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id, node.value
    return "", None


def _framework(value: ast.expr | None, imported: dict[str, str]) -> str | None:
    """Return the framework whose application a call makes: `FastAPI()`, `fastapi.FastAPI()`."""
    if not isinstance(value, ast.Call):
        return None
    called = ""
    if isinstance(value.func, ast.Name):
        called = imported.get(value.func.id, "")
    elif isinstance(value.func, ast.Attribute) and isinstance(value.func.value, ast.Name):
        called = f"{imported.get(value.func.value.id, '')}.{value.func.attr}"
    module, _, factory = called.rpartition(".")
    return module.partition(".")[0] if factory in _FACTORIES.get(module, ()) else None


def _serve(name: str, target: str, framework: str, wanted: frozenset[str]) -> tuple[str, ...]:
    """Return the command of a server that will be there, () when none will."""
    below_src = name.startswith("src/")
    module = name.removeprefix("src/").removesuffix(".py").replace("/", ".")
    address = ("--host", "0.0.0.0", "--port", "8000")  # noqa: S104 - inside a container
    if framework in _ASGI and "uvicorn" in wanted:
        folder = ("--app-dir", "src") if below_src else ()
        return ("uvicorn", f"{module}:{target}", *folder, *address)
    if framework in _ASGI:
        return ()
    attribute = f"{target}.server" if framework == "dash" else target
    if "gunicorn" in wanted:
        folder = ("--chdir", "src") if below_src else ()
        return ("gunicorn", *folder, "--bind", "0.0.0.0:8000", f"{module}:{attribute}")
    if framework == "flask":
        return ("flask", "--app", f"{'src/' if below_src else ''}{module}:{target}", "run", *address)
    return ()


def _main_block(tree: ast.Module) -> int:
    """Return the line of `if __name__ == "__main__":`, 0 when there is none."""
    for node in tree.body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Compare):
            parts = [node.test.left, *node.test.comparators]
            names = {part.id for part in parts if isinstance(part, ast.Name)}
            values = {part.value for part in parts if isinstance(part, ast.Constant)}
            if "__name__" in names and "__main__" in values:
                return node.lineno
    return 0
