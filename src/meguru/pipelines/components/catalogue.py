"""The catalogue: what is installed where the workspace is, and what pipelines use."""

from __future__ import annotations

import inspect
from importlib.metadata import EntryPoint

import msgspec

from meguru.compute.code.offers import made_by, offers
from meguru.compute.matching import type_name
from meguru.errors import NotFound
from meguru.kernel.operations import Context, operation
from meguru.pipelines.authoring import StepFunction
from meguru.pipelines.components.types import ComponentInfo, Use
from meguru.pipelines.components.uses import uses


@operation("component.list", permission="pipeline:read", query=True)
def list_components(ctx: Context) -> list[ComponentInfo]:
    """List the components that are installed, or that the newest pipelines use, with who uses them."""
    return _all(uses(ctx.tx, ctx.visible))


@operation("component.show", permission="pipeline:read", query=True)
def show_component(ctx: Context, *, name: str) -> ComponentInfo:
    """Show a component: its docs, its typed signature, and which steps use it at which version.

    Raises
    ------
    NotFound
        If none of this name is installed or used.
    """
    distribution, slash, bare = name.rpartition("/")
    component_infos = _all(uses(ctx.tx, ctx.visible))
    for component_info in component_infos:
        if component_info.name == bare and (not slash or component_info.distribution == distribution):
            return component_info
    raise NotFound.of("component", name, [one.name for one in component_infos])


def _all(used: dict[tuple[str, str], list[Use]]) -> list[ComponentInfo]:
    component_infos = [describe(point, used.pop(_key(point), [])) for point in offers()]
    for (distribution, name), by in sorted(used.items()):
        why = "it is not installed here"
        component_infos.append(ComponentInfo(name=name, distribution=distribution, error=why, used_by=by))
    return sorted(component_infos, key=lambda one: (one.name, one.distribution))


def describe(point: EntryPoint, used_by: list[Use]) -> ComponentInfo:
    """Load a component and describe it; what can't be loaded is described as that."""
    component = made_by(point)
    bare = ComponentInfo(
        name=component.name,
        distribution=component.distribution,
        version=component.version,
        place=point.value,
        used_by=used_by,
    )
    try:
        step = point.load()
        if not isinstance(step, StepFunction):
            return msgspec.structs.replace(bare, error=f"{point.value} is no step")
        doc = inspect.getdoc(step.function) or ""
        inputs = {
            name: type_name(step.hints.get(name, object)) + _default(parameter)
            for name, parameter in step.signature.parameters.items()
        }
        return msgspec.structs.replace(
            bare,
            summary=doc.partition("\n")[0],
            doc=doc,
            inputs=inputs,
            output=type_name(step.hints.get("return", object)),
        )
    except Exception as error:  # noqa: BLE001 - one broken package must not hide the others
        return msgspec.structs.replace(bare, error=f"{type(error).__name__}: {error}")


def _key(point: EntryPoint) -> tuple[str, str]:
    component = made_by(point)
    return component.distribution, component.name


def _default(parameter: inspect.Parameter) -> str:
    return "" if parameter.default is inspect.Parameter.empty else f" = {parameter.default!r}"
