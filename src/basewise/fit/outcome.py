"""What judging an application asks for and answers."""

from __future__ import annotations

import msgspec

from basewise.errors import ResolveError
from basewise.model.base_image import BaseImage
from basewise.model.evidence import NotCovered
from basewise.model.requirement import Accelerator, Resolution
from basewise.model.verdict import Fit

__all__ = ["FitOptions", "FitReport", "ResolutionProblem"]


class FitOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to judge.

    Args:
        accelerator: What is computed on; None: as the application says.
        offline: Ask neither the index nor any other host.
        allow_index: Index addresses of the application that the user allows.
        uv_binary: The uv to run; None finds it.
        timeout_seconds: For one run of uv.
        inspect_unknown: Fetch and read wheels whose native needs are not known.
        today: Date to note in new wheel facts, `YYYY-MM-DD`; "" for the present one.
    """

    accelerator: Accelerator | None = None
    offline: bool = False
    allow_index: tuple[str, ...] = ()
    uv_binary: str | None = None
    timeout_seconds: float = 180.0
    inspect_unknown: bool = True
    today: str = ""


class ResolutionProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Why there are no pins for a Python minor.

    Args:
        python: The minor as `3.12`.
        kind: `unsatisfiable`, `missing` (a requirement does not exist), `python` (the application or a pin
            excludes the minor) or `index` (the index could not be asked).
        sentence: The resolver's reasoning, cleaned.
        packages: Names that the reasoning is about.
    """

    python: str
    kind: str
    sentence: str
    packages: tuple[str, ...] = ()


class FitReport(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement of one application on many base images.

    Args:
        fits: By image name and platform.
        resolutions: Per Python minor: the pins that were judged, or why there are none.
        not_covered: What could not be seen, and why.
        warnings: Sentences for the user: yanked pins, index lines that were not honoured.
        own_lock: The application's own files pin every hash, so no other lock is needed.
        uv_runs: How often uv was started.
        python_changes: Pins that differ between minors: (name, ((minor, version), …)), sorted.
    """

    fits: dict[tuple[str, str], Fit]
    resolutions: dict[str, Resolution | ResolutionProblem]
    not_covered: tuple[NotCovered, ...] = ()
    warnings: tuple[str, ...] = ()
    python_changes: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    own_lock: bool = False
    uv_runs: int = 0

    def of(self, image: BaseImage) -> Fit:
        """Return the judgement of an image that was judged."""
        return self.fits[image.name, str(image.platform)]

    def lock_text(self, python: str, *, machines: tuple[str, ...] = ("x86_64", "aarch64")) -> str | None:
        """Return the hash-pinned requirements of the judged resolution of a minor, see `lock.lock_text`.

        Returns:
            None when the application's own requirements files pin every hash.

        Raises:
            ResolveError: There is no resolution for this minor, or a file of it has no hash.
        """
        from basewise.fit.lock import lock_text  # noqa: PLC0415 - only the recommended minor needs it

        if self.own_lock:
            return None
        resolution = self.resolutions.get(python)
        if not isinstance(resolution, Resolution):
            reason = f": {resolution.sentence}" if resolution is not None else ""
            raise ResolveError(f"there is no resolution for Python {python}{reason}")
        return lock_text(resolution, python, machines=machines)
