"""A function of the project changes the rows, and the challenger's answers must follow as is expected."""

from __future__ import annotations

import io
import platform
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.modelhost import manifest
from meguru.modelhost.host import HostFailed, ModelHost
from meguru.releases.gates.base import GateTrial
from meguru.releases.gates.hosted_test import ROWS
from meguru.releases.gates.steadiness import NUMBER, ChangedRowsGate
from meguru.releases.types import GateResult, ReleasePart
from meguru.serving.gate_code import check_gate_code

if TYPE_CHECKING:
    import polars as pl

_HOSTED = "meguru.releases.gates.hosted_test"


class MetamorphicGate(ChangedRowsGate, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"gate": "metamorphic", "test": "checks.py:gender_does_not_matter", "expect": "invariant"}``.

    The function is given the rows as a Polars frame and returns as many, changed. It runs in a process of its
    own, as function models do. What it reaches of the project goes along with the declaration, as `code` by
    file, so that a change of it is a change of the gate.
    """

    key: ClassVar[str] = "metamorphic"

    test: str
    code: dict[str, str] = msgspec.field(default_factory=dict)

    def check(self) -> None:
        """Refuse a test that names no function, or whose code did not come along."""
        check_gate_code(self.test, self.code)
        self.check_options()

    def judge(self, trial: GateTrial) -> GateResult:
        """Ask the rows as they are, and as the function gives them."""
        before = self.asked_rows(trial)
        after = self._changed(before.drop(NUMBER))
        inputs = [ReleasePart(ref=f"code/{self.test}", digest=digests.of_value(self.code))]
        after = after.with_columns(before.get_column(NUMBER))
        return self.compared(trial, before, after, self.test.rpartition(":")[2], inputs)

    def _changed(self, rows: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        buffer = io.BytesIO()
        rows.write_ipc(buffer)
        with tempfile.TemporaryDirectory(prefix="meguru-test-") as folder:
            answer = self._asked(Path(folder), {ROWS: [buffer.getvalue()]})
        given = answer.get(ROWS) or [None]
        try:
            # What runs there may answer by itself: a number would be so many bytes of memory here.
            found = pl.read_ipc(io.BytesIO(given[0] if isinstance(given[0], bytes) else b""))
        except (ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise InvalidInput(f"{self.test} gives what is no frame", field="test") from error
        if found.height != rows.height:
            why = f"it gave {found.height:,} for {rows.height:,}"
            raise InvalidInput(f"{self.test} does not give one row for each row", field="test", why=why)
        missing = [name for name in rows.columns if name not in found.columns]
        if missing:
            raise InvalidInput(f"{self.test} gives no column {missing[0]!r}", field="test")
        return found.select(rows.columns)

    def _asked(self, folder: Path, given: dict[str, Any]) -> dict[str, Any]:
        """Run the function in a process of its own."""
        for path, text in self.code.items():
            place = folder / manifest.CODE / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
        file, _, name = self.test.partition(":")
        function_manifest = manifest.FunctionManifest(
            kind="class",
            module=_HOSTED,
            name="HostedTest",
            modules={_module(path): path for path in self.code},
            arguments={"function": f"{_module(file)}:{name}"},
            takes="columns",
            python=".".join(platform.python_version_tuple()[:2]),
        )
        manifest.write(folder, function_manifest)
        host = ModelHost(folder)
        try:
            answer: dict[str, Any] = host.ask(given)
        except HostFailed as failure:
            raise InvalidInput(f"{self.test} failed", field="test", why=str(failure)[:500]) from None
        finally:
            host.close()
        return answer


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
