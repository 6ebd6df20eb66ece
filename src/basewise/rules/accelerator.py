"""CUDA that is there twice, and GPU wheels where nothing computes on a GPU."""

from __future__ import annotations

import re
from collections.abc import Iterator

from basewise._internal.text import format_bytes, plural
from basewise.model.check import CheckSeverity
from basewise.model.requirement import Accelerator
from basewise.rules.described import described
from basewise.rules.evidence import AppEvidence
from basewise.rules.rule import Context, Found, RuleCheck

__all__ = ["CUDA_TWICE", "GPU_WHEELS"]

_CUDA_IMAGE = re.compile(r"(?:^|/)nvidia/(?!.*driver)|cuda|-gpu(?:-|\Z)|cudnn")
_CUDA_OS_PACKAGE = re.compile(r"(?:cuda-|libcudnn|libcublas|libnccl|nvidia-cuda-toolkit|libcudart)")
_GPU_WHEEL = re.compile(r"nvidia-(?:cu|nccl|nvjitlink|nvtx|nvshmem|npp|nvjpeg)")
_BRINGS_CUDA = frozenset({"torch"})


def _cuda_twice(context: Context) -> Iterator[Found]:
    app, base = context.app, context.base
    wheels = _gpu_wheels(app)
    if not wheels or app is None:
        return
    for run in context.runs:
        for script, call in run.calls:
            names = [word.text for word in call.operands if _CUDA_OS_PACKAGE.match(word.text)]
            if run.final and call.installs and names:
                words = call.command.words
                span = script.span(words[0].start, words[-1].end) or context.place(run.part)
                yield Found(
                    start=span[0],
                    end=span[1],
                    message=f"CUDA is there twice: {', '.join(names)}, and in {_named(wheels)}",
                    hint="leave the OS packages out: the wheels carry their own",
                    packages=tuple(sorted(names)),
                )
    if base is None or base.reference is None:
        return
    if _CUDA_IMAGE.search(f"{base.reference.repository}:{base.reference.tag or ''}"):
        yield Found(
            start=base.use.start,
            end=base.use.end,
            image=base.name,
            message=f"CUDA is there twice: in `{base.name}`, and in {_named(wheels)}",
            hint="stand on a slim image: the wheels carry their own CUDA, the host brings the driver",
            packages=wheels,
        )


def _gpu_in_cpu(context: Context) -> Iterator[Found]:
    app, base = context.app, context.base
    wheels = _gpu_wheels(app)
    if app is None or base is None or not wheels or app.accelerator is Accelerator.CUDA:
        return
    name = f"{base.reference.repository}:{base.reference.tag or ''}" if base.reference else ""
    if _CUDA_IMAGE.search(name) or _asks_for_a_gpu(context):
        return
    stated = app.accelerator is Accelerator.CPU
    saved = [swap for swap in (app.bare.swaps if app.bare else ()) if "CPU wheels" in swap.with_]
    saves = (
        f", {format_bytes(saved[0].saves_disk_bytes)} on disk" if saved and saved[0].saves_disk_bytes else ""
    )
    yield Found(
        start=base.use.start,
        end=base.use.end,
        severity=None if stated else CheckSeverity.NOTE,
        image=base.name,
        message=f"{_named(wheels)} {'is' if len(wheels) == 1 else 'are'} installed in an image for CPUs{saves}"
        if stated
        else f"{_named(wheels)} may be of no use: nothing says that this image computes on a GPU{saves}",
        hint='install the CPU wheels, or say `accelerator = "cuda"` in `[tool.basewise]`',
        packages=wheels,
    )


def _asks_for_a_gpu(context: Context) -> bool:
    return any(
        "NVIDIA_VISIBLE_DEVICES" in part.arguments or "NVIDIA_DRIVER_CAPABILITIES" in part.arguments
        for part in context.final_parts
        if part.keyword == "ENV"
    )


def _gpu_wheels(app: AppEvidence | None) -> tuple[str, ...]:
    if app is None:
        return ()
    found = tuple(name for name in app.distributions if _GPU_WHEEL.match(name))
    if found or app.resolved:
        return found
    return tuple(name for name in app.distributions if name in _BRINGS_CUDA)


def _named(wheels: tuple[str, ...]) -> str:
    if len(wheels) == 1:
        return f"the wheel {wheels[0]}"
    return f"{plural(len(wheels), 'GPU wheel')} ({wheels[0]} ...)"


CUDA_TWICE = RuleCheck(
    described(
        "BW042",
        "cuda-twice",
        CheckSeverity.WARNING,
        "CUDA comes from the wheels or from the image, not from both.",
    ),
    _cuda_twice,
)
GPU_WHEELS = RuleCheck(
    described(
        "BW043", "gpu-wheels", CheckSeverity.WARNING, "GPU wheels are installed only where there is a GPU."
    ),
    _gpu_in_cpu,
)
