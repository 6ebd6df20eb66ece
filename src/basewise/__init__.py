"""basewise chooses the right Python base image for an application, with evidence.

The names below are the promised ones; each is imported when it is first used, so that
`import basewise` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from basewise.model.check import Check
    from basewise.model.choice import Candidate, Choice
    from basewise.model.compare import Compare
    from basewise.model.pin import Pinned
    from basewise.model.scan import Scan
    from basewise.operations.check import CheckOptions, check
    from basewise.operations.choose import ChooseOptions, choose
    from basewise.operations.compare import CompareOptions, compare
    from basewise.operations.pin import PinOptions, pin
    from basewise.operations.scan import ScanOptions, scan

__all__ = [
    "Candidate",
    "Check",
    "CheckOptions",
    "Choice",
    "ChooseOptions",
    "Compare",
    "CompareOptions",
    "PinOptions",
    "Pinned",
    "Scan",
    "ScanOptions",
    "__version__",
    "check",
    "choose",
    "compare",
    "pin",
    "scan",
]
__version__ = "0.1.0"

_HOMES = {
    "Candidate": "basewise.model.choice",
    "Check": "basewise.model.check",
    "CheckOptions": "basewise.operations.check",
    "Choice": "basewise.model.choice",
    "ChooseOptions": "basewise.operations.choose",
    "Compare": "basewise.model.compare",
    "CompareOptions": "basewise.operations.compare",
    "PinOptions": "basewise.operations.pin",
    "Pinned": "basewise.model.pin",
    "Scan": "basewise.model.scan",
    "ScanOptions": "basewise.operations.scan",
    "check": "basewise.operations.check",
    "choose": "basewise.operations.choose",
    "compare": "basewise.operations.compare",
    "pin": "basewise.operations.pin",
    "scan": "basewise.operations.scan",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562: the value is whatever the name stands for
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'basewise' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only on first use

    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
