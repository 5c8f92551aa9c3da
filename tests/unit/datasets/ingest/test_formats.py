"""Formats that say their types: what they hold is kept, or refused; in pieces as well as whole."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from itertools import permutations

import polars as pl
import pyreadstat
import pytest
import zstandard

from meguru.datasets.client import add_files, frame
from meguru.datasets.ingest.avro import avro
from meguru.datasets.ingest.convert import convert
from meguru.datasets.ingest.json_lines import json_rows
from meguru.datasets.paths import format_of
from meguru.datasets.types import ReadOptions
from meguru.errors import InvalidInput, MeguruError, UsageError


@pytest.fixture
def read(tmp_path):
    def made(content: bytes | str, name: str, **said):
        path, target = tmp_path / name, tmp_path / "made.parquet"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        found = convert(path, format_of(name, field="files"), name, ReadOptions(**said), target)
        return pl.read_parquet(path if found.taken else target), found

    return made


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('{"a":1}\n{"a":2,"b":"x"}\n\n{"b":"y"}', [(1, None), (2, "x"), (None, "y")]),
        ('[\n {"a": 1,\n "b":"x\\n"}, {"a":2.5}\n]', [(1.0, "x\n"), (2.5, None)]),
        ('{"a":1,"b":2}\n{"a":"x","b":2.5}', [("1", 2.0), ("x", 2.5)]),
        ('{"a":18446744073709551616,"b":"2024-01-01"}', [("18446744073709551616", date(2024, 1, 1))]),
        ('{"a":"2024-01-01","b":1}\n{"a":"soon","b":1}', [("2024-01-01", 1), ("soon", 1)]),
    ],
)
def test_json_is_read_alike_in_pieces_of_any_size(tmp_path, text, rows):
    path, target = tmp_path / "x.json", tmp_path / "made.parquet"
    path.write_text(text)
    for chunk in (1 << 20, 1, 20):
        json_rows(path, "x.json", ReadOptions(), target, chunk=chunk)
        assert pl.read_parquet(target).rows() == rows


@pytest.mark.parametrize(
    "text",
    [
        "[]", "[1]", '[{"a":1},]', '[{"a":1}', '[{"a":1}] x', '{"a":1} {"a":2}\n', '{"a":', "5\n",
        '{"a":9007199254740993}\n{"a":2.5}', '{"a":[1]}\n{"a":2}', '{"a":true}\n{"a":1}',
    ],
)  # fmt: skip
def test_json_that_is_not_whole_or_of_types_that_do_not_mix_is_refused(read, text):
    with pytest.raises(InvalidInput):
        read(text, "x.json")


def test_avro_is_read_some_blocks_at_a_time_and_refused_where_it_was_cut(tmp_path):
    frame = pl.DataFrame({"a": range(500), "b": ["x" * 50] * 500})
    path, target = tmp_path / "x.avro", tmp_path / "made.parquet"
    frame.write_avro(path)
    assert avro(path, "x.avro", ReadOptions(), target, chunk=100).rows == 500
    assert pl.read_parquet(target).equals(frame)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InvalidInput, match="can't be read as avro"):
        convert(path, "avro", "x.avro", ReadOptions(), target)


def test_what_zstd_or_bzip2_packed_is_read(read):
    packed = zstandard.compress(b"a,b\n1,x\n")
    assert read(packed, "x.csv.zst")[0].rows() == [(1, "x")]
    with pytest.raises(InvalidInput):
        read(packed[:-2], "x.csv.zst")


def test_parquet_with_our_types_is_taken_and_other_types_are_made_ours(read, tmp_path):
    ours = pl.DataFrame(
        {"a": [1, None], "t": pl.Series([1, None]).cast(pl.Datetime("us")), "l": [[1.5], None]}
    )
    assert read(_parquet(ours), "x.parquet")[1].taken
    other = ours.cast({"a": pl.UInt8, "t": pl.Datetime("ms", "Asia/Tokyo")})
    _, found = read(_parquet(other), "x.parquet")
    assert (found.taken, [each.type for each in found.columns]) == (
        False,
        ["Int64", "Datetime[UTC]", "List(Float64)"],
    )
    fine = pl.DataFrame({"t": pl.Series([1], dtype=pl.Int64).cast(pl.Datetime("ns"))})
    with pytest.raises(InvalidInput, match="can't be kept as Datetime"):
        read(_parquet(fine), "x.parquet")


def _parquet(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


def test_a_sheet_is_read_by_its_name_or_number(read):
    book = workbook({"Jan": [["id", "zip"], [1, "007"], [2, "1"]], "Feb": [["x"], [1.5]]})
    frame, found = read(book, "x.xlsx")
    assert (frame.rows(), found.dialect.sheet) == ([(1, "007"), (2, "1")], "Jan")
    assert read(book, "x.xlsx", sheet="Feb")[0].rows() == [(1.5,)]
    assert read(book, "x.xlsx", sheet="2")[0].rows() == [(1.5,)]
    with pytest.raises(InvalidInput, match="no sheet 'Fbe'"):
        read(book, "x.xlsx", sheet="Fbe")
    with pytest.raises(InvalidInput, match="can't be read as excel"):
        read(book[:100], "x.xlsx")


def test_a_workbook_that_unpacks_to_very_much_is_refused(read, monkeypatch):
    monkeypatch.setattr("meguru.datasets.ingest.excel.MAX_UNPACKED", 1000)
    with pytest.raises(InvalidInput) as told:
        read(workbook({"Jan": [["id"], [1]]}), "x.xlsx")
    assert "unpacked" in told.value.why


def test_a_workbook_in_a_form_of_archives_that_nobody_knows_is_refused(read):
    book = bytearray(workbook({"Jan": [["id"], [1]]}))
    book[book.index(b"PK\x01\x02") + 6] = 99  # the version that is needed to unpack it
    with pytest.raises(InvalidInput, match="can't be read as excel"):
        read(bytes(book), "x.xlsx")


def workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    """Return an Excel file as small as one can be."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    numbers = range(1, len(sheets) + 1)
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in zip(numbers, sheets, strict=True)
    )
    linked = "".join(
        f'<Relationship Id="r{n}" Type="{parts}/worksheet" Target="worksheets/s{n}.xml"/>' for n in numbers
    )
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    files = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="{kind}.worksheet+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r" Type="{parts}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{parts}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}">{linked}</Relationships>',
    }
    for number, rows in zip(numbers, sheets.values(), strict=True):
        cells = "".join(
            f'<row r="{r}">'
            + "".join(_cell(value, f"{chr(65 + c)}{r}") for c, value in enumerate(row))
            + "</row>"
            for r, row in enumerate(rows, 1)
        )
        files[f"xl/worksheets/s{number}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'
        )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return file.getvalue()


