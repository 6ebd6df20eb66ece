"""basewise chooses the right Python base image for an application, with evidence.

The names below are the promised ones; each is imported when it is first used, so that
`import basewise` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from basewise.model.choice import Candidate, Choice
    from basewise.model.scan import Scan
    from basewise.operations.choose import ChooseOptions, choose
    from basewise.operations.scan import ScanOptions, scan

__all__ = ["Candidate", "Choice", "ChooseOptions", "Scan", "ScanOptions", "__version__", "choose", "scan"]
__version__ = "0.1.0"

_HOMES = {
    "Candidate": "basewise.model.choice",
    "Choice": "basewise.model.choice",
    "ChooseOptions": "basewise.operations.choose",
    "Scan": "basewise.model.scan",
    "ScanOptions": "basewise.operations.scan",
    "choose": "basewise.operations.choose",
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
