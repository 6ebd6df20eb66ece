"""Configurations of images."""

from __future__ import annotations

import json

import pytest

from basewise.errors import ImageError
from basewise.image.config import read_config, read_time

GOOD = {
    "os": "linux",
    "architecture": "arm64",
    "variant": "v8",
    "rootfs": {"diff_ids": ["sha256:" + "0" * 64]},
}


def test_what_is_missing_is_empty() -> None:
    config = read_config(json.dumps(GOOD).encode(), "example")
    assert str(config.platform) == "linux/arm64/v8"
    assert (config.user, config.environment, config.history, config.created) == ("", (), (), None)
    assert config.variable("PATH") is None


def test_null_is_missing() -> None:
    fields = {
        "User": None,
        "Env": None,
        "ExposedPorts": None,
        "Labels": None,
        "Entrypoint": None,
        "Cmd": None,
    }
    nothing = json.dumps(GOOD | {"config": fields, "history": None, "created": None})
    assert read_config(nothing.encode(), "example").exposed_ports == ()


def test_a_history_that_does_not_fit_the_layers_names_none() -> None:
    lines = [{"created_by": "a"}, {"created_by": "b"}, {"created_by": "c", "empty_layer": True}]
    config = read_config(json.dumps(GOOD | {"history": lines}).encode(), "example")
    assert [line.layer for line in config.history] == [None, None, None]
    config = read_config(json.dumps(GOOD | {"history": lines[1:]}).encode(), "example")
    assert [line.layer for line in config.history] == [0, None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "configuration"),
        ("[]", "configuration"),
        ("", "configuration"),
        ("[" * 100_000, "configuration"),
        (json.dumps(GOOD | {"os": "windows"}), "only Linux images"),
        (json.dumps(GOOD | {"rootfs": {"diff_ids": ["sha256:x"]}}), "not a digest"),
        (json.dumps({"os": "linux", "architecture": "wasm/../x"}), "not a platform"),
    ],
)
def test_what_is_no_configuration_is_said(text: str, message: str) -> None:
    with pytest.raises(ImageError, match=message) as raised:
        read_config(text.encode(), "example")
    assert raised.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.123456+00:00"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T01:04:05+02:00", "2026-01-01T23:04:05+00:00"),
        ("0001-01-01T00:00:00Z", "None"),
        ("0001-01-01T00:00:00+02:00", "None"),
        ("9999-12-31T23:59:59-02:00", "None"),
        ("yesterday", "None"),
        ("2026-01-02T03:04:05", "None"),
        (None, "None"),
    ],
)
def test_times_are_read_as_utc_with_any_fraction_and_the_year_1_states_none(
    text: str | None, expected: str
) -> None:
    moment = read_time(text)
    assert (moment.isoformat() if moment else "None") == expected
