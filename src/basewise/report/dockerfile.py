"""The Dockerfile: a build plan written as text that docker and buildah build.

No `# syntax=` line: it would fetch a frontend, and cache mounts need none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from basewise._internal.text import safe_text
from basewise.model.build_plan import BuildPlan, PlannedPackage
from basewise.report.dockerfile_quoting import (
    check_plan,
    comment,
    copy_arguments,
    environment_value,
    json_form,
    shell_word,
)
from basewise.report.dockerignore import render_dockerignore

__all__ = ["render_dockerfile", "render_dockerignore"]

_VENV = "/opt/venv"
_BUILD_DIRECTORY = "/build"
_SETTINGS = (("PYTHONUNBUFFERED", "1"), ("PYTHONDONTWRITEBYTECODE", "1"))
_NEXT = " \\\n && "
_WORD = " \\\n      "


def render_dockerfile(plan: BuildPlan) -> str:
    """Return the text of the Dockerfile.

    Raises:
        InvalidValueError: A value of the plan cannot stand in a Dockerfile.
    """
    check_plan(plan)
    blocks = [_head(plan)]
    if plan.two_stages:
        blocks += _builder_stage(plan)
    blocks += _final_stage(plan)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _head(plan: BuildPlan) -> str:
    name = f" for {plan.application}" if plan.application else ""
    lines = [
        comment(f"Written by basewise{name}."),
        comment("Build: `docker build .` or `buildah build .`; both keep pip's downloads in a cache mount."),
        *(comment(note) for note in plan.notes),
    ]
    return "\n".join(lines)


def _from(plan: BuildPlan, stage: str = "") -> str:
    pinned = f"{plan.image}@{plan.digest}" if plan.digest else plan.image
    return f"FROM {pinned}{stage}"


def _builder_stage(plan: BuildPlan) -> Iterator[str]:
    built = ", ".join(plan.source_distributions) or "some packages"
    yield "\n".join(
        [
            comment(f"First stage: {built} must be built from source; compilers stay here."),
            _from(plan, " AS builder"),
        ]
    )
    yield _packages_block(plan, plan.build_packages, upgrades=())
    yield f"WORKDIR {_BUILD_DIRECTORY}"
    yield "\n".join(
        [
            comment("No pip inside: the one of the image installs into it."),
            f"RUN python -m venv --without-pip {_VENV}",
        ]
    )
    yield from _install_blocks(plan)


def _final_stage(plan: BuildPlan) -> Iterator[str]:
    why = (
        "The tag says what it is, the digest cannot move."
        if plan.digest
        else "No digest is known: this tag can move."
    )
    yield "\n".join([comment(why), _from(plan)])
    yield _labels(plan)
    yield _settings(plan)
    yield _accelerator(plan)
    yield _packages_block(plan, plan.packages, upgrades=plan.upgrades)
    yield _user(plan)
    yield f"WORKDIR {plan.workdir}"
    if plan.two_stages:
        yield "\n".join(
            [
                comment("What was built, without the compilers."),
                f"COPY --from=builder {_VENV} {_VENV}",
                f'ENV PATH="{_VENV}/bin:$PATH"',
            ]
        )
    else:
        yield from _install_blocks(plan)
    yield "\n".join(
        [
            comment("The application; see .dockerignore for what stays out."),
            f"COPY --chown={plan.uid}:{plan.uid} . .",
        ]
    )
    yield _carried_over(plan)
    yield "\n".join(
        [comment("A number, so that a cluster can check that it is not root."), f"USER {plan.uid}:{plan.uid}"]
    )
    yield _command(plan)


def _labels(plan: BuildPlan) -> str:
    labels = [("org.opencontainers.image.base.name", plan.base_name)]
    if plan.digest:
        labels.append(("org.opencontainers.image.base.digest", plan.digest))
    return "\n".join(
        [
            comment("For tools that ask what this image stands on."),
            "LABEL " + " \\\n      ".join(_pairs(labels)),
        ]
    )


def _settings(plan: BuildPlan) -> str:
    del plan
    pairs = [f"{name}={value}" for name, value in _SETTINGS]
    return "\n".join(
        [
            comment(
                "Output appears at once; nothing is compiled at run time (pip compiles on installation)."
            ),
            "ENV " + " \\\n    ".join(pairs),
        ]
    )


def _accelerator(plan: BuildPlan) -> str:
    if not plan.environment:
        return ""
    return "\n".join(
        [
            comment("What the container runtime and the libraries need to know."),
            "ENV " + " \\\n    ".join(_pairs(plan.environment)),
        ]
    )


def _carried_over(plan: BuildPlan) -> str:
    """Write what the application's own Dockerfile sets, below what is installed: it changes no installation."""
    settings = plan.settings
    lines = []
    if settings.environment:
        lines.append("ENV " + " \\\n    ".join(_pairs(settings.environment)))
    if settings.ports:
        lines.append(f"EXPOSE {' '.join(settings.ports)}")
    if plan.start_directory:
        lines.append(f"WORKDIR {plan.start_directory}")
    if settings.stop_signal:
        lines.append(f"STOPSIGNAL {settings.stop_signal}")
    if settings.health_check is not None:
        health_check = settings.health_check
        options = "".join(f"{option} " for option in health_check.options)
        lines.append(
            f"HEALTHCHECK {options}CMD {json_form(health_check.command)}"
            if health_check.command
            else "HEALTHCHECK NONE"
        )
    if settings.labels:
        lines.append("LABEL " + " \\\n      ".join(_pairs(settings.labels)))
    return "\n".join([comment(f"Carried over from {plan.settings_source}."), *lines]) if lines else ""


