"""Addresses that a lock writes are never followed; those of the configured index are taken by hash."""

from __future__ import annotations

from basewise.fit.addresses import wants_addresses, with_addresses, without_addresses
from basewise.fit.targets import distinct_targets
from basewise.model.requirement import DistributionFile, Resolution, ResolvedPackage
from basewise.testing.fits import base_image

WHEEL = "alpha-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"


def lock(url: str | None, sha256: str = "a" * 64) -> Resolution:
    file = DistributionFile(filename=WHEEL, size_bytes=10, sha256=sha256, url=url)
    source = DistributionFile(filename="alpha-1.0.tar.gz", size_bytes=5, sha256="b" * 64, url=url)
    package = ResolvedPackage(name="alpha", version="1.0", wheels=(file,), sdist=source)
    return Resolution(python=None, packages=(package,), origin="lock uv.lock")


def test_no_address_of_a_lock_stays() -> None:
    (package,) = without_addresses(lock("https://evil.invalid/alpha.whl")).packages
    assert package.sdist is not None
    assert [file.url for file in (*package.wheels, package.sdist)] == [None, None]


def test_the_address_of_the_index_is_taken_for_the_same_hash() -> None:
    (package,) = with_addresses(lock(None), lock("https://index.invalid/alpha.whl")).packages
    assert package.wheels[0].url == "https://index.invalid/alpha.whl"


def test_the_address_of_another_file_of_the_same_name_is_not_taken() -> None:
    (package,) = with_addresses(lock(None), lock("https://index.invalid/alpha.whl", "c" * 64)).packages
    assert package.wheels[0].url is None


def test_addresses_are_wanted_only_for_wheels_that_a_target_takes_and_nobody_knows() -> None:
    targets = distinct_targets([base_image(python="3.12.14")])
    other = distinct_targets([base_image(python="3.13.15")])
    assert wants_addresses(lock(None), targets, lambda _: False)
    assert not wants_addresses(lock(None), targets, lambda _: True)
    assert not wants_addresses(lock(None), other, lambda _: False)
