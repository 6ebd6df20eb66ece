"""Looking at files with every rule: evidence is gathered once for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Self

import msgspec

from basewise._internal.text import format_moment
from basewise.advisories.content import ECOSYSTEM_OF_EXPLOITED
from basewise.advisories.coverage import coverage_of
from basewise.advisories.store import Store
from basewise.candidates.coverage import catalogue_source, catalogue_warnings
from basewise.dockerfile.edit import Edit
from basewise.dockerfile.images import (
    ResolvedStage,
    contributing_stages,
    image_uses,
    resolve_stages,
    stage_chain,
)
from basewise.dockerfile.model import Dockerfile
from basewise.dockerfile.parse import parse_dockerfile
from basewise.errors import InputError
from basewise.model.check import (
    Check,
    CheckedFile,
    CheckFinding,
    CheckSeverity,
    CheckSummary,
    CheckVerdict,
)
from basewise.model.evidence import Coverage, NotCovered
from basewise.operations.check_app import AppReader
from basewise.operations.check_images import ImageKnowledge
from basewise.operations.check_options import CheckOptions
from basewise.operations.check_parts import evidence_of, image_record, locks_of, runs_of
from basewise.operations.check_policy import folder_policy, read_policy_file
from basewise.operations.check_stand_ins import agreed, stand_ins
from basewise.operations.check_targets import Target, dockerfile_contexts
from basewise.operations.image_registry import Registry
from basewise.operations.refresh_effect import EffectReader
from basewise.progress import Progress, SilentProgress
from basewise.rules.builtin import RULES
from basewise.rules.evidence import AppEvidence, ImageEvidence
from basewise.rules.policy import Policy, merged_policy
from basewise.rules.rule import Context, Run
from basewise.rules.run import FileResult, look_at

__all__ = ["Checker", "Looked", "edits_of", "look_again"]

_GRAVITY = {CheckSeverity.NOTE: 1, CheckSeverity.WARNING: 2, CheckSeverity.ERROR: 3}


class Looked(msgspec.Struct, frozen=True):
    """One file with what was found in it."""

    target: Target
    file: CheckedFile
    result: FileResult
    policy: Policy
    images: tuple[ImageEvidence, ...]


class Checker:
    """Looks at files; what is expensive is done once for all of them.

    Args:
        options: How to check.
        now: The clock; the present when None.
        progress: Told of slow parts.
        store: Advisory store; the default one when None.
    """

    def __init__(
        self,
        options: CheckOptions,
        *,
        now: datetime | None = None,
        progress: Progress | None = None,
        store: Store | None = None,
    ) -> None:
        self.options = options
        self.moment = now or datetime.now(UTC)
        self._progress = progress or SilentProgress()
        self._stack = ExitStack()
        self._store = store
        self._owner = read_policy_file(options.policy_file) if options.policy_file is not None else None
        self._policies: dict[Path, Policy] = {}
        self._apps = AppReader(
            online=options.online,
            accelerator=options.accelerator,
            allow_index=options.allow_index,
            progress=self._progress,
        )

    def __enter__(self) -> Self:
        store = self._store if self._store is not None else self._stack.enter_context(Store.open_default())
        self._effects = EffectReader(store)
        self._registry = None
        if self.options.online:
            registry = Registry(self.options.access, self._progress)
            self._registry = self._stack.enter_context(registry)
        self.knowledge = ImageKnowledge(self.options.platform, self._effects, self._registry)
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    @property
    def today(self) -> date:
        """The clock's date."""
        return self.moment.date()

    def look(self, target: Target) -> Looked:
        """Look at one file.

        Raises:
            InputError: It is no Dockerfile, or its lock cannot be read.
        """
        self._progress.step(f"checking {target.shown}")
        policy = self._policy(target.path.parent)
        context = self._context(target, policy)
        result = look_at(context)
        if target.inside:
            result = _in_compose(result, target.path.as_posix())
        checked = CheckedFile(
            path=target.shown,
            kind=target.kind,
            app=context.app.path if context.app is not None else None,
            images=tuple(image_record(image, context.text) for image in context.images),
        )
        return Looked(target, checked, result, policy, context.images)

    def document(self, looked: Iterable[Looked], missing: Iterable[NotCovered]) -> Check:
        """Put results together.

        Args:
            looked: The files.
            missing: What could not be seen besides what the rules say.
        """
        results = sorted(looked, key=lambda one: one.file.path)
        findings = tuple(finding for one in results for finding in one.result.findings)
        ignored = tuple(said for one in results for said in one.result.ignored)
        coverage = self._coverage(results, missing)
        from basewise import __version__  # noqa: PLC0415 - the package imports operations lazily

        return Check(
            generated_at=format_moment(self.moment),
            version=__version__,
            platform=str(self.options.platform),
            files=tuple(one.file for one in results),
            findings=findings,
            ignored=ignored,
            rules=tuple(sorted(rule.rule for rule in RULES)),
            notes=self._notes(),
            summary=self._summary(results, findings, len(ignored), complete=coverage.complete),
            coverage=coverage,
        )

    def _policy(self, folder: Path) -> Policy:
        if folder not in self._policies:
            stated = folder_policy(folder)
            policy = stated if self._owner is None else merged_policy(self._owner, stated)
            self._policies[folder] = policy
        return self._policies[folder]

    def _context(self, target: Target, policy: Policy) -> Context:
        compose = target.compose
        dockerfile = Dockerfile(parts=()) if compose is not None else parse_dockerfile(target.text)
        stages = resolve_stages(dockerfile, build_args=target.args, platform=self.options.platform)
        if compose is None and not stages:
            raise InputError(
                f"cannot read `{target.shown}`: there is no FROM in it", hint="name a Dockerfile"
            )
        chain = stage_chain(stages, target.target)
        uses = compose.images if compose is not None else image_uses(dockerfile, stages)
        locks = locks_of(target)
        root = chain[0].use if chain else None
        images = tuple(
            self._with_releases(
                self.knowledge.of(use, final=use == root, pins=locks.pins if locks is not None else ())
            )
            for use in uses
        )
        runs = tuple(runs_of(dockerfile, stages, chain))
        return Context(
            path=target.shown,
            inside=target.inside,
            text=target.text,
            dockerfile=dockerfile,
            stages=stages,
            chain=chain,
            runs=runs,
            images=images,
            app=self._app(target, dockerfile, stages, chain, runs, evidence_of(images, root)),
            locks=locks,
            policy=policy,
            today=self.today,
            users=compose.users if compose is not None else (),
        )

    def _with_releases(self, image: ImageEvidence) -> ImageEvidence:
        """Add the distributions that an image may be: its own, or those that its floating tag may name."""
        instead = stand_ins(image, self.knowledge.images_for(image.use), self.today)
        named = (image.distro,) if image.distro is not None else tuple(one.distro for one in instead)
        return msgspec.structs.replace(image, may_be=tuple(dict.fromkeys(named)))

    def _app(  # noqa: PLR0917 - the parts of a Dockerfile
        self,
        target: Target,
        dockerfile: Dockerfile,
        stages: tuple[ResolvedStage, ...],
        chain: tuple[ResolvedStage, ...],
        runs: tuple[Run, ...],
        base: ImageEvidence | None,
    ) -> AppEvidence | None:
        feeding = contributing_stages(dockerfile, stages, chain)
        useful = tuple(run for run in runs if run.stage in feeding)
        folders = (self.options.app,) if self.options.app is not None else tuple(dockerfile_contexts(target))
        judge = partial(
            self._apps.of,
            runs=useful,
            chain=chain,
            stages=stages,
            escape=dockerfile.escape,
            path=target.shown,
        )
        known = self.knowledge.images_for(base.use) if base is not None else ()
        instead = stand_ins(base, known, self.today)
        facts = base.standing if base is not None else None
        found: AppEvidence | None = None
        for folder in folders:
            evidence = judge(folder, image=facts)
            if evidence is not None and base is not None and base.reference is not None and instead:
                each = [one for image in instead if (one := judge(folder, image=image)) is not None]
                evidence = agreed(each, base.reference, target.shown)
            if evidence is None or evidence.files or evidence.bare is not None:
                return evidence
            found = found or evidence
        return found

    def _coverage(self, results: list[Looked], missing: Iterable[NotCovered]) -> Coverage:
        used = (source for source in self._effects.sources if source.ecosystem != ECOSYSTEM_OF_EXPLOITED)
        sources, said = coverage_of(used, self.today)
        not_covered = {*missing, *said, *(item for one in results for item in one.result.not_covered)}
        if self._registry is not None:
            not_covered |= set(self._registry.not_covered)
        catalogues = tuple(catalogue_source(one, self.today) for one in self.knowledge.catalogues[:1])
        return Coverage(
            complete=not not_covered,
            sources=tuple(sorted((*sources, *catalogues))),
            not_covered=tuple(sorted(not_covered)),
        )

    def _notes(self) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(
                sentence
                for one in self.knowledge.catalogues
                for sentence in catalogue_warnings(one, self.today)
            )
        )

    def _summary(
        self, results: list[Looked], findings: tuple[CheckFinding, ...], ignored: int, *, complete: bool
    ) -> CheckSummary:
        stated = self.options.fail_on
        limits = {one.target.path.as_posix(): stated or one.policy.fail_on for one in results}
        limits |= {one.file.path: stated or one.policy.fail_on for one in results}
        violated = any(_GRAVITY[found.severity] >= _GRAVITY[limits[found.path]] for found in findings)
        verdict = CheckVerdict.PASSED if complete else CheckVerdict.INCOMPLETE
        return CheckSummary(
            files=len(results),
            errors=sum(found.severity is CheckSeverity.ERROR for found in findings),
            warnings=sum(found.severity is CheckSeverity.WARNING for found in findings),
            notes=sum(found.severity is CheckSeverity.NOTE for found in findings),
            ignored=ignored,
            fixable=sum(found.fix is not None for found in findings),
            fail_on=min(limits.values(), key=_GRAVITY.__getitem__, default=stated or CheckSeverity.ERROR),
            verdict=CheckVerdict.VIOLATED if violated else verdict,
        )


def edits_of(looked: Looked) -> tuple[tuple[str, tuple[Edit, ...]], ...]:
    """Return the repairs of a file, each with its rule's id."""
    return looked.result.edits


def _in_compose(result: FileResult, path: str) -> FileResult:
    """Return the result of a Dockerfile inside of a compose file: at lines of that file, without repairs.

    Columns are not the file's own there, since the text stands indented in it.
    """
    findings = tuple(msgspec.structs.replace(finding, path=path, fix=None) for finding in result.findings)
    ignored = tuple(
        msgspec.structs.replace(one, finding=msgspec.structs.replace(one.finding, path=path, fix=None))
        for one in result.ignored
    )
    return msgspec.structs.replace(result, findings=findings, ignored=ignored, edits=())


def look_again(checker: Checker, target: Target, text: str) -> Looked:
    """Look at a file as if it had another text."""
    compose = None
    if target.compose is not None:
        from basewise.dockerfile.compose import read_compose  # noqa: PLC0415 - only compose files need it

        compose = read_compose(text, target.shown)
    return checker.look(msgspec.structs.replace(target, text=text, compose=compose))
