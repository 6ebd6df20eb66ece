"""The order of rpm versions against `rpm` itself."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

from basewise.errors import InvalidValueError
from basewise.versions.rpm import compare

PAIRS = 10_000
SEED = 418
REALISTIC = (
    "1:3.0.7-24.el9", "0:115.6.0-1.el9_3", "5.14.0-427.13.1.el9_4", "7.4.19-4.module_el8.6.0+3238+624bf8b8", "2.7.0-10.module+el8.4.0+570+c2eaf144",
    "1.0~rc1-1.fc40", "1.0^20240101git1a2b3c-2.fc40", "2021.2.60_v7.0.306-90.1.el9_2", "9.0.3-0.rc1.el9", "32:9.16.23-14.el9_3", "4:1.30-481.el9",
    "1.8.0.402.b06-2.el9", "20230311-1", "3.9.18-1.el9_3.1", "0.0.99.4-5.el9",
)  # fmt: skip
CHARACTERS = "0123456789abzAZ.+~^_-:"
SCRIPT = "%{{lua: for line in io.lines('{file}') do local a, b = line:match('([^ ]+) ([^ ]+)'); print(rpm.vercmp(a, b) .. ' ') end}}"


def mutated(version: str, chance: random.Random) -> str:
    """Return the version with up to three characters changed, doubled, dropped or added."""
    for _ in range(chance.randrange(4)):
        place = chance.randrange(len(version) + 1)
        cut = chance.randrange(2)
        version = version[:place] + chance.choice(["", chance.choice(CHARACTERS)]) + version[place + cut :]
    return version


def is_version(text: str) -> bool:
    try:
        compare(text, text)
    except InvalidValueError:
        return False
    return True


def generated_pairs() -> list[tuple[str, str]]:
    """Return pairs of realistic versions: neighbours by a few mutations, and strangers."""
    chance = random.Random(SEED)  # noqa: S311 - test data, the same each time
    pairs: list[tuple[str, str]] = []
    while len(pairs) < PAIRS:
        left = mutated(chance.choice(REALISTIC), chance)
        right = mutated(left if chance.random() < 0.7 else chance.choice(REALISTIC), chance)
        if is_version(left) and is_version(right):
            pairs.append((left, right))
    return pairs


def test_versions_compare_as_rpm_compares(require_programs: Callable[..., None], tmp_path: Path) -> None:
    require_programs("rpm")
    pairs = generated_pairs()
    file = tmp_path / "pairs"
    file.write_text("".join(f"{left} {right}\n" for left, right in pairs), encoding="ascii")
    command = ["rpm", "--eval", SCRIPT.format(file=file)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert len(said) == len(pairs)
    ours = [str(compare(left, right)) for left, right in pairs]
    different = [(pair, rpm, own) for pair, rpm, own in zip(pairs, said, ours, strict=True) if rpm != own]
    assert different == []
    assert {"-1", "0", "1"} == set(said), "the pairs are of every kind"
