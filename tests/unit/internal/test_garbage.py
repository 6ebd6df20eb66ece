from __future__ import annotations

import gc

import pytest

from basewise._internal.garbage import cycles_left_alone


def test_the_search_for_cycles_pauses_and_goes_on() -> None:
    assert gc.isenabled()
    with cycles_left_alone():
        assert not gc.isenabled()
        with cycles_left_alone():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_after_an_error() -> None:
    def broken() -> None:
        raise ValueError

    with pytest.raises(ValueError), cycles_left_alone():  # noqa: PT011 - the bare error of `broken`
        broken()
    assert gc.isenabled()
