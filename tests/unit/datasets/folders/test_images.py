"""Images: hostile ones are refused, near duplicates found, what is measured of them kept and compared."""

from __future__ import annotations

import io
import struct
import wave
import zlib

import numpy as np
import pytest
from PIL import Image

from meguru.artifacts.holds.operations import place
from meguru.datasets.folders.browse import browse, thumbnail
from meguru.datasets.folders.client import add_folder
from meguru.datasets.folders.duplicates import duplicates, near_groups
from meguru.datasets.folders.facts import facts_of
from meguru.datasets.folders.locations import LocalFolder
from meguru.datasets.folders.measure.client import measured
from meguru.datasets.folders.measure.images import measure_images
from meguru.datasets.folders.measure.keep import keep_measurement, measurements
from meguru.datasets.folders.pixels import opened_image
from meguru.datasets.operations import diff, free, remove
from meguru.errors import InvalidInput, NotFound


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    noise = np.random.default_rng(1).integers(0, 255, (6, 6, 3), dtype=np.uint8)
    first = Image.fromarray(noise).resize((60, 45))
    first.save(folder / "first.png")
    first.save(folder / "again.png")
    first.resize((120, 90)).save(folder / "larger.jpg", quality=70)
    Image.fromarray(255 - noise).resize((60, 45)).save(folder / "other.png")
    Image.new("RGB", (60, 45), "red").save(folder / "red.png")
    Image.new("RGB", (60, 45), "blue").save(folder / "blue.png")
    (folder / "broken.png").write_bytes((folder / "first.png").read_bytes()[:40])
    (folder / "drawing.svg").write_text("<svg onload='alert(1)'/>")
    return folder


