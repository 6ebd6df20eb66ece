"""Renew the chart runtime under `src/basewise/vendor/vega/`: Vega and its interpreter of expressions.

`--refresh` installs the packages with npm into a temporary directory, without running any of their scripts,
and copies the published files, their licences and those of everything that is bundled into them. The
interpreter is published as a module; two lines of it are rewritten so that a page can carry it as a script.
`--check` compares what is there with what was recorded, without the network.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "src" / "basewise" / "vendor" / "vega"
RECORD = FOLDER / "vendored.json"
LICENCES = FOLDER / "LICENSES.txt"
MAX_BYTES = 700_000
PACKAGES = {"vega": "build/vega.min.js", "vega-interpreter": "build/vega-interpreter.js"}
OWN_FILES = {"__init__.py", RECORD.name, LICENCES.name}
IMPORT = re.compile(r"^import \{([\w, ]+)\} from 'vega-util';\n", re.MULTILINE)
EXPORT = re.compile(r"^export \{ (\w+) as (\w+) \};\n", re.MULTILINE)
SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*\n?", re.MULTILINE)


class Bundled(msgspec.Struct, frozen=True, order=True):
    """A package whose code is part of a vendored file."""

    name: str
    version: str
    licence: str


class Vendored(msgspec.Struct, frozen=True, kw_only=True):
    """A vendored file: the package it comes from, what was published, and what stands here."""

    package: str
    version: str
    licence: str
    published: str
    published_sha256: str
    file: str
    sha256: str
    changed: str


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is vendored."""

    renewed_on: str
    files: tuple[Vendored, ...]
    bundled: tuple[Bundled, ...]


class PackageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a package says of itself."""

    name: str = ""
    version: str = ""
    license: str = ""


def refresh() -> None:
    """Install, copy and record."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "package.json").write_text('{"name": "vendored", "private": true}')
        arguments = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(["npm", "install", *arguments, *PACKAGES], cwd=directory, check=True)
        modules = directory / "node_modules"
        files = tuple(_copy(modules, package, published) for package, published in PACKAGES.items())
        packages = sorted({path.parent for path in modules.glob("**/package.json") if _is_package(path)})
        bundled = tuple(sorted({_bundled(package) for package in packages}))
        LICENCES.write_text(_licence_texts(packages), encoding="utf-8")
    record = Record(renewed_on=datetime.now(UTC).date().isoformat(), files=files, bundled=bundled)
    RECORD.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")


def check() -> list[str]:
    """Return what does not agree with the record."""
    record = msgspec.json.decode(RECORD.read_bytes(), type=Record)
    wrong = []
    for each in record.files:
        content = (FOLDER / each.file).read_bytes()
        if hashlib.sha256(content).hexdigest() != each.sha256:
            wrong.append(f"{each.file}: not the file that was recorded")
        if not each.changed and each.sha256 != each.published_sha256:
            wrong.append(f"{each.file}: not the file that was published")
        if len(content) > MAX_BYTES:
            wrong.append(f"{each.file}: {len(content)} bytes, more than {MAX_BYTES}")
    known = {each.file for each in record.files} | OWN_FILES
    wrong += [
        f"{path.name}: nothing says where it comes from"
        for path in sorted(FOLDER.iterdir())
        if path.is_file() and path.name not in known
    ]
    licences = LICENCES.read_text()
    wrong += [
        f"{each.name}: no licence text" for each in record.bundled if f"== {each.name} {each.version}" not in licences
    ]  # fmt: skip
    return wrong


def _copy(modules: Path, package: str, published: str) -> Vendored:
    text = (modules / package / published).read_text(encoding="utf-8")
    written, changed = _as_script(text) if IMPORT.search(text) else (text, "")
    target = FOLDER / Path(published).name
    target.write_text(written, encoding="utf-8")
    facts = _facts(modules / package)
    return Vendored(
        package=package,
        version=facts.version,
        licence=facts.license,
        published=published,
        published_sha256=hashlib.sha256(text.encode()).hexdigest(),
        file=target.name,
        sha256=hashlib.sha256(written.encode()).hexdigest(),
        changed=changed,
    )


def _as_script(text: str) -> tuple[str, str]:
    """Return a module as a script that takes its imports from `vega` and leaves its export there."""
    body = SOURCE_MAP.sub("", text)
    body, imports = IMPORT.subn(r"const {\1} = vega;" + "\n", body)
    body, exports = EXPORT.subn(r"vega.\2 = \1;" + "\n", body)
    if (imports, exports) != (1, 1) or re.search(r"^(?:import|export)\b", body, re.MULTILINE):
        sys.exit("the interpreter is no longer one module with one import and one export")
    return f"(function () {{\n{body}}})();\n", "import and export rewritten for a script; no source map"


def _is_package(path: Path) -> bool:
    facts = _facts(path.parent)
    return bool(facts.name and facts.version)


def _facts(package: Path) -> PackageFacts:
    return msgspec.json.decode((package / "package.json").read_bytes(), type=PackageFacts)


def _bundled(package: Path) -> Bundled:
    facts = _facts(package)
    return Bundled(facts.name, facts.version, facts.license)


def _licence_texts(packages: list[Path]) -> str:
    """Return each licence text once, below the packages that it is of."""
    groups: dict[str, set[str]] = {}
    for package in packages:
        facts = _facts(package)
        found = sorted(path for path in package.iterdir() if re.match(r"(?i)licen[sc]e|copying", path.name))
        text = "\n".join(path.read_text(encoding="utf-8").strip() for path in found)
        if not text:
            sys.exit(f"{facts.name} has no licence text")
        groups.setdefault(text, set()).add(f"== {facts.name} {facts.version} ({facts.license})")
    texts = sorted((sorted(names), text) for text, names in groups.items())
    return "\n\n".join("\n".join([*names, "", text]) for names, text in texts) + "\n"


def main(arguments: list[str]) -> int:
    """Refresh or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--refresh", action="store_true", help="take the newest published versions")
    mode.add_argument("--check", action="store_true", help="compare with the record")
    if parser.parse_args(arguments).refresh:
        refresh()
    wrong = check()
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