def _cell(value: object, place: str) -> str:
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def test_files_of_spss_and_stata_are_read(read, tmp_path):
    frame = pl.DataFrame({"id": [1.0, 2.5], "name": ["a", "ü"], "d": [date(2024, 1, 1), None]})
    for suffix, write in ((".sav", pyreadstat.write_sav), (".dta", pyreadstat.write_dta)):
        write(frame, str(tmp_path / f"t{suffix}"))
        content = (tmp_path / f"t{suffix}").read_bytes()
        assert read(content, f"x{suffix}")[0].rows() == frame.rows()
        with pytest.raises(InvalidInput):
            read(content[:40], f"x{suffix}")


COLUMNS = (["1", "2"], ["1.50"], ["x"], ["2024-01-01 10:00:00"], [""], ["9007199254740993"])


@pytest.mark.parametrize("policy", ["strict", "evolve"])
def test_what_was_accepted_can_be_read_in_every_order_of_types(workspace, tmp_path, policy):
    for number, pair in enumerate(permutations(COLUMNS, 2)):
        name = f"d{policy}{number}"
        try:
            for place, values in enumerate(pair):
                path = tmp_path / f"{place}.csv"
                path.write_text("a,b\n" + "".join(f"{value},1\n" for value in values))
                add_files(workspace, name, path, mode="append", schema_policy=policy)
        except MeguruError:
            continue
        rows = frame(workspace, name)["a"]
        assert rows.len() == sum(map(len, pair))
        assert rows.null_count() == sum(value == "" for values in pair for value in values)
        if rows.dtype == pl.String:
            assert [each or "" for each in rows] == [value for values in pair for value in values]


def test_files_of_several_formats_are_appended_to_each_other(workspace, tmp_path):
    (tmp_path / "a.csv").write_text("id,x\n1,0.5\n")
    (tmp_path / "b.jsonl").write_text(json.dumps({"id": 2, "x": 1.5}))
    pl.DataFrame({"id": [3], "x": [2.5]}).write_parquet(tmp_path / "c.parquet")
    for name in ("a.csv", "b.jsonl", "c.parquet"):
        add_files(workspace, "mixed", tmp_path / name, mode="append")
    assert frame(workspace, "mixed").rows() == [(1, 0.5), (2, 1.5), (3, 2.5)]


def test_an_unknown_name_is_refused_with_what_can_be_said(workspace, tmp_path):
    (tmp_path / "a.txt").write_text("id\n1\n")
    with pytest.raises(UsageError, match="is not known"):
        add_files(workspace, "mixed", tmp_path / "a.txt")
