"""Personal data: found, treated before it is written, shown in clear only to who may, and asks for it."""

from __future__ import annotations

import msgspec
import polars as pl
import pytest
from sqlalchemy import select as select_sql

from meguru.datasets.client import add_files, frame
from meguru.datasets.delta.operations import table
from meguru.datasets.diff import diff
from meguru.datasets.ingest.local_files import local_files
from meguru.datasets.kind import DATASET, DatasetSpec
from meguru.datasets.operations import (
    branch,
    check,
    delete_rows,
    head,
    look,
    personal,
    profile,
    report,
    show,
    specs,
)
from meguru.datasets.personal.detect import detect, luhn, my_number
from meguru.datasets.personal.private_blobs import check_may_fetch
from meguru.datasets.personal.treatment import treatment_of
from meguru.datasets.query import select, without_formulas
from meguru.datasets.register import record, register
from meguru.datasets.show import files
from meguru.datasets.spec import spec_of
from meguru.datasets.types import ColumnSpec, FileEntry
from meguru.datasets.write import write_next
from meguru.errors import Conflict, Forbidden, InvalidInput, MeguruError
from meguru.kernel.declarations.declare import declare
from meguru.kernel.events.schema import event
from meguru.kernel.operations import InternalOperation
from meguru.kernel.principals import Principal

PII = ColumnSpec(tags=["pii"])
PEOPLE = "id,email,age\n1,anna@example.com,41\n2,bob@example.org,35\n3,,\n"


@pytest.fixture
def add(workspace, tmp_path):
    def write(text: str = PEOPLE, name: str = "people", **columns):
        path = tmp_path / "people.csv"
        path.write_text(text)
        return add_files(workspace, name, path, columns=columns or None)

    return write


def stored(ws) -> bytes:
    return b"".join(path.read_bytes() for path in ws.blobs.folder.glob("??/*"))


@pytest.mark.parametrize("how", ["hash", "mask", "encrypt", "drop"])
def test_what_is_treated_is_never_written_in_clear(workspace, add, how):
    version = add(email=ColumnSpec(tags=["pii"], treat=how))
    assert b"anna@" not in stored(workspace)
    rows = frame(workspace, version.ref)
    assert rows.columns == (["id", "age"] if how == "drop" else ["id", "email", "age"])
    if how != "drop":
        assert rows["email"].null_count() == 1
        assert add(email=ColumnSpec(tags=["pii"], treat=how)) == version


@pytest.mark.parametrize("how", ["hash", "drop"])
def test_keys_to_delete_come_without_personal_columns(workspace, add, tmp_path, how):
    add(email=ColumnSpec(treat=how))
    path = tmp_path / "people.csv"
    path.write_text("id\n2\n")
    add_files(workspace, "people", path, mode="delete", key=["id"])
    assert frame(workspace, "people")["id"].to_list() == [1, 3]


def test_equal_values_have_equal_hashes_in_every_dataset_and_other_workspaces_have_others(workspace, add):
    add(email=ColumnSpec(treat="hash"))
    add("who,mail\nx,anna@example.com\n", "orders", mail=ColumnSpec(treat="hash"))
    joined = select(workspace, "SELECT who FROM people JOIN orders ON people.email = orders.mail")
    assert joined.collect().rows() == [("x",)]
    treat = treatment_of(workspace, {"email": "hash"})
    assert treat.hash("a") != type(treat)({}, b"another key").hash("a")
    assert treat.open(treat.seal("a")) == "a"


def test_an_upload_to_be_treated_does_not_stay(workspace):
    data = PEOPLE.encode()
    entry = FileEntry(path="people.csv", digest=workspace.blobs.put_bytes(data), size=len(data))
    register(workspace, name="people", files=[entry], columns={"email": ColumnSpec(treat="hash")})
    assert not workspace.blobs.has(entry.digest)
    assert b"anna@" not in stored(workspace)


def test_a_treated_column_that_is_not_there_is_refused(add):
    with pytest.raises(InvalidInput, match="no column 'e_mail'"):
        add(e_mail=ColumnSpec(treat="hash"))


