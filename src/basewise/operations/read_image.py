"""Reading an image that a user names: opened wherever it is, its layers read once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from basewise._internal.text import format_bytes
from basewise.errors import ImageError
from basewise.image.image import Image
from basewise.inventory.run import open_layer_cache, take_inventory
from basewise.model.inventory import Inventory
from basewise.model.platform import Platform
from basewise.model.reference import Reference
from basewise.oci.open import open_image
from basewise.oci.registry_transfer import Transfer
from basewise.operations.limits import image_limits, registry_limits
from basewise.progress import Progress

if TYPE_CHECKING:
    from basewise.oci.registry_options import RegistryOptions

__all__ = ["ImageAccess", "open_named", "read_image", "registry_options"]


class ImageAccess(msgspec.Struct, frozen=True, kw_only=True):
    """How images may be had.

    Args:
        offline: No registry is asked.
        plain_http: `host:port` of registries that may be asked without TLS.
        ca_file: Certificates of authorities that are trusted besides the system's.
        token_services: Pairs of a registry and a host that may be given its credentials besides itself.
        limits: What reading may cost, where it is not as usual: values by the names of `operations.limits`.
    """

    offline: bool = False
    plain_http: tuple[str, ...] = ()
    ca_file: Path | None = None
    token_services: tuple[tuple[str, str], ...] = ()
    limits: Mapping[str, float] = {}


def read_image(
    text: str,
    *,
    platform: Platform | None = None,
    access: ImageAccess | None = None,
    progress: Progress | None = None,
    transfer: Transfer | None = None,
) -> Inventory:
    """Open an image and find out what is inside.

    Args:
        text: As `open_image` takes it.
        platform: Which image of several; None takes the only one, else linux/amd64.
        access: How it may be had; the defaults when None.
        progress: Told of slow parts.
        transfer: Counts what a registry sends.

    Raises:
        ImageError: It cannot be had or read.
        UsageError: The text names nothing.
    """
    counted = transfer or Transfer()
    with open_named(text, platform=platform, access=access, progress=progress, transfer=counted) as image:
        limits = image_limits(access.limits if access is not None else {})
        cache = open_layer_cache(limits=limits, progress=progress)
        inventory = take_inventory(image, cache=cache, progress=progress, limits=limits)
    if counted.requests and progress is not None:
        progress.step(f"{format_bytes(counted.bytes_fetched)} fetched for {text}")
    return inventory


def open_named(
    text: str,
    *,
    platform: Platform | None = None,
    access: ImageAccess | None = None,
    progress: Progress | None = None,
    transfer: Transfer | None = None,
) -> Image:
    """Open an image wherever it is; none of its layers is read. See `read_image`.

    Returns:
        An image, to be closed.
    """
    allowed = access or ImageAccess()
    limits = image_limits(allowed.limits)

    def open_registry(reference: Reference, wanted: Platform | None) -> Image:
        if allowed.offline:
            raise ImageError(
                f"cannot pull `{reference.familiar}`: `--offline` forbids to ask its registry",
                hint="leave `--offline` out, or name a local copy (`oci:`, `docker-archive:`, `docker:`)",
            )
        from basewise.oci import registry  # noqa: PLC0415 - brings the HTTP library, 80 ms

        return registry.open_registry(
            reference,
            wanted,
            options=registry_options(allowed),
            progress=progress,
            transfer=transfer,
            limits=limits,
        )

    return open_image(text, platform=platform, open_registry=open_registry, limits=limits)


def registry_options(access: ImageAccess) -> RegistryOptions:
    """Return what the registry client is told."""
    from basewise.oci.registry_options import RegistryOptions  # noqa: PLC0415 - 9 ms, only for a registry

    services: dict[str, tuple[str, ...]] = {}
    for registry, host in access.token_services:
        services[registry] = (*services.get(registry, ()), host)
    return RegistryOptions(
        insecure_hosts=frozenset(access.plain_http),
        ca_file=access.ca_file,
        token_services=services,
        limits=registry_limits(access.limits),
    )
