"""Make the evidence of knowledge entries from real wheels, and record it in `tools/recorded/proofs.json`.

`elf`: the newest wheel of a distribution is fetched through uv's index, hashed and inspected; what its modules
need is the evidence.

`import`: the wheel is installed beside a bare Debian root (mmdebstrap, minbase and Debian's python3) and the
entry's smoke line runs there as an unprivileged user, with an audit hook that writes down which programs are
started. It must fail without the entry's packages and pass with them; and then the program must have been
started, or the library be mapped into the process. Needs root, mmdebstrap and chroot.

`--refresh` makes all proofs, `--missing` those that are not recorded yet, `--only NAMES` some. `--rederive N
--seed S` makes N random recorded ones again, from the recorded versions, and compares.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import yaml

from basewise._internal.http import HttpClient
from basewise.fit.inspect import inspect_wheel

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "tools/knowledge/runtime.yaml"
RECORDED = ROOT / "tools/recorded/proofs.json"
SUITE = "bookworm"
PYTHON = "3.11"
NOBODY = "65534:65534"
MAX_WHEEL_BYTES = 160 << 20
TIMEOUT_SECONDS = 900
PLATFORM = re.compile(r"-(manylinux_(\d+)_(\d+)|manylinux2014|manylinux2010|manylinux1)[^-]*_x86_64\.whl\Z")
ABI = re.compile(r"-(cp312-cp312|cp3\d+-abi3|py3-none|py2\.py3-none)-")
HOOK = """
import sys
def _hook(event, arguments):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn"):
        command = arguments[1] if event == "subprocess.Popen" and arguments[1] else [arguments[0]]
        first = command if isinstance(command, (str, bytes)) else command[0]
        first = first.decode() if isinstance(first, bytes) else str(first)
        sys.stderr.write("BASEWISE-EXEC " + first.split()[0].rsplit("/", 1)[-1] + "\\n")
sys.addaudithook(_hook)
"""
MAPS = """
import re as _re
for _line in open("/proc/self/maps"):
    _name = _line.split()[-1].rsplit("/", 1)[-1]
    if ".so" in _name:
        print("BASEWISE-MAP " + _name)
"""


def main() -> int:
    """Run the tool."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--refresh", action="store_true")
    mode.add_argument("--missing", action="store_true")
    mode.add_argument("--only")
    mode.add_argument("--rederive", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=("elf", "import"), default=None)
    arguments = parser.parse_args()
    seeds = read_seeds()
    proofs = json.loads(RECORDED.read_bytes())["proofs"] if RECORDED.exists() else {}
    if arguments.rederive is not None:
        return rederive(seeds, proofs, arguments.rederive, arguments.seed, arguments.kind)
    proofs = {key: proof for key, proof in proofs.items() if key in seeds}
    wanted = {
        key: seed
        for key, seed in seeds.items()
        if (arguments.kind is None or key.startswith(f"{arguments.kind}:"))
        and (
            arguments.refresh
            or (arguments.missing and key not in proofs)
            or (arguments.only and key.split(":")[1] in arguments.only.split(","))
        )
    }
    failed = []
    with Prover() as prover:
        for key, seed in wanted.items():
            try:
                proofs[key] = prover.prove(key, seed, version="")
                print(f"{key}: {proofs[key]['wheel']}", flush=True)
            except ProofError as error:
                failed.append(key)
                print(f"{key}: NOT PROVED: {error}", flush=True)
            write(proofs)
    print(f"{len(proofs)} proofs recorded, {len(failed)} failed: {' '.join(failed)}")
    return 1 if failed else 0


def read_seeds() -> dict[str, dict[str, Any]]:
    """Return the seeds that can be proved, by `kind:package[:file kind]`."""
    document = yaml.safe_load(SEEDS.read_bytes())
    return {
        ":".join(filter(None, (kind, seed["package"], seed.get("file_kind", "")))): seed
        for kind in ("elf", "import")
        for seed in document[kind]
    }


def write(proofs: dict[str, Any]) -> None:
    """Write the recorded proofs, sorted."""
    document = {"schema": "basewise.proofs/1", "proofs": dict(sorted(proofs.items()))}
    RECORDED.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


def rederive(
    seeds: dict[str, dict[str, Any]], proofs: dict[str, Any], count: int, seed: int, kind: str | None
) -> int:
    """Make some recorded proofs again from the recorded versions and compare all but the date."""
    keys = sorted(key for key in proofs if key in seeds and (kind is None or key.startswith(f"{kind}:")))
    chosen = random.Random(seed).sample(keys, min(count, len(keys)))  # noqa: S311 - a choice, not a secret
    print(f"seed {seed}: {' '.join(chosen)}", flush=True)
    differing = 0
    with Prover() as prover:
        for key in chosen:
            old = {name: value for name, value in proofs[key].items() if name != "date"}
            new = prover.prove(key, seeds[key], version=old["version"], wheel=old["wheel"])
            new.pop("date")
            print(f"{key}: {'same' if new == old else f'DIFFERS: {old} {new}'}", flush=True)
            differing += new != old
    print(f"{len(chosen)} re-derived, {differing} differ")
    return 1 if differing else 0


