from __future__ import annotations

import msgspec
import pytest

from basewise.errors import ResolveError
from basewise.fit.completion import CompletionCache, completion_request, is_enough, known_files, merge_files
from basewise.fit.facts import WheelFact
from basewise.fit.lock import lock_text
from basewise.fit.outcome import FitReport, ResolutionProblem
from basewise.fit.targets import Target, target_of
from basewise.model.requirement import Resolution, ResolvedPackage
from basewise.testing.fits import base_image, fact, pin, resolution, wheel

BOTH = ("x86_64", "aarch64")
GLIBC: list[Target] = [target_of(base_image())]
MUSL: list[Target] = [target_of(base_image("alpine"))]
NATIVE = "cp312-cp312-manylinux_2_28_x86_64"


def hashed(name: str, version: str, *tags: str, extra: int = 0) -> ResolvedPackage:
    """Return a pin as a hashed requirements file has it: hashes without file names."""
    full = pin(name, version, *tags)
    hashes = [f"sha256:{file.sha256}" for file in full.wheels] + [
        f"sha256:{number:064x}" for number in range(extra)
    ]
    return ResolvedPackage(name=name, version=version, files_known=False, hashes=tuple(sorted(hashes)))


def by_hash(*filenames: str) -> dict[str, WheelFact]:
    facts = [fact(name) for name in filenames]
    return {one.sha256: one for one in facts}


def test_the_lock_is_sorted_and_pins_every_file_that_can_be_installed() -> None:
    pins = resolution(
        pin("beta", "2.0", NATIVE, "cp311-cp311-manylinux_2_28_x86_64", "cp312-cp312-win_amd64"),
        pin("alpha", "1.0", "py3-none-any"),
    )
    text = lock_text(pins, "3.12", machines=BOTH)
    assert text == (
        f"alpha==1.0 \\\n    --hash=sha256:{wheel('alpha-1.0-py3-none-any.whl').sha256}\n"
        f"beta==2.0 \\\n    --hash=sha256:{wheel(f'beta-2.0-{NATIVE}.whl').sha256}\n"
    )
    assert "index" not in text


def test_the_lock_keeps_the_source_archive_of_what_is_built() -> None:
    text = lock_text(resolution(pin("gamma", "3.0", sdist=True)), "3.12", machines=BOTH)
    assert text.count("--hash") == 1


def test_the_lock_leaves_out_the_source_archive_of_what_has_wheels_everywhere() -> None:
    everywhere = pin("alpha", "1.0", "py3-none-any", sdist=True)
    without_musl = pin("beta", "1.0", NATIVE, "cp312-cp312-manylinux_2_28_aarch64", sdist=True)
    assert lock_text(resolution(everywhere), "3.12", machines=BOTH).count("--hash") == 1
    assert lock_text(resolution(without_musl), "3.12", machines=BOTH).count("--hash") == 3


def test_the_lock_names_a_machine_where_only_one_wants_the_pin() -> None:
    pins = resolution(
        pin(
            "alpha", "1.0", "py3-none-any", marker="platform_machine == 'x86_64' and sys_platform == 'linux'"
        ),
        pin("beta", "1.0", "py3-none-any", marker="sys_platform == 'win32'"),
    )
    text = lock_text(pins, "3.12", machines=BOTH)
    assert text.startswith("alpha==1.0 ; platform_machine == 'x86_64' \\\n")
    assert "beta" not in text
    assert lock_text(pins, "3.12", machines=("x86_64",)).startswith("alpha==1.0 \\\n")


def test_a_pin_without_any_hash_cannot_be_locked() -> None:
    bare = msgspec.structs.replace(wheel("alpha-1.0-py3-none-any.whl"), sha256=None)
    pins = resolution(ResolvedPackage(name="alpha", version="1.0", wheels=(bare,)))
    with pytest.raises(ResolveError, match=r"alpha 1\.0 has no file with a hash"):
        lock_text(pins, "3.12", machines=BOTH)


