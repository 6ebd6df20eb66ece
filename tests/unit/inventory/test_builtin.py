from __future__ import annotations

import importlib
import inspect
import pkgutil

import basewise.inventory
from basewise.inventory.builtin import CATALOGERS


def test_every_cataloger_is_on_the_list_once_under_a_name_of_its_own() -> None:
    written = {
        found
        for module in pkgutil.iter_modules(basewise.inventory.__path__, "basewise.inventory.")
        for name, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
        if name.endswith("Cataloger") and name != "Cataloger"
    }
    assert {type(one) for one in CATALOGERS} == written
    assert len({one.name for one in CATALOGERS}) == len(CATALOGERS)


def test_os_packages_are_catalogued_before_what_may_belong_to_them() -> None:
    names = [one.name for one in CATALOGERS]
    assert names.index("os_release") == 0
    for owner in ("dpkg", "apk", "rpm", "conda"):
        for owned in ("python", "cpython"):
            assert names.index(owner) < names.index(owned)
    assert names[-1] == "surface"


def test_no_pattern_has_to_be_tried_on_every_path_but_that_of_distroless() -> None:
    slow = [
        pattern
        for one in CATALOGERS
        for pattern in (*one.wants, *one.condenses)
        if "*" in pattern.rpartition("/")[2] and "*" in pattern.rpartition(".")[2]
    ]
    assert slow == ["var/lib/dpkg/status.d/*"]