class ProofError(Exception):
    """A proof could not be made."""


class Prover:
    """Makes proofs; the bare root is built when the first import proof needs it."""

    def __init__(self) -> None:
        self._client = HttpClient()
        self._work = Path(tempfile.mkdtemp(prefix="basewise-prove-"))
        self._bare: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        shutil.rmtree(self._work, ignore_errors=True)

    def prove(self, key: str, seed: dict[str, Any], *, version: str, wheel: str = "") -> dict[str, Any]:
        """Return the proof of a seed, of the newest version or a given one."""
        found_version, file = self._find_wheel(seed, version, wheel)
        content = self._download(file)
        fact = inspect_wheel(io.BytesIO(content), filename=file["name"])
        if fact.sha256 != file["sha256"]:
            raise ProofError("the index states another hash")
        proof = {
            "version": found_version,
            "wheel": fact.filename,
            "sha256": fact.sha256,
            "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        }
        if key.startswith("elf:"):
            if not fact.inspected:
                raise ProofError("an ELF file could not be read")
            return proof | {"hard": list(fact.hard), "soft": list(fact.soft), "glibc": fact.glibc}
        return proof | {"suite": SUITE, "witness": self._import(seed, found_version, file["name"], content)}

    def _find_wheel(self, seed: dict[str, Any], version: str, wheel: str) -> tuple[str, dict[str, Any]]:
        """Resolve the distribution alone and choose its wheel."""
        requirement = seed["package"] + (f"=={version}" if version else "")
        with tempfile.TemporaryDirectory() as directory:
            output = Path(directory) / "pylock.one.toml"
            done = subprocess.run(
                [
                    uv(),
                    "pip",
                    "compile",
                    "-",
                    "--universal",
                    "--python-version",
                    "3.12",
                    "--no-deps",
                    "-q",
                    "--no-config",
                    "--format",
                    "pylock.toml",
                    "-o",
                    str(output),
                ],
                input=requirement,
                text=True,
                capture_output=True,
                check=False,
                cwd=directory,
                env=os.environ | {"UV_PYTHON_DOWNLOADS": "never"},
                timeout=TIMEOUT_SECONDS,
            )
            if done.returncode != 0:
                raise ProofError(f"not resolved: {done.stderr.strip()[-200:]}")
            package = tomllib.loads(output.read_text())["packages"][0]
        files = [
            {
                "name": file.get("name") or file["url"].rsplit("/", 1)[1],
                "url": file["url"],
                "sha256": file["hashes"]["sha256"],
                "size": file.get("size", 0),
            }
            for file in package.get("wheels", ())
        ]
        if wheel:
            chosen = [file for file in files if file["name"] == wheel]
        else:
            pure = [file for file in files if file["name"].endswith("-any.whl")]
            matching = [file for file in files if PLATFORM.search(file["name"]) and ABI.search(file["name"])]
            use_pure = seed.get("platform") == "any" or not matching
            chosen = pure if use_pure else sorted(matching, key=preference)
        if not chosen:
            raise ProofError(f"version {package['version']} has no wheel for this purpose")
        return package["version"], chosen[-1]

    def _download(self, file: dict[str, Any]) -> bytes:
        """Download a wheel."""
        if file["size"] > MAX_WHEEL_BYTES:
            raise ProofError(f"the wheel has {file['size']} bytes")
        response = self._client.get(file["url"], max_bytes=MAX_WHEEL_BYTES)
        if response.status != 200:  # noqa: PLR2004 - OK
            raise ProofError(f"the index answers {response.status}")
        return response.body

    def _import(self, seed: dict[str, Any], version: str, name: str, content: bytes) -> list[str]:
        """Run the smoke line without and with the packages and return what was started or mapped."""
        site = self._work / "site"
        shutil.rmtree(site, ignore_errors=True)
        wheel = self._work / name
        wheel.write_bytes(content)
        target = str(wheel) if seed.get("platform") == "any" else f"{seed['package']}=={version}"
        run(
            [
                uv(),
                "pip",
                "install",
                "-q",
                "--no-config",
                "--target",
                str(site),
                "--python-version",
                PYTHON,
                "--python-platform",
                "x86_64-manylinux_2_36",
                "--only-binary",
                ":all:",
                target,
                *seed.get("with", ()),
            ]
        )
        wheel.unlink()
        with self._root() as root:
            shutil.copytree(site, root / "opt/site", symlinks=True)
            (root / "opt/hook").mkdir()
            (root / "opt/hook/sitecustomize.py").write_text(HOOK)
            run(["chmod", "-R", "a+rX", str(root / "opt")])
            before = smoke(root, seed["smoke"])
            if before.returncode == 0:
                raise ProofError("the smoke line passes without the packages")
            run(
                [
                    "chroot",
                    str(root),
                    "apt-get",
                    "install",
                    "-y",
                    "-qq",
                    "--no-install-recommends",
                    *packages_of(seed),
                ]
            )
            after = smoke(root, seed["smoke"] + "\n" + MAPS)
            if after.returncode != 0:
                raise ProofError(f"it fails with the packages too: {after.stderr.strip()[-300:]}")
            return self._witness(seed, before, after, root)

    @staticmethod
    def _witness(
        seed: dict[str, Any],
        before: subprocess.CompletedProcess[str],
        after: subprocess.CompletedProcess[str],
        root: Path,
    ) -> list[str]:
        """Return one line a need: the program that was started, or the library that is mapped."""
        started = set(re.findall(r"^BASEWISE-EXEC (\S+)$", after.stderr + before.stderr, re.MULTILINE))
        mapped = set(re.findall(r"^BASEWISE-MAP (\S+)$", after.stdout, re.MULTILINE))
        witness = []
        for need in seed["needs"]:
            if need["kind"] == "soname":
                if not any(name == need["name"] or name.startswith(f"{need['name']}.") for name in mapped):
                    raise ProofError(f"{need['name']} is not mapped, but {sorted(mapped)}")
                witness.append(f"mapped {need['name']}")
            elif need["name"] in started:
                witness.append(f"started {need['name']}")
            elif any((root / place / need["name"]).exists() for place in ("usr/bin", "bin")):
                witness.append(f"installed {need['name']}")
            else:
                raise ProofError(f"{need['name']} was not started, but {sorted(started)}")
        if not any(line.startswith(("mapped", "started")) for line in witness):
            raise ProofError("nothing was started or mapped")
        return witness

    @contextmanager
    def _root(self) -> Iterator[Path]:
        """A fresh copy of the bare root."""
        if self._bare is None:
            self._bare = make_root(self._work / "bare")
        copy = self._work / "root"
        run(["cp", "-a", "--reflink=auto", str(self._bare), str(copy)])
        run(["mount", "-t", "proc", "proc", str(copy / "proc")])
        try:
            yield copy
        finally:
            run(["umount", str(copy / "proc")])
            shutil.rmtree(copy)


def preference(file: dict[str, Any]) -> tuple[int, int, str]:
    """Order wheels: the newest C library last, as an installer on a new base takes it."""
    found = PLATFORM.search(file["name"])
    level = int(found[3]) if found and found[3] else 17
    return level, int("-cp312-" in file["name"]), file["name"]


def packages_of(seed: dict[str, Any]) -> list[str]:
    """Return the Debian packages of a seed on the suite of the proofs; a soname alone is looked up."""
    table = json.loads((ROOT / "src/basewise/data/knowledge/sonames.json").read_bytes())
    names: list[str] = []
    for need in seed["needs"]:
        stated = need.get("packages", {})
        listed = stated.get(SUITE) or stated.get("debian")
        names += listed or [table["suites"][SUITE]["packages"][need["name"]]]
    return list(dict.fromkeys(names))


def make_root(target: Path) -> Path:
    """Make the bare root: minbase, Debian's python3, and package lists."""
    sources = next(
        path
        for path in sorted(Path("/etc/apt/sources.list.d").glob("*.sources"))
        if re.search(rf"^Suites:.*\b{SUITE}\b", path.read_text(), re.MULTILINE)
    )
    run(
        [
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            "--include=python3,ca-certificates",
            SUITE,
            str(target),
            str(sources),
        ]
    )
    shutil.copy("/etc/resolv.conf", target / "etc/resolv.conf")
    run(["chroot", str(target), "apt-get", "update", "-qq"])
    return target


def smoke(root: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run Python lines in a root as nobody."""
    return subprocess.run(
        [
            "chroot",
            f"--userspec={NOBODY}",
            str(root),
            "/usr/bin/env",
            "-i",
            "PATH=/usr/bin:/bin",
            "LC_ALL=C.UTF-8",
            "HOME=/tmp",
            "PYTHONDONTWRITEBYTECODE=1",
            "PYTHONPATH=/opt/hook:/opt/site",
            "python3",
            "-c",
            line,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )


def run(command: list[str]) -> None:
    """Run a command; its last words become the error."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "UV_PYTHON_DOWNLOADS": "never"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS, env=environment
    )
    if done.returncode != 0:
        raise ProofError(f"`{command[0]}` failed: {(done.stderr or done.stdout).strip()[-300:]}")


def uv() -> str:
    """Return the uv program of this environment."""
    from uv import find_uv_bin  # noqa: PLC0415 - only the refresh needs it

    return find_uv_bin()


if __name__ == "__main__":
    sys.exit(main())
