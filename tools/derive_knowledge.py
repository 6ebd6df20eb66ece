"""Write the knowledge tables of `data/knowledge/` from their seeds and the recorded evidence.

The seeds in `tools/knowledge/*.yaml` are written by people; the evidence is made by tools and recorded in
`tools/recorded/`: `proofs.json` (by `prove_knowledge.py`), `measured.json` (sizes of replacements and CUDA
majors, by this tool). `--refresh` makes everything that is missing in the records and writes the tables;
`--write` writes them from the records; `--check` compares the committed tables with the records and counts.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import yaml

from basewise._internal.http import HttpClient
from basewise.fit.remote_zip import remote_installed_size

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "tools/knowledge"
PROOFS = ROOT / "tools/recorded/proofs.json"
MEASURED = ROOT / "tools/recorded/measured.json"
TABLES = ROOT / "src/basewise/data/knowledge"
SUITES = ("bullseye", "bookworm", "trixie")
CURATED = "2026-11-23"
MIN_RUNTIME, MIN_PROVED, MIN_BUILD = 60, 40, 20
C_RUNTIME = frozenset(
    {
        "libc.so.6",
        "libm.so.6",
        "libpthread.so.0",
        "libdl.so.2",
        "librt.so.1",
        "libutil.so.1",
        "libresolv.so.2",
    }
    | {"libmvec.so.1", "libanl.so.1", "libgcc_s.so.1", "libstdc++.so.6"}
)


def main() -> int:
    """Run the tool."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--refresh", action="store_true")
    mode.add_argument("--write", action="store_true")
    mode.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if arguments.refresh:
        subprocess.run([sys.executable, str(ROOT / "tools/prove_knowledge.py"), "--missing"], check=False)
        MEASURED.write_text(json.dumps(measure(), indent=1, sort_keys=True) + "\n")
    tables = {name: encode(table) for name, table in derive().items()}
    if arguments.check:
        return check(tables)
    for name, content in tables.items():
        (TABLES / f"{name}.json").write_bytes(content)
        print(f"wrote {name}.json: {len(content)} bytes")
    return 0


def check(tables: dict[str, bytes]) -> int:
    """Compare the committed tables with the derived ones and count the evidence."""
    problems = [
        f"{name}.json is not what the seeds and records give: run --write"
        for name, content in tables.items()
        if (TABLES / f"{name}.json").read_bytes() != content
    ]
    kinds = [entry["evidence"]["kind"] for entry in json.loads(tables["runtime"])["entries"]]
    proved = sum(kind != "documentation" for kind in kinds)
    builds = len(json.loads(tables["build"])["entries"])
    if len(kinds) < MIN_RUNTIME or proved < MIN_PROVED or builds < MIN_BUILD:
        problems.append(f"too few entries: {len(kinds)} runtime, {proved} of them proved, {builds} recipes")
    for name in ("scikit-learn", "lightgbm"):
        recipes = [one for one in json.loads(tables["build"])["entries"] if one["package"] == name]
        if any("alpine" in one["build"] for one in recipes):
            problems.append(f"{name} has a recipe for Alpine that nobody proved")
    print("\n".join(problems) or f"knowledge: ok, {len(kinds)} runtime entries, {proved} of them proved")
    return 1 if problems else 0


def derive() -> dict[str, dict[str, Any]]:
    """Return all tables."""
    proofs = json.loads(PROOFS.read_bytes())["proofs"]
    measured = json.loads(MEASURED.read_bytes())
    return {
        "runtime": table("runtime-knowledge", runtime_entries(seeds("runtime"), proofs)),
        "build": table("build-recipes", [recipe(seed) for seed in seeds("build")]),
        "swaps": table("swaps", [swap(seed, measured["replacements"]) for seed in seeds("swaps")]),
        "overrides": table("overrides", [override(seed) for seed in seeds("overrides")]),
        "gpu": gpu(seeds("gpu"), measured["cuda"]),
        "known_false": table("known-false-findings", seeds("known_false")),
        "numpy_abi": table("numpy-abi", seeds("numpy_abi")),
        "publishers": table("publishers", seeds("publishers")),
    }


def seeds(name: str) -> Any:  # noqa: ANN401 - hand-written files of different shapes
    """Return the content of a seed file."""
    return yaml.safe_load((SEEDS / f"{name}.yaml").read_bytes())