def test_a_report_without_pins_for_a_minor_says_why() -> None:
    problem = ResolutionProblem(python="3.12", kind="unsatisfiable", sentence="a and b disagree")
    with pytest.raises(ResolveError, match="a and b disagree"):
        FitReport(fits={}, resolutions={"3.12": problem}).lock_text("3.12")


def test_an_own_lock_needs_no_other() -> None:
    assert FitReport(fits={}, resolutions={}, own_lock=True).lock_text("3.12") is None


def test_files_are_known_by_their_hashes() -> None:
    lock = resolution(hashed("beta", "2.0", NATIVE))
    known = known_files(lock, by_hash(f"beta-2.0-{NATIVE}.whl").get)
    assert [file.filename for file in known.packages[0].wheels] == [f"beta-2.0-{NATIVE}.whl"]
    assert known.packages[0].files_known
    assert is_enough(known, GLIBC)


def test_an_unknown_hash_leaves_the_files_open_but_a_platform_wheel_decides() -> None:
    lock = resolution(hashed("beta", "2.0", NATIVE, extra=3))
    known = known_files(lock, by_hash(f"beta-2.0-{NATIVE}.whl").get)
    assert not known.packages[0].files_known
    assert is_enough(known, GLIBC)
    assert not is_enough(known, MUSL)


def test_a_pure_wheel_decides_when_only_the_source_archive_is_unknown() -> None:
    facts = by_hash("alpha-1.0-py3-none-any.whl").get
    assert is_enough(known_files(resolution(hashed("alpha", "1.0", "py3-none-any", extra=1)), facts), MUSL)
    assert not is_enough(
        known_files(resolution(hashed("alpha", "1.0", "py3-none-any", extra=2)), facts), MUSL
    )


def test_a_completed_lock_takes_only_files_whose_hash_is_pinned() -> None:
    lock = resolution(hashed("beta", "2.0", NATIVE))
    answer = resolution(pin("beta", "2.0", NATIVE, "cp312-cp312-musllinux_1_2_x86_64"), python="3.12")
    merged, mismatched = merge_files(lock, answer)
    assert [file.filename for file in merged.packages[0].wheels] == [f"beta-2.0-{NATIVE}.whl"]
    assert mismatched == ()


def test_a_pin_of_which_no_file_has_a_pinned_hash_is_named() -> None:
    lock = resolution(hashed("beta", "2.0", "cp312-cp312-musllinux_1_2_x86_64"))
    assert merge_files(lock, resolution(pin("beta", "2.0", NATIVE)))[1] == ("beta==2.0",)


def test_sizes_of_a_lock_with_names_are_completed_by_hash() -> None:
    unsized = wheel("alpha-1.0-py3-none-any.whl", size_bytes=None)
    lock = resolution(ResolvedPackage(name="alpha", version="1.0", wheels=(unsized,)))
    merged, _ = merge_files(lock, resolution(pin("alpha", "1.0", "py3-none-any")))
    assert merged.packages[0].wheels[0].size_bytes == 1000


def test_the_cache_gives_back_what_was_answered() -> None:
    cache = CompletionCache()
    lock = resolution(hashed("beta", "2.0", NATIVE))
    request = completion_request(lock, "3.12", BOTH)
    urls = frozenset({"https://mirror.example/simple"})
    assert cache.read(request, urls) is None
    cache.write(request, urls, lock)
    assert cache.read(request, urls) == lock
    assert cache.read(request, frozenset()) is None
    assert cache.read(completion_request(lock, "3.13", BOTH), urls) is None
    problem = ResolutionProblem(python="3.12", kind="python", sentence="too old")
    cache.write(request, urls, problem)
    assert cache.read(request, urls) == problem


def test_a_damaged_cache_entry_is_as_none() -> None:
    cache = CompletionCache()
    request = completion_request(resolution(), "3.12", BOTH)
    cache.write(request, frozenset(), Resolution(python=None, packages=(), origin=""))
    for path in cache._directory.iterdir():
        path.write_bytes(b'{"resolution": 3}')
    assert cache.read(request, frozenset()) is None