def _pairs(values: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (f"{name}={environment_value(value)}" for name, value in values)


def _packages_block(plan: BuildPlan, packages: Sequence[PlannedPackage], *, upgrades: Sequence[str]) -> str:
    if not packages and not upgrades:
        return ""
    names = [package.name for package in packages]
    renewed = [name for name in upgrades if name not in names]
    lines = [comment(f"{package.name}: {package.why}") for package in packages if package.why]
    if renewed:
        lines.append(
            comment(
                "Upgraded by name: fixes were published after the digest was built; a newer digest needs none of it."
            )
        )
    write = _apt if plan.package_manager == "apt" else _apk
    return "\n".join([*lines, "RUN " + _NEXT.join(write(names, renewed))])


def _apt(names: Sequence[str], upgrades: Sequence[str]) -> Iterator[str]:
    yield "export DEBIAN_FRONTEND=noninteractive"
    yield "apt-get update"
    if upgrades:
        yield _listed("apt-get install -y --no-install-recommends --only-upgrade", upgrades)
    if names:
        yield _listed("apt-get install -y --no-install-recommends", names)
    yield "rm -rf /var/lib/apt/lists/*"


def _apk(names: Sequence[str], upgrades: Sequence[str]) -> Iterator[str]:
    if upgrades:
        yield _listed("apk upgrade --no-cache", upgrades)
    if names:
        yield _listed("apk add --no-cache", names)


def _listed(command: str, words: Iterable[str]) -> str:
    return _WORD.join([command, *(shell_word(word) for word in words)])


def _user(plan: BuildPlan) -> str:
    name, uid = plan.user, plan.uid
    if plan.package_manager == "apk":
        steps = [f"addgroup -g {uid} {name}", f"adduser -D -u {uid} -G {name} -s /sbin/nologin {name}"]
    else:
        steps = [
            f"groupadd --gid {uid} {name}",
            f"useradd --uid {uid} --gid {uid} --create-home --shell /usr/sbin/nologin {name}",
        ]
    return "\n".join(
        [
            comment("A user of its own with a home: some libraries keep a cache there."),
            "RUN " + _NEXT.join(steps),
        ]
    )


def _install_blocks(plan: BuildPlan) -> Iterator[str]:
    if not plan.requirements:
        yield comment("Nothing to install: the application states no file that pip can install from.")
        return
    files = [*plan.extra_files, *(file.path for file in plan.requirements)]
    yield "\n".join(f"COPY {copy_arguments(path)}" for path in dict.fromkeys(files))
    hashed = all(file.hashed for file in plan.requirements)
    why = (
        "Every file is compared with its hash."
        if hashed
        else "The file pins no hashes: what is installed can change."
    )
    words = ["--disable-pip-version-check", "--root-user-action=ignore"]
    words += ["--require-hashes"] if hashed else []
    words += ["--only-binary=:all:", *(f"--no-binary={name}" for name in plan.source_distributions)]
    words += [f"--requirement={shell_word(file.path)}" for file in plan.requirements]
    into = f"--python {_VENV}/bin/python " if plan.two_stages else ""
    yield "\n".join(
        [
            comment(
                f"{why} Wheels only, as judged"
                + (", but for what is built here." if plan.two_stages else ".")
            ),
            "RUN --mount=type=cache,target=/root/.cache/pip \\\n    "
            + _WORD.join([f"python -m pip {into}install", *words]),
        ]
    )


def _command(plan: BuildPlan) -> str:
    if not plan.command:
        return comment(
            'No start command was found in the application: add one, such as CMD ["python", "main.py"].'
        )
    source = f"Found in {safe_text(plan.command_source)}." if plan.command_source else "The start command."
    return "\n".join([comment(source), f"CMD {json_form(plan.command)}"])
