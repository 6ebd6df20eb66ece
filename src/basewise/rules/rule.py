"""What a rule is: a description, and a function that looks at one file with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import msgspec

from basewise.dockerfile.compose import ComposeUser
from basewise.dockerfile.edit import Edit
from basewise.dockerfile.images import ResolvedStage
from basewise.dockerfile.model import Dockerfile, Part
from basewise.dockerfile.scripts import Script, scripts_of
from basewise.dockerfile.shell import Call, call_of
from basewise.model.check import CheckSeverity, Rule
from basewise.model.evidence import NotCovered
from basewise.rules.evidence import AppEvidence, ImageEvidence, LockEvidence
from basewise.rules.policy import Policy

__all__ = ["Context", "Found", "Look", "RuleCheck", "Run", "run_of"]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A place that violates a rule.

    Args:
        start: Where it begins in the file.
        end: Where it ends.
        message: What is wrong, one sentence.
        hint: What to do, one sentence.
        severity: Another one than the rule's own, None for that.
        image: The image that it is about.
        evidence: Where the facts come from, with their date.
        packages: Packages that it is about.
        fix: What the edits do, one sentence; "" where none is safe.
        edits: The repair.
    """

    start: int
    end: int
    message: str
    hint: str
    severity: CheckSeverity | None = None
    image: str = ""
    evidence: str = ""
    packages: tuple[str, ...] = ()
    fix: str = ""
    edits: tuple[Edit, ...] = ()


class Run(msgspec.Struct, frozen=True):
    """A RUN instruction with its scripts and the calls in them.

    Args:
        part: The instruction.
        stage: Index of its stage.
        final: Its layer is part of the image that is built.
        scripts: What it executes.
        calls: Every command as program, options and operands, with its script.
    """

    part: Part
    stage: int
    final: bool
    scripts: tuple[Script, ...]
    calls: tuple[tuple[Script, Call], ...]


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """One file with everything that is known about it.

    Args:
        path: The file as it was named.
        inside: It is a Dockerfile inside of a compose file.
        text: Its text.
        dockerfile: The parsed file; one without parts for a compose file.
        stages: Its stages.
        chain: Those that the built image stands on, the lowest first.
        runs: Its RUN instructions.
        images: Evidence of every image that it names.
        app: Evidence of the application that it builds; None when it installs none.
        locks: What `basewise.lock` says of this file.
        policy: The policy.
        today: The clock's date.
        users: As whom the services of a compose file run, where it says it.
    """

    path: str
    inside: bool = False
    text: str
    dockerfile: Dockerfile
    stages: tuple[ResolvedStage, ...]
    chain: tuple[ResolvedStage, ...]
    runs: tuple[Run, ...]
    images: tuple[ImageEvidence, ...]
    app: AppEvidence | None
    locks: LockEvidence | None
    policy: Policy
    today: date
    users: tuple[ComposeUser, ...] = ()

    @property
    def final_parts(self) -> tuple[Part, ...]:
        """The instructions of the stages that the built image stands on, in order."""
        return tuple(part for one in self.chain for part in one.stage.parts)

    @property
    def base(self) -> ImageEvidence | None:
        """Evidence of the image that the built image stands on; None for `scratch` and without any stage."""
        root = self.chain[0].use if self.chain else None
        return next((image for image in self.images if root is not None and image.use == root), None)

    def place(self, part: Part) -> tuple[int, int]:
        """Return where an instruction begins and ends in the file, its line end left out."""
        return part.at, part.at + len(part.text.rstrip("\r\n"))


Look = Callable[[Context], Iterator[Found | NotCovered]]
"""Looks at a file; yields the places that violate the rule, and what it could not see."""


class RuleCheck(msgspec.Struct, frozen=True):
    """A rule with the function that looks for violations."""

    rule: Rule
    look: Look


def run_of(part: Part, stage: int, escape: str, *, final: bool) -> Run | None:
    """Return a RUN instruction (or one that ONBUILD carries) with what it calls; None for any other."""
    scripts = tuple(scripts_of(part, escape))
    if not scripts:
        return None
    calls = tuple(
        (script, call)
        for script in scripts
        for command in script.commands
        if (call := call_of(command)) is not None
    )
    return Run(part, stage, final, scripts, calls)