def test_tagged_values_are_masked_wherever_they_are_shown(workspace, add):
    version = add(email=PII, age=PII)
    assert head(workspace, ref="people").rows == [[1, "•••", "•••"], [2, "•••", "•••"], [3, None, None]]
    assert frame(workspace, "people").rows()[0] == (1, "•••", "•••")
    assert select(workspace, "SELECT email FROM people WHERE id = 1").collect().rows() == [("•••",)]
    shown = profile(workspace, ref="people").columns
    assert (shown["email"]["top"], shown["age"]["maximum"], shown["email"]["nulls"]) == ([], None, 1)
    add(PEOPLE.replace("anna@", "anne@"))
    (changed,) = diff(workspace, before=version.ref, after="people", rows=True, key=["id"]).rows.sample
    assert (changed.before, changed.after) == ({"email": "•••"}, {"email": "•••"})
    assert show(workspace, ref="people").columns[2].type == "String"


def test_a_tag_holds_for_versions_that_were_there_before_it(workspace, add):
    add()
    assert frame(workspace, "people@1")["email"][0] == "anna@example.com"
    add(email=ColumnSpec(tags=["pii"], treat="hash"))
    assert frame(workspace, "people@1")["email"][0] == "•••"
    assert len(frame(workspace, "people@2")["email"][0]) == 32
    assert specs.specs(workspace, name="people")[0].spec["columns"] == {
        "email": {"tags": ["pii"], "treat": "hash"}
    }


def test_a_look_in_clear_needs_the_right_and_a_reason_and_is_written_down(workspace, add):
    add(email=PII)
    assert frame(workspace, "people", clear="case 7")["email"][0] == "anna@example.com"
    with workspace.read() as tx:
        asked = select_sql(event.c.data).where(event.c.type == "dataset_version.seen_in_clear")
        assert list(tx.execute(asked).scalars()) == [{"columns": ["email"], "reason": "case 7"}]
    with pytest.raises(MeguruError):
        look(workspace, ref="people", reason=" ")
    reader = workspace.with_(
        principal=Principal(name="eve", permissions=frozenset({"dataset:read", "blob:read"}))
    )
    with pytest.raises(Forbidden):
        look(reader, ref="people", reason="curious")


def test_files_with_values_in_clear_are_fetched_only_by_who_may_see_them(workspace, add):
    add()
    add(email=PII)
    reader = workspace.with_(principal=Principal(name="eve", permissions=frozenset({"blob:read"})))
    (file,) = files(workspace, ref="people")
    with pytest.raises(Forbidden):
        check_may_fetch(reader, file.digest)
    check_may_fetch(workspace, file.digest)
    add("id,email\n1,x\n", "hashed", email=ColumnSpec(tags=["pii"], treat="hash"))
    (file,) = files(workspace, ref="hashed")
    check_may_fetch(reader, file.digest)


def test_a_table_for_other_readers_is_for_those_who_may_see_in_clear(workspace, add):
    add(email=PII)
    reader = workspace.with_(principal=Principal(name="eve", permissions=frozenset({"dataset:read"})))
    with pytest.raises(Forbidden, match=r"may not do dataset\.table"):
        table(reader, ref="people")
    # What is hashed from now on stands in clear in the version before, which the table has too.
    add(PEOPLE + "4,cleo@example.net,52\n", email=ColumnSpec(tags=["pii"], treat="hash"))
    with pytest.raises(Forbidden, match=r"may not do dataset\.table"):
        table(reader, ref="people")


def test_columns_are_found_by_their_values_or_their_names(workspace, add):
    add(
        "id,contact,tel,card,kojin,ip,住所,note\n"
        "1,a@b.co,+81 90-1234-5678,4539 1488 0343 6467,123456789018,10.0.0.1,東京都港区,x\n"
    )
    found = {each.column: (each.kind, each.by_value) for each in personal(workspace, ref="people")}
    assert found == {
        "contact": ("e-mail address", True),
        "tel": ("telephone number", True),
        "card": ("card number", True),
        "kojin": ("My Number", True),
        "ip": ("IP address", True),
        "住所": ("postal address", True),
    }
    add(contact=PII, text="id,contact\n1,a@b.co\n", name="tagged")
    assert personal(workspace, ref="tagged") == []


