"""What computing on a GPU asks of image and host."""

from __future__ import annotations

import re
from collections.abc import Iterable

from basewise.fit.knowledge import GpuTable
from basewise.fit.plan import PlannedInstall
from basewise.model.requirement import Accelerator
from basewise.model.verdict import Reason, ReasonKind

__all__ = ["CUDA_ENVIRONMENT", "gpu_reasons"]

CUDA_ENVIRONMENT = (("NVIDIA_DRIVER_CAPABILITIES", "compute,utility"), ("NVIDIA_VISIBLE_DEVICES", "all"))
_CUDA_SUFFIX = re.compile(r"nvidia-.+-cu([0-9]{1,2})\Z")


def gpu_reasons(
    installs: Iterable[PlannedInstall], accelerator: Accelerator, gpu: GpuTable
) -> tuple[Reason, ...]:
    """Return what is said of CUDA: its major and the least driver, or that its weight is without use."""
    installs = tuple(installs)
    vendor = [one.package.name for one in installs if one.package.name.startswith("nvidia-")]
    if accelerator is Accelerator.CPU:
        if not vendor:
            return ()
        sentence = f"{len(vendor)} GPU wheels ({vendor[0]} …) are installed and never used on a CPU"
        return (Reason(kind=ReasonKind.NOTE, package=vendor[0], sentence=sentence),)
    stated = [
        (one, cuda)
        for one in installs
        if (cuda := gpu.cuda_for(one.package.name, one.package.version)) is not None
    ]
    if not stated:
        majors = sorted({(int(found[1]), name) for name in vendor if (found := _CUDA_SUFFIX.match(name))})
        stated = [(one, major) for major, name in majors[-1:] for one in installs if one.package.name == name]
    if accelerator is Accelerator.UNKNOWN and not vendor:
        return ()
    return tuple(_driver(one, cuda, gpu) for one, cuda in stated)


def _driver(install: PlannedInstall, cuda: int, gpu: GpuTable) -> Reason:
    driver = gpu.driver_for(cuda)
    least = (
        f"the host needs an NVIDIA driver {driver} or later" if driver else "the least driver is not known"
    )
    sentence = f"{install.label} brings CUDA {cuda}: on a GPU {least}"
    return Reason(kind=ReasonKind.DRIVER, package=install.package.name, sentence=sentence)
