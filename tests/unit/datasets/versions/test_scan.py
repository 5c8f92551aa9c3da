"""The rows of a version are those of its files, in order, but for the deleted ones."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from pyroaring import BitMap64

from meguru.datasets import reading
from meguru.datasets.columns import merge
from meguru.datasets.frames import rows_of
from meguru.datasets.types import DataFile, Manifest
from meguru.datasets.versions.deleted import encode
from meguru.datasets.versions.scan import ROW, numbered, scan
from meguru.storage.blobs.local import LocalStore

VALUES = {
    "whole": st.lists(st.one_of(st.none(), st.integers(-5, 5)), min_size=1, max_size=6),
    "fraction": st.lists(st.one_of(st.none(), st.floats(-5, 5)), min_size=1, max_size=6),
    "nothing": st.lists(st.none(), min_size=1, max_size=6),
}


@st.composite
def files(draw):
    """Frames that differ in types and columns, each with the positions of rows that are gone."""
    found = []
    for _ in range(draw(st.integers(1, 5))):
        values = draw(VALUES[draw(st.sampled_from(sorted(VALUES)))])
        frame = pl.DataFrame({"a": values}, schema={"a": pl.Float64} if None in values else None)
        if draw(st.booleans()):
            frame = frame.with_columns(b=pl.lit("x"))
        gone = draw(st.sets(st.integers(0, frame.height - 1)))
        found.append((frame, gone))
    return found


def written(blobs, folder, number, frame, gone):
    path = folder / f"{number}.parquet"
    frame.write_parquet(path)
    return DataFile(
        path=path.name,
        digest=blobs.put_file(path),
        size=path.stat().st_size,
        rows=frame.height,
        columns=reading.schema_of(frame),
        deleted=blobs.put_bytes(encode(BitMap64(gone))) if gone else "",
        deleted_rows=len(gone),
    )


@settings(max_examples=25)
@given(given=files())
def test_rows_are_those_of_the_files_without_the_deleted_ones(tmp_path_factory, given):
    folder = tmp_path_factory.mktemp("files")
    blobs = LocalStore(folder / "blobs")
    listed = [written(blobs, folder, number, *each) for number, each in enumerate(given)]
    manifest = Manifest(
        format="parquet", event_time="", columns=merge(each.columns for each in listed), files=listed
    )
    plain = [
        reading.conform(
            frame.with_row_index("i").filter(~pl.col("i").is_in(list(gone))).drop("i"), manifest.columns
        )
        for frame, gone in given
    ]
    wanted = pl.concat(plain, how="vertical_relaxed")
    assert_frame_equal(rows_of(blobs, manifest), wanted)
    assert_frame_equal(scan(blobs, manifest).select("a").collect(), wanted.select("a"))
    assert manifest.rows == wanted.height
    first = numbered(blobs, manifest, listed[:1]).collect()
    assert first[ROW].to_list() == list(range(listed[0].rows))
