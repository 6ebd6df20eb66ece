"""The wishes that `check` takes."""

from __future__ import annotations

from pathlib import Path

import msgspec

from basewise.model.check import CheckSeverity
from basewise.model.platform import LINUX_AMD64, Platform
from basewise.model.requirement import Accelerator
from basewise.operations.read_image import ImageAccess

__all__ = ["CheckOptions"]


class CheckOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to check.

    Args:
        platform: Platform that the images are built for.
        online: Registries and the package index may be asked.
        access: How registries may be asked, when they may.
        app: The folder of the application; None: the build context, as far as it can be found.
        accelerator: What the application computes on; None: as its settings say.
        allow_index: Index addresses of the application that the user allows.
        policy_file: A policy of the gate's owner, which a folder can only make stricter.
        fail_on: Least severity that violates the gate; None: as the policy says.
    """

    platform: Platform = LINUX_AMD64
    online: bool = False
    access: ImageAccess = ImageAccess()
    app: Path | None = None
    accelerator: Accelerator | None = None
    allow_index: tuple[str, ...] = ()
    policy_file: Path | None = None
    fail_on: CheckSeverity | None = None
