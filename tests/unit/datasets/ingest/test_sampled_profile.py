"""The profile of a table of many rows is that of a sample, which holds no more memory than it has rows."""

import polars as pl

from meguru.datasets.ingest import profile


def held(values):
    """Return the bytes of all buffers that a column keeps alive."""
    return sum(each.size for each in values.to_arrow(compat_level=pl.CompatLevel.newest()).buffers() if each)


def test_texts_of_a_sample_do_not_hold_those_beside_them(tmp_path, monkeypatch):
    rows = pl.DataFrame({"text": [f"{number:060}" if number % 7 else None for number in range(40_000)]})
    rows.write_parquet(tmp_path / "t.parquet")
    plan = pl.scan_parquet(tmp_path / "t.parquet")
    sample = profile._sample(plan, "text", 100)
    assert sample.to_list() == rows["text"].gather_every(100).to_list()
    assert held(sample) < 100_000
    monkeypatch.setattr(profile, "MAX_ROWS", 400)
    found = profile.profile_rows(plan, rows.height).columns["text"]
    assert (found.nulls, found.count) == (rows["text"].null_count(), rows["text"].count())
