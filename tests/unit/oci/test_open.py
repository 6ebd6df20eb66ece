"""Opening images: every source says the same of the same image, and says clearly what is wrong."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest

from basewise.errors import BasewiseError, ImageError, UsageError
from basewise.image.content import LayerContent
from basewise.image.image import Image
from basewise.image.limits import DEFAULT_LIMITS
from basewise.image.tree import FileTree, merge_layers
from basewise.inventory.run import read_layers
from basewise.model.platform import LINUX_ARM64, Platform
from basewise.model.reference import Reference
from basewise.oci.open import open_image
from basewise.testing.image_builder import ImageBuilder, files, write_index_layout
from basewise.testing.layers import Everything
from basewise.testing.tar_writer import Member, tar_bytes


def two_layers(platform: Platform | None = None) -> ImageBuilder:
    builder = ImageBuilder(platform) if platform else ImageBuilder()
    return (
        builder.layer({"etc/os-release": "ID=debian\n", "usr/bin/tool": "old"}, created_by="ADD rootfs")
        .layer([Member(path="usr/bin/tool", content=b"new", mode=0o755)], created_by="RUN build")
        .configure(User="app", Env=["PATH=/usr/bin", "TOKEN=secret"], ExposedPorts={"8080/tcp": {}})
    )


def contents(image: Image) -> list[LayerContent]:
    return read_layers(image, cache=None, catalogers=[Everything()])  # type: ignore[list-item] # it reads and finds nothing


def tree(image: Image) -> FileTree:
    return merge_layers(contents(image))


def written(kind: str, builder: ImageBuilder, folder: Path) -> str:
    """Write an image as `kind` and return what a user would call it."""
    if kind == "oci":
        return f"oci:{builder.write_layout(folder / 'layout')}"
    if kind == "oci with tag":
        return f"oci:{builder.write_layout(folder / 'layout', tag=['v', '1'][0])}:v"
    if kind == "oci path":
        return str(builder.write_layout(folder / "layout"))
    if kind == "oci-archive":
        return f"oci-archive:{builder.write_oci_archive(folder / 'image.tar')}"
    shape = "new" if "new" in kind else "old"
    compression = "gzip" if "gzip" in kind else "zstd" if "zstd" in kind else ""
    path = builder.write_docker_archive(folder / "image.tar", shape=shape, compression=compression)  # type: ignore[arg-type] # literals
    return str(path) if "path" in kind else f"docker-archive:{path}"


SOURCES = [
    "oci", "oci with tag", "oci path", "oci-archive", "docker old", "docker new", "docker old gzip",
    "docker new zstd", "docker old path", "docker new path",
]  # fmt: skip


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_gives_the_same_image(kind: str, tmp_path: Path) -> None:
    builder = two_layers()
    with open_image(written(kind, builder, tmp_path)) as image:
        found = tree(image)
        assert found.read("usr/bin/tool") == b"new"
        assert [(entry.path, entry.layer) for entry in found.entries() if entry.is_file] == [
            ("etc/os-release", 0),
            ("usr/bin/tool", 1),
        ]
        assert image.config.user == "app"
        assert image.config.environment_names == ("PATH", "TOKEN")
        assert image.config.variable("PATH") == "/usr/bin"
        assert image.config.exposed_ports == ("8080/tcp",)
        assert [line.created_by for line in image.config.history] == ["ADD rootfs", "RUN build"]
        assert [line.layer for line in image.config.history] == [0, 1]
        assert [layer.diff_id for layer in image.layers] == [layer.diff_id for layer in builder.layers]  # type: ignore[union-attr]
        assert str(image.platform) == "linux/amd64"
        if "oci" in kind:
            assert (image.digest, image.compressed_bytes) == (
                builder.digest,
                sum(len(layer.stored) for layer in builder.layers),
            )


def test_a_root_directory_is_an_image(tmp_path: Path) -> None:
    for name, text in {"etc/os-release": "ID=debian\n", "usr/bin/tool": "new"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for text in (f"dir:{tmp_path}", str(tmp_path)):
        with open_image(text, platform=LINUX_ARM64) as image:
            assert tree(image).read("usr/bin/tool") == b"new"
            assert image.platform == LINUX_ARM64
            assert image.digest is None


def test_the_platform_chooses_from_an_index(tmp_path: Path) -> None:
    images = [
        two_layers(),
        two_layers(LINUX_ARM64),
        two_layers(Platform("linux", "arm", "v6")),
        two_layers(Platform("linux", "arm", "v7")),
    ]
    text = f"oci:{write_index_layout(tmp_path, {}, index=images)}"
    with open_image(text) as image:
        assert str(image.platform) == "linux/amd64"
        assert image.index_digest is not None
    for wanted, expected in (
        ("linux/arm64", images[1]),
        ("linux/arm64/v8", images[1]),
        ("linux/arm/v7", images[3]),
        ("linux/arm", images[2]),
    ):
        with open_image(text, platform=Platform.parse(wanted)) as image:
            assert image.digest == expected.digest
    with pytest.raises(ImageError, match="no image for `linux/s390x`") as raised:
        open_image(text, platform=Platform.parse("linux/s390x"))
    assert "linux/amd64, linux/arm/v6, linux/arm/v7, linux/arm64" in raised.value.hint


@pytest.mark.parametrize("kind", ["oci", "docker old"])
def test_an_image_of_another_platform_is_not_taken_for_the_one_asked_for(kind: str, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="for `linux/amd64`, not for `linux/arm64`"):
        open_image(written(kind, two_layers(), tmp_path), platform=LINUX_ARM64)


def test_an_image_of_several_is_named_by_its_tag_or_digest(tmp_path: Path) -> None:
    one, two = two_layers(), two_layers().configure(User="other")
    layout = write_index_layout(tmp_path / "layout", {"one": one, "example.com/two:2": two})
    for tag, expected in (("one", one), ("example.com/two:2", two), ("2", two), (str(two.digest), two)):
        with open_image(f"oci:{layout}:{tag}") as image:
            assert image.digest == expected.digest
    with pytest.raises(ImageError, match="2 images and none was named") as raised:
        open_image(f"oci:{layout}")
    assert "example.com/two:2, one" in raised.value.hint
    with pytest.raises(ImageError, match="no image `three`"):
        open_image(f"oci:{layout}:three")


def saved(*images: Mapping[str, object], extra: list[Member] | None = None) -> bytes:
    return tar_bytes([*(extra or []), Member(path="manifest.json", content=msgspec.json.encode(images))])


def test_several_images_of_docker_save_are_named_by_their_tags(tmp_path: Path) -> None:
    builder = two_layers()
    layers = [gzip.decompress(layer.stored) for layer in builder.layers]
    members = [
        Member(path="c.json", content=builder.config),
        *(Member(path=f"./{at}.tar", content=tar) for at, tar in enumerate(layers)),
    ]
    one = {"Config": "c.json", "RepoTags": ["a:1"], "Layers": ["0.tar", "./1.tar"]}
    two = {"Config": "c.json", "RepoTags": ["b:1", "b:2"], "Layers": ["0.tar", "1.tar"]}
    path = tmp_path / "two.tar"
    path.write_bytes(saved(one, two, extra=members))
    with open_image(f"docker-archive:{path}:b:2") as image:
        assert tree(image).read("usr/bin/tool") == b"new"
    with pytest.raises(ImageError, match="2 images and none was named") as raised:
        open_image(f"docker-archive:{path}")
    assert "a:1, b:1, b:2" in raised.value.hint


def test_layers_that_are_links_in_the_archive_are_found(tmp_path: Path) -> None:
    tar = tar_bytes(files({"f": "x"}))
    builder = ImageBuilder().layer(tar).layer(tar).layer(tar)
    members = [
        Member(path="c.json", content=builder.config),
        Member(path="a/layer.tar", content=tar),
        Member(path="b/layer.tar", kind="2", link="../a/layer.tar"),
        Member(path="c/layer.tar", kind="1", link="a/layer.tar"),
    ]
    path = tmp_path / "links.tar"
    path.write_bytes(
        saved({"Config": "c.json", "Layers": ["a/layer.tar", "b/layer.tar", "c/layer.tar"]}, extra=members)
    )
    with open_image(str(path)) as image:
        assert len(contents(image)) == 3


CONFIG = ImageBuilder().config
ONE = {"Config": "c.json", "Layers": []}
CIRCLE = [Member(path="c.json", kind="2", link="d.json"), Member(path="d.json", kind="2", link="c.json")]
BAD_ARCHIVES: dict[str, tuple[bytes, str]] = {
    "no tar": (b"x" * 3000, "cannot read"),
    "empty": (b"", "neither `index.json` nor `manifest.json`"),
    "truncated": (saved(ONE, extra=[Member(path="big", content=bytes(9000))])[:5000], "ends"),
    "no manifest": (tar_bytes(files({"x": "y"})), "neither `index.json` nor `manifest.json`"),
    "null": (tar_bytes(files({"manifest.json": "null"})), "has no image"),
    "no list": (tar_bytes(files({"manifest.json": "{}"})), "not what `docker save` writes"),
    "deep": (tar_bytes(files({"manifest.json": "[" * 100_000})), "not what `docker save` writes"),
    "too large": (tar_bytes(files({"manifest.json": " " * (5 * 2**20)})), "more than 4194304 bytes"),
    "configuration missing": (saved(ONE), "no file `c.json`"),
    "configuration is a link in a circle": (saved(ONE, extra=CIRCLE), "no file `c.json`"),
    "configuration outside": (saved({"Config": "../../etc/passwd", "Layers": []}), "no file"),
    "layers do not fit": (
        saved({"Config": "c.json", "Layers": ["x"]}, extra=[Member(path="c.json", content=CONFIG)]),
        "it has 1 layers, its configuration 0",
    ),
    "configuration is another": (
        saved(
            {"Config": "0" * 64 + ".json", "Layers": []},
            extra=[Member(path="0" * 64 + ".json", content=CONFIG)],
        ),
        "cannot trust",
    ),
    "configuration is empty": (saved(ONE, extra=[Member(path="c.json", content=b"{}")]), "configuration"),
    "windows": (
        saved(ONE, extra=[Member(path="c.json", content=ImageBuilder(Platform("windows", "amd64")).config)]),
        "only Linux images",
    ),
    "gzip cut": (gzip.compress(saved(ONE))[:-20], "ends early"),
}


@pytest.mark.parametrize("name", BAD_ARCHIVES)
def test_a_bad_archive_is_a_clear_error(name: str, tmp_path: Path) -> None:
    content, message = BAD_ARCHIVES[name]
    path = tmp_path / "bad.tar"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=message):
        open_image(f"docker-archive:{path}")


def test_a_layer_that_is_missing_in_an_archive_is_an_error_when_it_is_read(tmp_path: Path) -> None:
    builder = ImageBuilder().layer({"f": "x"})
    path = tmp_path / "image.tar"
    path.write_bytes(
        saved({"Config": "c.json", "Layers": ["../x"]}, extra=[Member(path="c.json", content=builder.config)])
    )
    with open_image(str(path)) as image, pytest.raises(ImageError, match=r"no file `\.\./x`"):
        contents(image)


def test_a_layer_of_an_archive_that_is_not_the_stated_one_is_an_error(tmp_path: Path) -> None:
    builder = ImageBuilder().layer({"f": "x"})
    members = [
        Member(path="c.json", content=builder.config),
        Member(path="l", content=tar_bytes(files({"f": "y"}))),
    ]
    path = tmp_path / "image.tar"
    path.write_bytes(saved({"Config": "c.json", "Layers": ["l"]}, extra=members))
    with open_image(str(path)) as image, pytest.raises(ImageError, match="the configuration states"):
        contents(image)


def test_an_archive_may_have_no_more_members_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "many.tar"
    path.write_bytes(tar_bytes([Member(path=f"f{number}") for number in range(30)]))
    limits = msgspec.structs.replace(DEFAULT_LIMITS, archive_members=20)
    with pytest.raises(ImageError, match="more than 20 members"):
        open_image(str(path), limits=limits)


def test_a_compressed_archive_may_not_be_larger_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(gzip.compress(bytes(3 * 2**20)))
    limits = msgspec.structs.replace(DEFAULT_LIMITS, image_bytes=2**20)
    with pytest.raises(ImageError, match="more than 1048576 bytes"):
        open_image(str(path), limits=limits)


def test_a_compressed_archive_leaves_nothing_behind(tmp_path: Path) -> None:
    cache = Path(os.environ["BASEWISE_CACHE_DIR"])
    with open_image(written("docker old gzip", two_layers(), tmp_path)) as image:
        assert len(contents(image)) == 2
    assert [path for path in cache.rglob("*") if path.is_file()] == []


Break = Callable[[Path], object]


def blob_of(layout: Path, at: int = 0) -> Path:
    blobs = sorted((layout / "blobs" / "sha256").iterdir(), key=lambda path: path.stat().st_size)
    return blobs[at]


def become_link(layout: Path) -> None:
    blob = blob_of(layout)
    copy = layout / "copy"
    blob.rename(copy)
    blob.symlink_to(copy)


def become_pipe(layout: Path) -> None:
    blob = blob_of(layout)
    blob.unlink()
    os.mkfifo(blob)


def become_directory(layout: Path) -> None:
    (layout / "index.json").unlink()
    (layout / "index.json").mkdir()


def change_all(layout: Path) -> None:
    for blob in (layout / "blobs" / "sha256").iterdir():
        content = blob.read_bytes()
        blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def remove_all(layout: Path) -> None:
    for blob in (layout / "blobs" / "sha256").iterdir():
        blob.unlink()


BROKEN_LAYOUTS: dict[str, tuple[Break, str]] = {
    "no oci-layout": (lambda layout: (layout / "oci-layout").unlink(), "cannot read `oci-layout`"),
    "version 9.9": (
        lambda layout: (layout / "oci-layout").write_text('{"imageLayoutVersion":"9.9"}'),
        "version `9.9`",
    ),
    "no version": (lambda layout: (layout / "oci-layout").write_text("[]"), "no valid JSON"),
    "no index": (lambda layout: (layout / "index.json").unlink(), "cannot read `index.json`"),
    "index is a directory": (become_directory, "no regular file|Is a directory"),
    "index is no JSON": (lambda layout: (layout / "index.json").write_text("<html>"), "no valid manifest"),
    "index is empty": (
        lambda layout: (layout / "index.json").write_text('{"schemaVersion":2,"manifests":[]}'),
        "0 images",
    ),
    "blob is a link": (become_link, "cannot read `blobs/sha256/"),
    "blob is a pipe": (become_pipe, "no regular file"),
    "blobs are others": (change_all, "cannot trust"),
    "blobs are gone": (remove_all, "No such file"),
}


@pytest.mark.parametrize("name", BROKEN_LAYOUTS)
def test_a_broken_layout_is_a_clear_error(name: str, tmp_path: Path) -> None:
    layout = two_layers().write_layout(tmp_path / "layout")
    damage, message = BROKEN_LAYOUTS[name]
    damage(layout)
    with pytest.raises(ImageError, match=message), open_image(f"oci:{layout}") as image:
        contents(image)


@pytest.mark.parametrize("text", ["", "--flag", "oci:", "a\0b", "docker:"])
def test_a_text_that_names_nothing_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError):
        open_image(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("./missing", "no file or directory"),
        ("/missing/image.tar", "no file or directory"),
        ("oci:/missing", "no directory"),
        ("docker-archive:/missing.tar", "No such file"),
        ("dir:/missing", "no directory"),
    ],
)
def test_what_is_not_there_is_said(text: str, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        open_image(text)


def test_a_directory_that_is_nothing_known_is_said(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="neither an OCI layout nor a root file system") as raised:
        open_image(str(tmp_path))
    assert "`dir:`" in raised.value.hint


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ImageError, match="neither a file nor a directory"):
        open_image(str(tmp_path / "pipe"))
    with pytest.raises(ImageError, match="no regular file"):
        open_image(f"docker-archive:{tmp_path / 'pipe'}")


def test_anything_else_is_the_name_of_an_image_in_a_registry() -> None:
    asked = []

    def registry(reference: Reference, platform: Platform | None) -> Image:
        asked.append((str(reference), platform))
        raise ImageError("not today")

    with pytest.raises(ImageError, match="not today"):
        open_image("python:3.12-slim", platform=LINUX_ARM64, open_registry=registry)
    assert asked == [("docker.io/library/python:3.12-slim", LINUX_ARM64)]
    with pytest.raises(BasewiseError) as raised:
        open_image("UPPER/case", open_registry=registry)
    assert raised.value.exit_code == 2


def test_an_archive_written_by_the_standard_library_is_read(tmp_path: Path) -> None:
    builder = two_layers()
    layout = builder.write_layout(tmp_path / "layout")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as file:
        file.add(layout, arcname=".")
    path = tmp_path / "image.tgz"
    path.write_bytes(out.getvalue())
    with open_image(str(path)) as image:
        assert image.digest == builder.digest
        assert tree(image).read("usr/bin/tool") == b"new"
