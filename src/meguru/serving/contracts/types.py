"""What a contract of an endpoint is, and who speaks it."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from meguru.base import digests, refs
from meguru.errors import InvalidInput
from meguru.flavors import Signature, SignatureColumn
from meguru.tasks import ModelOutput

_INPUT = re.compile(r"\s*(?:(\d{1,9}):)?([^=]+)=(.+)", re.DOTALL)


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """One version of what clients of an endpoint send, and of what they get; it never changes.

    `inputs` are the columns of a row, `outputs` what each prediction holds, by the `task`. `default` is the
    version that requests speak which name none. A version that was retired at `retired_at` is not answered.
    """

    endpoint: str
    version: int
    task: str
    inputs: tuple[SignatureColumn, ...]
    outputs: tuple[ModelOutput, ...]
    default: bool
    created_at: datetime
    created_by: str
    note: str = ""
    retired_at: datetime | None = None

    @property
    def ref(self) -> str:
        """The reference of this version."""
        return refs.make("contract", self.endpoint, self.version)

    @property
    def signature(self) -> Signature:
        """Its columns."""
        return Signature(inputs=self.inputs, outputs=self.outputs)

    @property
    def digest(self) -> str:
        """The digest of what it asks of a model."""
        return digests.of_value({"task": self.task, "inputs": self.inputs, "outputs": self.outputs})


class ModelInput(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one column of a model comes from what clients send: an expression over a contract's columns.

    It holds in every version of the contract that has no such column, or whose column of this name it reads;
    with a `contract`, in that version alone, whatever it has.
    """

    column: str
    source: str = msgspec.field(name="from")
    contract: int | None = None

    @classmethod
    def read(cls, text: str) -> ModelInput:
        """Read ``NAME=EXPRESSION``, or ``2:NAME=EXPRESSION`` for one version of the contract.

        Raises
        ------
        InvalidInput
            When it is neither.
        """
        found = _INPUT.fullmatch(text)
        if found is None:
            raise InvalidInput(
                f"{text[:80]!r} is no input",
                field="inputs",
                hint="write NAME=EXPRESSION, as in volume=x*y*z; for one contract alone 2:NAME=EXPRESSION",
            )
        number, column, source = found.groups()
        return cls(column=column.strip(), source=source.strip(), contract=int(number) if number else None)

    def __str__(self) -> str:
        """Return it as people write it."""
        return f"{f'{self.contract}:' if self.contract else ''}{self.column}={self.source}"


class Consumer(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks a version of a contract: how many requests and rows were answered, and when the last was."""

    contract: int
    principal: str
    requests: int
    rows: int
    first_seen: datetime
    last_seen: datetime


class ContractDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A contract with those who speak it, the latest first."""

    contract: Contract
    consumers: list[Consumer]
