"""What a Dockerfile must do, as typed values: no text of it is written here."""

from __future__ import annotations

import msgspec

from basewise.model.image_settings import ImageSettings

__all__ = ["BuildPlan", "PlannedPackage", "RequirementsFile"]


class PlannedPackage(msgspec.Struct, frozen=True, order=True):
    """An OS package to install and, for the comment above it, why."""

    name: str
    why: str = ""


class RequirementsFile(msgspec.Struct, frozen=True, order=True):
    """A file that pip installs from, relative to the build context with `/`.

    `hashed`: every pin carries a hash, so pip is told to require them.
    """

    path: str
    hashed: bool


class BuildPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The image to build: what it stands on, what is added, how the application gets in and starts.

    Args:
        image: Familiar name with the catalogue's tag: `python:3.14-slim-trixie`.
        digest: Index digest of it; None only where the user allowed a base without one.
        base_name: Full name for the label: `docker.io/library/python:3.14-slim-trixie`.
        package_manager: `apt` or `apk`.
        packages: OS packages that the application needs at run time.
        upgrades: Names of installed OS packages with fixes published since the digest.
        build_packages: OS packages of the builder stage.
        source_distributions: Python distributions that are built from source; not empty means two stages.
        requirements: Files to install from, in order; empty when the application has none.
        extra_files: Files that those include (`-r`, `-c`), to be copied before the installation.
        environment: Variables that the image must set, sorted.
        settings: What the application's own Dockerfile sets and this one takes over.
        settings_source: That file.
        workdir: Where the application lives.
        start_directory: Where it starts, at or beneath `workdir`; "" for there.
        user: Name of the user that runs it.
        uid: Its number, used for the group too.
        command: Start command in JSON form; empty when none was found.
        command_source: Where the command was found.
        application: Name of the application, for the first comment; "" for none.
        notes: Sentences for the head of the file (driver, data to fetch …).
    """

    image: str
    digest: str | None
    base_name: str
    package_manager: str
    packages: tuple[PlannedPackage, ...] = ()
    upgrades: tuple[str, ...] = ()
    build_packages: tuple[PlannedPackage, ...] = ()
    source_distributions: tuple[str, ...] = ()
    requirements: tuple[RequirementsFile, ...] = ()
    extra_files: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    settings: ImageSettings = ImageSettings()
    settings_source: str = ""
    workdir: str = "/app"
    start_directory: str = ""
    user: str = "app"
    uid: int = 10001
    command: tuple[str, ...] = ()
    command_source: str = ""
    application: str = ""
    notes: tuple[str, ...] = ()

    @property
    def two_stages(self) -> bool:
        """Something must be built, so compilers stay in a stage of their own."""
        return bool(self.source_distributions or self.build_packages)