def table(name: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a table with its entries in order."""
    order = ("package", "replace", "with", "versions", "file_kind", "libc")
    entries.sort(key=lambda entry: [str(entry.get(key, "")) for key in order])
    return {"schema": f"basewise.{name}/1", "entries": entries}


def runtime_entries(document: dict[str, Any], proofs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the runtime entries; a seed to prove whose proof is not recorded is left out and said."""
    entries = []
    for kind in ("elf", "import", "documentation"):
        for seed in document[kind]:
            key = ":".join(filter(None, (kind, seed["package"], seed.get("file_kind", ""))))
            if kind != "documentation" and key not in proofs:
                print(f"left out, not proved: {key}", file=sys.stderr)
                continue
            entries.append(runtime_entry(kind, seed, proofs.get(key)))
    return entries


def runtime_entry(kind: str, seed: dict[str, Any], proof: dict[str, Any] | None) -> dict[str, Any]:
    """Return one entry with needs and evidence."""
    if kind == "elf" and proof is not None:
        needs = [{"kind": "soname", "name": name} for name in hard_sonames(seed, proof)]
        source = "DT_NEEDED of what an import loads from this wheel"
    else:
        needs = [need_of(need) for need in seed["needs"]]
        source = seed.get("source", "")
    if kind == "import" and proof is not None:
        source = (
            f"fails in a bare {proof['suite']} root, passes with the packages: {', '.join(proof['witness'])}"
        )
    evidence = {"kind": "import-proof" if kind == "import" else kind, "date": CURATED, "source": source}
    if proof is not None:
        evidence |= {"wheel": proof["wheel"], "sha256": proof["sha256"], "date": proof["date"]}
    entry = {"package": seed["package"], "needs": needs, "evidence": evidence}
    if kind == "elf" and proof is not None:
        entry |= {"libc": "glibc", "file_kind": seed.get("file_kind", "platform")}
        entry["versions"] = seed["versions"] if "versions" in seed else since(proof["version"])
    optional = ("modules", "smoke", "note", *(() if kind == "elf" else ("versions", "libc", "file_kind")))
    return entry | {key: seed[key] for key in optional if seed.get(key)}


def hard_sonames(seed: dict[str, Any], proof: dict[str, Any]) -> list[str]:
    """Return the sonames of a proof beyond the C and C++ runtime, without optional and supplied ones."""
    optional = {
        pattern
        for one in seeds("overrides")
        if re.fullmatch(one["package"].replace("*", ".*"), seed["package"])
        for pattern in one["soft"]
    } | set(seed.get("supplied", ()))
    expressions = [
        re.compile(re.escape(p).replace(r"\*", ".*").replace(r"\?", ".") + r"\Z") for p in optional
    ]
    return [
        name
        for name in proof["hard"]
        if name not in C_RUNTIME and not any(one.match(name) for one in expressions)
    ]


def since(version: str) -> str:
    """Return the specifier of the measured release series and later."""
    return ">=" + ".".join(version.split(".")[:2])


def need_of(need: dict[str, Any]) -> dict[str, Any]:
    """Return a need with its packages per release."""
    result = dict(need)
    if "packages" in need:
        result["packages"] = per_suite(need["packages"])
    return result


def per_suite(packages: dict[str, list[str]]) -> dict[str, list[str]]:
    """Spread `debian` over the suites that have no names of their own."""
    spread = {suite: packages["debian"] for suite in SUITES if "debian" in packages}
    return dict(sorted((spread | {key: names for key, names in packages.items() if key != "debian"}).items()))


def documented(seed: dict[str, Any]) -> dict[str, Any]:
    """Return the evidence of a curated seed."""
    return {"kind": "documentation", "date": seed.get("date", CURATED), "source": seed["source"]}


def recipe(seed: dict[str, Any]) -> dict[str, Any]:
    """Return one build recipe."""
    entry = {
        "package": seed["package"],
        "build": per_suite(seed["build"]),
        "run": per_suite(seed["run"]),
        "evidence": documented(seed),
    }
    return entry | {key: seed[key] for key in ("versions", "modules") if seed.get(key)}


def override(seed: dict[str, Any]) -> dict[str, Any]:
    """Return one override."""
    return {key: seed[key] for key in ("package", "soft", "reason")} | {"evidence": documented(seed)}


def swap(seed: dict[str, Any], replacements: dict[str, Any]) -> dict[str, Any]:
    """Return one swap rule, with measured sizes where there are any."""
    entry = {key: value for key, value in seed.items() if key not in {"measure", "source"}}
    entry["evidence"] = documented(seed)
    measured = replacements.get(seed.get("measure", ""))
    if measured is not None:
        entry["replacement_download_bytes"] = measured["download_bytes"]
        entry["replacement_disk_bytes"] = measured["disk_bytes"]
        entry["evidence"] |= {key: measured[key] for key in ("wheel", "sha256", "date")}
    return entry


def gpu(document: dict[str, Any], derived: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the GPU table."""
    facts = [
        {
            "package": one["package"],
            "extra": one.get("extra", ""),
            "versions": one["versions"],
            "cuda": one["cuda"],
            "evidence": {"kind": "documentation", "date": one["date"], "source": one["source"]},
        }
        for one in [*document["cuda"], *derived]
    ]
    drivers = [
        {"cuda": one["cuda"], "driver": one["driver"], "evidence": documented(one)}
        for one in document["drivers"]
    ]
    facts.sort(key=lambda fact: (fact["package"], fact["cuda"], fact["versions"]))
    return {"schema": "basewise.gpu/1", "cuda": facts, "drivers": drivers}


def measure() -> dict[str, Any]:
    """Ask the index for the sizes of replacements and the CUDA majors of framework releases."""
    names = sorted({seed["measure"] for seed in seeds("swaps") if "measure" in seed})
    with HttpClient() as client:
        replacements = {name: one for name in names if (one := measure_wheel(client, name)) is not None}
    return {
        "schema": "basewise.measured/1",
        "replacements": replacements,
        "cuda": [fact for seed in seeds("gpu")["derive"] for fact in cuda_series(seed)],
    }


def measure_wheel(client: HttpClient, name: str) -> dict[str, Any] | None:
    """Return the sizes of the newest wheel of a distribution for Python 3.12 on x86_64 glibc."""
    packages = compile_lock(name, "3.12", deps=False)
    wheels = packages[0].get("wheels", ()) if packages else ()
    tags = re.compile(r"-(cp312-cp312|cp3\d+-abi3|py3-none|py2\.py3-none)-(manylinux.*_x86_64|any)\.whl\Z")
    fitting = [wheel for wheel in wheels if tags.search(wheel["url"])]
    if not fitting:
        print(f"no wheel to measure: {name}", file=sys.stderr)
        return None
    wheel = max(fitting, key=lambda one: str(one["url"].rsplit("/", 1)[1]))
    size = remote_installed_size(client, wheel["url"], wheel["size"])
    return {
        "wheel": wheel["url"].rsplit("/", 1)[1],
        "sha256": wheel["hashes"]["sha256"],
        "date": today(),
        "download_bytes": wheel["size"],
        "disk_bytes": size.installed_bytes if size is not None else None,
    }


def cuda_series(seed: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the CUDA major of each release series of a framework, joined where neighbours agree."""
    package, extra = seed["package"], seed.get("extra", "")
    name = f"{package}[{extra}]" if extra else package
    majors = [(one, major) for one in seed["series"] if (major := cuda_major(name, one)) is not None]
    joined: list[dict[str, Any]] = []
    for index, (one, major) in enumerate(majors):
        if index and majors[index - 1][1] == major:
            joined[-1]["last"] = one
        else:
            joined.append({"first": one, "last": one, "cuda": major})
    return [
        {
            "package": package,
            "extra": extra,
            "versions": f">={part['first']},<{next_series(part['last'])}",
            "cuda": part["cuda"],
            "date": today(),
            "source": f"names of the nvidia wheels that {name} {part['first']} to {part['last']} require",
        }
        for part in joined
    ]


def cuda_major(name: str, series: str) -> int | None:
    """Return the CUDA major of the nvidia wheels that a release requires on Linux, None without any."""
    for python in ("3.12", "3.11", "3.10"):
        packages = compile_lock(f"{name}=={series}.*", python, deps=True)
        found = {
            int(match[1]) for one in packages if (match := re.fullmatch(r"nvidia-.*-cu(\d\d)", one["name"]))
        }
        if found:
            return max(found)
    return None


def next_series(series: str) -> str:
    """Return the series after `2.9`: `2.10`."""
    major, minor = series.split(".")
    return f"{major}.{int(minor) + 1}"


def compile_lock(requirement: str, python: str, *, deps: bool) -> list[dict[str, Any]]:
    """Resolve one requirement with uv and return the packages of its lock, [] when it cannot be."""
    from uv import find_uv_bin  # noqa: PLC0415 - only the refresh needs it

    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "pylock.one.toml"
        done = subprocess.run(
            [
                find_uv_bin(),
                "pip",
                "compile",
                "-",
                "--universal",
                "--python-version",
                python,
                "-q",
                "--no-config",
                "--no-build",
                *([] if deps else ["--no-deps"]),
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
            timeout=300,
            env=os.environ | {"UV_PYTHON_DOWNLOADS": "never"},
        )
        return tomllib.loads(output.read_text())["packages"] if done.returncode == 0 else []


def today() -> str:
    """Return today's date."""
    return dt.datetime.now(tz=dt.UTC).date().isoformat()


def encode(document: dict[str, Any]) -> bytes:
    """Return stable JSON."""
    return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode()


if __name__ == "__main__":
    sys.exit(main())