def png(width: int, height: int) -> bytes:
    """A PNG that claims a size, and has next to no pixels."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0")),
    ]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in [*chunks, (b"IEND", b"")]
    )
    return b"\x89PNG\r\n\x1a\n" + body


def test_bombs_and_what_is_no_plain_image_are_not_decoded(workspace, tmp_path):
    for body in (png(60_000, 60_000), b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg/>", png(10, 10), b""):
        with pytest.raises(InvalidInput), opened_image(io.BytesIO(body)) as image:
            image.load()
    bomb = facts_of(io.BytesIO(png(60_000, 60_000)), "x.png", 100)
    assert (bomb.media_type, bomb.width) == ("image/png", None)


def test_a_small_picture_is_drawn_of_images_alone(workspace, pictures):
    add_folder(workspace, "pictures", LocalFolder(pictures))
    page = browse(workspace, ref="pictures", limit=3)
    assert [each.path for each in page.items] == ["again.png", "blue.png", "broken.png"]
    assert [each.is_picture for each in page.items] == [True, True, False]
    rest = browse(workspace, ref="pictures", after=page.next_cursor)
    assert (len(rest.items), rest.next_cursor) == (5, "")
    assert not next(each for each in rest.items if each.path == "drawing.svg").is_picture
    drawn = thumbnail(workspace, ref="pictures", path="larger.jpg", edge=96)
    with Image.open(io.BytesIO(drawn.data)) as image:
        assert (image.format, image.size) == ("JPEG", (96, 72))
    for path in ("drawing.svg", "broken.png"):
        with pytest.raises(InvalidInput):
            thumbnail(workspace, ref="pictures", path=path, edge=96)
    with pytest.raises(NotFound):
        thumbnail(workspace, ref="pictures", path="../first.png", edge=96)
    with pytest.raises(InvalidInput, match="no picture is 5 pixels"):
        thumbnail(workspace, ref="pictures", path="first.png", edge=5)


def test_duplicates_are_the_same_bytes_or_with_near_the_same_look(workspace, pictures):
    add_folder(workspace, "pictures", LocalFolder(pictures))
    assert duplicates(workspace, "pictures").groups == [["again.png", "first.png"]]
    near = duplicates(workspace, "pictures", near=True)
    assert near.groups == [["again.png", "first.png", "larger.jpg"]]
    assert near.plain == 2  # red and blue are no duplicates


def test_near_groups_are_what_comparing_all_pairs_finds():
    draw = np.random.default_rng(2)
    some = draw.integers(0, 1 << 63, 40, dtype=np.uint64)
    flipped = some ^ (np.uint64(1) << draw.integers(0, 64, 40).astype(np.uint64))
    hashes = np.concatenate((some, flipped, some[:5], flipped ^ np.uint64(0b1110000)))
    for distance in (0, 1, 4):
        group = near_groups(hashes, distance)
        close = np.bitwise_count(hashes[:, None] ^ hashes[None, :]) <= distance
        for _ in range(hashes.size.bit_length()):
            close = close @ close
        assert (group == close.argmax(axis=1)).all()


def test_what_is_measured_stays_with_the_version_and_only_new_content_is_measured(workspace, pictures):
    add_folder(workspace, "pictures", LocalFolder(pictures))
    asked = []

    def measuring(files, paths):
        asked.extend(paths)
        return measure_images(files, paths)

    frame, kept = measured(workspace, "pictures", "images", measuring, ["image/"])
    assert (frame.height, kept.files, kept.by) == (5, 5, "images")
    assert measured(workspace, "pictures", "images", measuring)[1] == kept
    Image.new("RGB", (60, 45), "white").save(pictures / "white.png")
    add_folder(workspace, "pictures", LocalFolder(pictures))
    asked.clear()
    measured(workspace, "pictures", "images", measuring, ["image/png"])
    assert "white.png" in asked
    assert "first.png" not in asked
    found = diff(workspace, before="pictures@1", after="pictures@2")
    assert {"brightness", "contrast"} <= {each.column for each in found.drift}
    before = len(list(workspace.blobs.folder.glob("??/*")))
    remove(workspace, ref="pictures@1")
    free(workspace)
    assert measurements(workspace, ref="pictures@2")
    remove(workspace, ref="pictures")
    free(workspace)
    assert len(list(workspace.blobs.folder.glob("??/*"))) == 0 < before


def test_measurements_of_other_files_or_of_nobody_are_refused(workspace, pictures):
    add_folder(workspace, "pictures", LocalFolder(pictures))
    frame, kept = measured(workspace, "pictures", "images", measure_images, ["image/"])
    for by, wrong in (
        ("images", frame.with_columns(digest=frame["digest"].str.reverse())),
        ("images", frame.select("dhash")),
        ("images", frame.with_columns(digest=frame["digest"].gather([0] * frame.height))),
        ("somebody", frame),
        ("model/clip", frame),
    ):
        body = io.BytesIO()
        wrong.write_parquet(body)
        digest = workspace.blobs.put_bytes(body.getvalue())
        with pytest.raises((InvalidInput, NotFound)):
            keep_measurement(workspace, ref="pictures", by=by, digest=digest)
    with pytest.raises(InvalidInput):
        keep_measurement(workspace, ref="pictures", by="images", digest=workspace.blobs.put_bytes(b"x"))
    assert measurements(workspace, ref="pictures") == [kept]


def pdf(pages: int) -> bytes:
    kids = " ".join(f"{3 + n} 0 R" for n in range(pages))
    objects = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {pages}>>"]
    objects += ["<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"] * pages
    body = "%PDF-1.4\n" + "".join(f"{n} 0 obj{each}endobj\n" for n, each in enumerate(objects, 1))
    return (body + "trailer<</Root 1 0 R>>").encode()


def test_sounds_and_documents_tell_how_long_they_are(tmp_path):
    body = io.BytesIO()
    with wave.open(body, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\0\0" * 4000)
    found = facts_of(io.BytesIO(body.getvalue()), "a.wav", body.tell())
    assert (found.media_type, found.duration, found.sample_rate) == ("audio/wav", 0.5, 8000)
    flac = b"fLaC\x80\0\0\x22" + struct.pack(">HH", 4096, 4096) + bytes(6)
    flac += (8000 << 44 | 15 << 36 | 4000).to_bytes(8) + bytes(16)
    found = facts_of(io.BytesIO(flac), "a.flac", len(flac))
    assert (found.media_type, found.duration, found.sample_rate) == ("audio/flac", 0.5, 8000)
    assert facts_of(io.BytesIO(pdf(3)), "a.pdf", 100).pages == 3
    for damaged in (body.getvalue()[:20], flac[:12], pdf(3)[:20]):
        found = facts_of(io.BytesIO(damaged), "a", 100)
        assert (found.duration, found.pages) == (None, None)


def test_what_was_measured_of_a_held_dataset_is_not_freed(workspace, pictures):
    add_folder(workspace, "pictures", LocalFolder(pictures))
    _, record = measured(workspace, "pictures", "images", measure_images)
    remove(workspace, ref="pictures@1")
    place(workspace, about="dataset/pictures", why="case 7")
    free(workspace)
    assert workspace.blobs.has(record.digest)
