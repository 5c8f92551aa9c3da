"""A module of PyTorch, exported for rows of a signature."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

from meguru.errors import InvalidInput, is_our_fault
from meguru.flavors.signature import ColumnType, Signature, SignatureColumn

_EXAMPLE_ROWS = 3


def exported(module: Any, signature: Signature) -> Any:
    """Return the program of a module that takes any number of rows; the module stays as it was.

    A module with one input and plain columns gets them as a matrix of its own floating type. Any other gets
    a tensor for each of its parameters, from the column of that name.

    Raises
    ------
    InvalidInput
        When its inputs are not the columns, or PyTorch can't export it.
    """
    import torch

    names = _parameters(module)
    floats = _floating(torch, module)
    if len(names) == 1 and signature.numeric:
        given = [torch.zeros((_EXAMPLE_ROWS, len(signature.inputs)), dtype=floats)]
    else:
        columns = {column.name: column for column in signature.inputs}
        if len(names) == 1 == len(columns):
            columns = {names[0]: signature.inputs[0]}
        if set(names) != set(columns):
            why = f"it takes {', '.join(names[:6])}; the example has {', '.join(list(columns)[:6])}"
            raise InvalidInput("the example's columns are not the module's inputs", field="example", why=why)
        given = [_zeros(torch, columns[name], floats) for name in names]
    rows = torch.export.Dim("rows")
    trained = [(part, part.training) for part in module.modules()]
    try:
        module.eval()
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it has to say of its own layers helps nobody here
            return torch.export.export(module, tuple(given), dynamic_shapes=tuple({0: rows} for _ in given))
    except Exception as error:  # whatever tracing a module of somebody's own raises
        if is_our_fault(error):
            raise
        raise InvalidInput(
            f"PyTorch can't export this {type(module).__name__}",
            field="estimator",
            why=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:300],
            hint="export it yourself with torch.export.export, and give Model the program",
        ) from error
    finally:
        for part, training in trained:
            part.training = training


def ending(module: Any) -> tuple[str, int | None]:
    """Return the last step of a sequence of layers and how many values it gives; nothing of other modules."""
    import torch

    if not isinstance(module, torch.nn.Sequential) or not len(module):
        return "", None
    widths = [each.out_features for each in module if hasattr(each, "out_features")]
    return type(module[-1]).__name__, widths[-1] if widths else None


def _parameters(module: Any) -> list[str]:
    kinds = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    found = inspect.signature(module.forward).parameters.values()
    return [each.name for each in found if each.kind in kinds and each.default is inspect.Parameter.empty]


def _floating(torch: Any, module: Any) -> Any:
    return next(
        (parameter.dtype for parameter in module.parameters() if parameter.is_floating_point()), torch.float32
    )


def _zeros(torch: Any, column: SignatureColumn, floats: Any) -> Any:
    kinds = {ColumnType.DOUBLE: floats, ColumnType.LONG: torch.int64, ColumnType.BOOLEAN: torch.bool}
    if column.type not in kinds:
        why = f"the column holds {column.type.value} values"
        raise InvalidInput(f"no tensor holds column {column.name!r}", field=f"example.{column.name}", why=why)
    return torch.zeros((_EXAMPLE_ROWS, *column.shape), dtype=kinds[column.type])
