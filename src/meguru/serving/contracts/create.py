"""Make a version of an endpoint's contract."""

from __future__ import annotations

from meguru.base import refs
from meguru.errors import Conflict, InvalidInput
from meguru.flavors import Signature, SignatureColumn
from meguru.flavors.list_columns import check_shape
from meguru.kernel.operations import Context, operation
from meguru.registry import store as models
from meguru.registry.types import ModelVersion
from meguru.serving import store as endpoints
from meguru.serving.contracts import store
from meguru.serving.contracts.types import Contract
from meguru.serving.features.answerable import unanswered
from meguru.serving.features.load import load_plan, request_columns
from meguru.serving.features.origin import features_of
from meguru.serving.types import Endpoint
from meguru.tasks import ModelOutput

MAX_CONTRACTS = 8
MAX_COLUMNS = 10_000


@operation(
    "contract.create",
    permission="contract:write",
    on="endpoint",
    refers={"endpoint": "endpoint", "like": "model"},
)
def create(
    ctx: Context,
    *,
    endpoint: str,
    columns: list[SignatureColumn] | None = None,
    like: str | None = None,
    default: bool = False,
    note: str = "",
) -> Contract:
    """Make the next version of what clients of an endpoint send; the versions before go on being answered.

    Its columns are the given ones, or what a model version takes (`like`). What is live must be able to
    answer it. Requests that name no version speak the one they spoke, unless this is to be the `default`.

    Raises
    ------
    InvalidInput
        If there are no columns, or two of one name; or if the live model's columns can't be had from them.
    Conflict
        If as many versions as can be are answered side by side.
    """
    name = refs.parse(endpoint, kind="endpoint").name
    declared = endpoints.lock(ctx.tx, name)
    contracts = store.of(ctx.tx, name)
    if len(contracts) >= MAX_CONTRACTS:
        raise Conflict(
            f"endpoint {name!r} answers {len(contracts)} contracts already",
            where=refs.make("endpoint", name),
            hint=f"retire one: meguru contract retire {name}@{contracts[0].version}",
        )
    # Before anything is written: a contract that the live model can't answer would fail all of its requests.
    inputs, outputs, task = _terms(ctx, declared, contracts, columns, like)
    _must_be_answered(ctx, declared, inputs)
    return add(
        ctx, name, inputs=inputs, outputs=outputs, task=task, default=default or not contracts, note=note
    )


def add(
    ctx: Context,
    endpoint: str,
    *,
    inputs: tuple[SignatureColumn, ...],
    outputs: tuple[ModelOutput, ...],
    task: str,
    default: bool,
    note: str = "",
) -> Contract:
    """Write the next contract of an endpoint, whose row is locked, with its event."""
    contract = Contract(
        endpoint=endpoint,
        version=store.next_version(ctx.tx, endpoint),
        task=task,
        inputs=inputs,
        outputs=outputs,
        default=default,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
        note=note,
    )
    store.add(ctx.tx, contract)
    if default:
        store.prefer(ctx.tx, endpoint, contract.version)
    ctx.emit(
        "contract.created",
        contract.ref,
        data={
            "endpoint": refs.make("endpoint", endpoint),
            "task": task,
            "inputs": inputs,
            "outputs": outputs,
            "default": default,
            "note": note,
        },
        used=[refs.make("endpoint", endpoint)],
        produced=[contract.ref],
    )
    return contract


def _terms(
    ctx: Context,
    declared: Endpoint,
    known: list[Contract],
    columns: list[SignatureColumn] | None,
    like: str | None,
) -> tuple[tuple[SignatureColumn, ...], tuple[ModelOutput, ...], str]:
    """Return the columns, outputs and task of a new contract."""
    if (columns is None) is (like is None):
        raise InvalidInput(
            "say which columns clients send", field="columns", hint="give columns, or like: a model version"
        )
    model = like or (declared.live.model_ref if declared.live else None)
    if like is not None:
        wanted = refs.parse(like, kind="model").name
        if wanted != declared.model:
            ctx.check_readable("model", wanted)
    version = models.resolve(ctx.tx, model) if model else None
    if known:
        outputs, task = known[-1].outputs, known[-1].task
    elif version is not None:
        outputs, task = gives(version)
    else:
        outputs, task = (), ""  # what it gives is what the first model gives
    inputs = tuple(columns or ())
    if version is not None and columns is None:
        inputs = _request_columns(ctx, declared, version)
    _check(inputs)
    return inputs, outputs, task


def _request_columns(ctx: Context, declared: Endpoint, version: ModelVersion) -> tuple[SignatureColumn, ...]:
    """Return what is sent for a model: what it takes, or what its views are asked with."""
    live = declared.live
    if live is not None and live.model_ref == version.ref:
        features = live.features
    else:
        features = features_of(ctx.tx, ctx.blobs, version.ref)
    return request_columns(ctx.tx, ctx.blobs, version.signature, features)


def gives(version: ModelVersion) -> tuple[tuple[ModelOutput, ...], str]:
    """Return what a model version gives, and the key of its task."""
    task = version.whole_task
    return (task.outputs(), task.key) if task else ((), "")


def _check(inputs: tuple[SignatureColumn, ...]) -> None:
    if not 1 <= len(inputs) <= MAX_COLUMNS:
        raise InvalidInput(
            f"a contract has 1 to {MAX_COLUMNS:,} columns, not {len(inputs):,}", field="columns"
        )
    seen: set[str] = set()
    for index, column in enumerate(inputs):
        if not column.name or len(column.name) > 500:
            raise InvalidInput("a column's name has 1 to 500 characters", field=f"columns[{index}].name")
        if column.name in seen:
            what = f"two columns are called {column.name[:80]!r}"
            raise InvalidInput(what, field=f"columns[{index}].name")
        check_shape(column.name, column.shape, depth=len(column.shape))
        seen.add(column.name)


def _must_be_answered(ctx: Context, declared: Endpoint, inputs: tuple[SignatureColumn, ...]) -> None:
    """Refuse a contract from which the live model's columns can't be had: its requests would all fail."""
    if declared.live is None:
        return
    signature: Signature = models.resolve(ctx.tx, declared.live.model_ref).signature
    version = store.next_version(ctx.tx, declared.name)
    plan = load_plan(ctx.tx, ctx.blobs, declared.live.features) if declared.live.features else None
    faults = unanswered(version, inputs, signature, declared.live.inputs, plan)
    if faults:
        raise InvalidInput(
            f"{declared.live.model_ref}, which is live, could not answer it",
            why="; ".join(faults)[:2000],
            field="columns",
            hint=f"release it with that first: meguru release create {declared.name} MODEL@N --input …",
        )