def test_numbers_are_told_from_numbers_by_their_check_digits():
    assert (luhn("4539148803436467"), luhn("4539148803436466")) == (True, False)
    assert (my_number("123456789018"), my_number("123456789010")) == (True, False)
    assert not detect(
        pl.DataFrame({"n": [4539148803436466, 12, 13], "when": ["2024-01-01", "2024-01-02", ""]})
    )


def test_no_text_is_a_formula_to_a_spreadsheet_if_that_is_asked():
    rows = pl.DataFrame({"a": ["=1+1", "+x", "-x", "@x", "x=1", None], "n": [-1, 2, 3, 4, 5, 6]})
    made = without_formulas(rows.lazy()).collect()
    assert made["a"].to_list() == ["'=1+1", "'+x", "'-x", "'@x", "x=1", None]
    assert made["n"].to_list() == rows["n"].to_list()


def test_files_of_a_branch_are_fetched_in_clear_by_nobody_else_either(workspace, add, tmp_path):
    add()
    branch(workspace, ref="people", branch="trial")
    (tmp_path / "trial.csv").write_text("id,email,age\n7,eve@example.org,3\n")
    add_files(workspace, "people@trial", tmp_path / "trial.csv")
    specs.declare(workspace, name="people", spec=DatasetSpec(columns={"email": PII}))
    reader = workspace.with_(principal=Principal(name="eve", permissions=frozenset({"blob:read"})))
    for ref in ("people", "people@trial"):
        (file,) = files(workspace, ref=ref)
        with pytest.raises(Forbidden):
            check_may_fetch(reader, file.digest)


def test_files_that_arrive_from_elsewhere_are_noted(workspace, add, tmp_path):
    add(email=PII)
    (tmp_path / "other.csv").write_text("id,email,age\n7,eve@example.org,3\n")
    sent = add_files(workspace, "other", tmp_path / "other.csv")

    def work(ctx):
        return write_next(ctx, msgspec.structs.replace(sent, name="people"), 2, note="", elsewhere="")

    InternalOperation(DATASET, "retain").commit(workspace, work)
    (file,) = files(workspace, ref="people@2")
    reader = workspace.with_(principal=Principal(name="eve", permissions=frozenset({"blob:read"})))
    with pytest.raises(Forbidden):
        check_may_fetch(reader, file.digest)


def test_what_personal_columns_hold_is_in_no_report_message_or_sample(workspace, add):
    add(email=PII, age=PII)
    shown = report(workspace, ref="people")
    age = next(each for each in shown.columns if each.name == "age").profile
    assert (age["minimum"], age["maximum"], age["quantiles"]) == (None, None, [])
    for query in ("SELECT * FROM data WHERE CAST(email AS INT) > 0", "SELECT email AS other FROM data"):
        found = check(workspace, ref="people", expect=[{"check": "sql", "query": query}])
        assert not found.results[0].passed
        assert "@" not in str(msgspec.to_builtins(found.results))
    with pytest.raises(InvalidInput) as told:
        delete_rows(workspace, name="people", condition="CAST(email AS INT) > 0")
    assert "@" not in told.value.why


def test_what_is_declared_while_files_are_read_is_not_lost(workspace, add, tmp_path):
    (tmp_path / "more.csv").write_text("id,email,age\n7,eve@example.org,3\n")
    said = {"email": PII}

    def register_while(spec):
        def meanwhile(ctx, *_):
            declare(ctx, DATASET, "people", spec)

        def work(ctx):
            record(ctx, name="people", files=entries, columns=said, agreed=meanwhile)

        with local_files({"more.csv": tmp_path / "more.csv"}) as entries:
            InternalOperation(DATASET, "retain").commit(workspace, work)

    register_while(DatasetSpec(description="people"))
    with workspace.read() as tx:
        assert spec_of(tx, "people") == DatasetSpec(description="people", columns=said)
    with pytest.raises(Conflict, match="changed meanwhile"):
        register_while(DatasetSpec(columns={"email": ColumnSpec(treat="hash")}))
