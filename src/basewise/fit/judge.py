"""The verdict of one environment on one base image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from basewise.fit.accelerator import CUDA_ENVIRONMENT, gpu_reasons
from basewise.fit.cost import WheelCost, wheel_cost
from basewise.fit.knowledge import Knowledge
from basewise.fit.native import EnvironmentNeeds, SymbolNeed, collect_needs
from basewise.fit.packages import Bases, Chosen, merged_why, release_of
from basewise.fit.plan import InstallPlan, recipe_packages
from basewise.fit.sonames import SonameMap
from basewise.fit.swaps import SwapContext, swaps_for
from basewise.fit.targets import admits_python
from basewise.fit.wheel_facts import FoundFact
from basewise.model.base_image import BaseImage
from basewise.model.requirement import Accelerator
from basewise.model.verdict import Fit, InstallKind, Reason, ReasonKind, Swap, Verdict

__all__ = ["Environment", "Judge"]

_GPU_LIBRARIES = ("nvidia-", "cuda-")


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """A plan with what it needs and costs: the same for every image of its place."""

    plan: InstallPlan
    needs: EnvironmentNeeds
    cost: WheelCost
    reasons: tuple[Reason, ...]


class Judge:
    """Judges environments on images, remembering what equal images have in common.

    Args:
        knowledge: Curated knowledge.
        sonames: Soname to package.
        bases: Answers what images have.
        accelerator: What the application computes on.
    """

    def __init__(
        self, *, knowledge: Knowledge, sonames: SonameMap, bases: Bases, accelerator: Accelerator
    ) -> None:
        self._knowledge = knowledge
        self._sonames = sonames
        self._bases = bases
        self._accelerator = accelerator

    def environment(self, plan: InstallPlan, found: Mapping[str, FoundFact]) -> Environment:
        """Return the environment of a plan."""
        injected = frozenset(self._sonames.injected) | frozenset(self._sonames.musl)
        needs = collect_needs(plan, found, self._knowledge, injected=injected)
        gpu = gpu_reasons(plan.installs, self._accelerator, self._knowledge.gpu)
        return Environment(
            plan=plan,
            needs=needs,
            cost=wheel_cost(plan, found),
            reasons=(*plan.reasons, *needs.reasons, *gpu, *_python_reasons(plan, found)),
        )

    def judge(self, environment: Environment, image: BaseImage) -> Fit:
        """Return the verdict on an image of the environment's place."""
        roots = self._bases.roots(image, environment.needs.needs, not_inspected=environment.needs.unread)
        linked, build_why = recipe_packages(environment.plan.installs, release_of(image))
        run_why = merged_why(roots.why, linked)
        chosen = self._bases.choose(image, run_why)
        besides = tuple(one.name for one in chosen.added)
        builders = self._bases.choose(image, merged_why(build_why), besides=besides)
        reasons = [*environment.reasons, *roots.reasons, *_symbol_reasons(environment.needs.symbols, image)]
        reasons += _unknown_base(image, environment, run_why)
        cost = environment.cost
        return Fit(
            verdict=_verdict(environment, reasons, chosen, unsettled=roots.unsettled),
            reasons=tuple(dict.fromkeys(sorted(reasons, key=_order))),
            installs=cost.installs,
            add_packages=chosen.added,
            build_packages=builders.added,
            wheels_download_bytes=cost.download_bytes,
            wheels_disk_bytes=cost.disk_bytes,
            sizes_estimated=cost.estimated,
            environment=CUDA_ENVIRONMENT if self._accelerator is Accelerator.CUDA else (),
            swaps=self._swaps(environment, image, chosen, builders),
            added_packages=chosen.packages,
        )

    def _swaps(
        self, environment: Environment, image: BaseImage, chosen: Chosen, builders: Chosen
    ) -> tuple[Swap, ...]:
        context = SwapContext(
            image=image,
            cost=environment.cost,
            needs=environment.needs,
            chosen=chosen,
            builders=builders,
            plan=environment.plan,
            accelerator=self._accelerator,
        )
        return swaps_for(context, self._knowledge, self._bases)


def _verdict(
    environment: Environment, reasons: Iterable[Reason], chosen: Chosen, *, unsettled: bool
) -> Verdict:
    kinds = {one.kind for one in environment.plan.installs}
    if any(reason.blocking for reason in reasons):
        return Verdict.DOES_NOT_FIT
    if InstallKind.UNKNOWN in kinds or unsettled:
        return Verdict.UNKNOWN
    if InstallKind.SDIST in kinds:
        return Verdict.BUILDS_FROM_SOURCE
    return Verdict.FITS_WITH_PACKAGES if chosen.added else Verdict.FITS


def _python_reasons(plan: InstallPlan, found: Mapping[str, FoundFact]) -> list[Reason]:
    """Return the wheels whose metadata refuses this Python: uv does not look at upper bounds, pip does."""
    reasons = []
    for install in plan.installs:
        fact = found.get(install.file.filename) if install.file is not None else None
        wanted = fact.fact.requires_python if fact is not None else None
        if wanted and not admits_python(wanted, plan.python):
            sentence = f"{install.label} requires Python {wanted}; this is {plan.python}"
            reasons.append(
                Reason(kind=ReasonKind.PYTHON, package=install.package.name, sentence=sentence, blocking=True)
            )
    return reasons


def _symbol_reasons(symbols: Iterable[SymbolNeed], image: BaseImage) -> list[Reason]:
    """Return the symbol versions that the base does not offer; what it offers may be unknown, then nothing is said."""
    offered = {"GLIBCXX": image.symbols.glibcxx, "CXXABI": image.symbols.cxxabi}
    if image.libc.family == "glibc":
        offered["GLIBC"] = image.libc.version
    reasons = []
    for need in symbols:
        has = offered.get(need.library, "")
        if has and _release(need.version) > _release(has):
            sentence = f"{need.package} needs {need.library}_{need.version}; {image.name} offers {has}"
            name = need.package.partition(" ")[0]
            reasons.append(
                Reason(
                    kind=ReasonKind.SYMBOL_VERSION,
                    package=name,
                    sentence=sentence,
                    blocking=True,
                    evidence=need.evidence,
                )
            )
    return reasons


def _unknown_base(image: BaseImage, environment: Environment, added: Mapping[str, object]) -> list[Reason]:
    """Say when packages are added to a base of which the libraries are not known: it may have them already."""
    if not added or image.sonames is not None or image.packages is not None or not environment.needs.needs:
        return []
    sentence = f"which libraries {image.name} has is not known: packages are named that it may have already"
    return [Reason(kind=ReasonKind.NOTE, package="", sentence=sentence)]


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _order(reason: Reason) -> tuple[bool, bool, bool, Reason]:
    """Blocking reasons first, remarks last; the GPU libraries after the framework that brings them."""
    remark = reason.kind in {ReasonKind.NOTE, ReasonKind.NOT_INSPECTED}
    return not reason.blocking, remark, reason.package.startswith(_GPU_LIBRARIES), reason
