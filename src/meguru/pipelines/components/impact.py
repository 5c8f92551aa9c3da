"""What another version of a component would affect."""

from __future__ import annotations

from meguru.base import refs
from meguru.compute.code.installed import normal
from meguru.compute.graph import FromStep, Step, after
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context, operation
from meguru.pipelines import store
from meguru.pipelines.components.catalogue import show_component
from meguru.pipelines.components.types import AffectedPipeline, AffectedStep, Impact
from meguru.pipelines.products import model_of
from meguru.pipelines.types import PipelineVersion


@operation("component.impact", permission="pipeline:read", query=True)
def impact(ctx: Context, *, name: str, version: str = "") -> Impact:
    """Tell what another version of a component affects: steps, pipelines and the models they make.

    `version` is the version of its package; by default the one that is installed. Only the newest version of
    each pipeline is looked at. Steps count that come from the component, that import its package, and, in a
    project with a lock file, all others: the lock file changes with it.

    Raises
    ------
    NotFound
        If no component of this name is installed or used.
    InvalidInput
        If no `version` is given, and none is installed.
    """
    known = show_component.function(ctx, name=name)
    wanted = version or known.version
    if not wanted:
        raise InvalidInput(
            f"component {known.name} is not installed here",
            field="version",
            hint="name a version: --version 1.3",
        )
    if not known.distribution:
        raise NotFound.of("distribution of the component", name, [])
    pipelines = [
        affected
        for pipeline_version in store.newest(ctx.tx, ctx.visible)
        if (affected := _affected(pipeline_version, known.name, known.distribution, wanted))
    ]
    return Impact(name=known.name, distribution=known.distribution, version=wanted, pipelines=pipelines)


def _affected(version: PipelineVersion, name: str, distribution: str, wanted: str) -> AffectedPipeline | None:
    reasons = {step.key: _why(version, step, name, distribution, wanted) for step in version.graph.steps}
    touched = any(reasons.values())
    if not touched:
        return None
    steps = [
        AffectedStep(step=key, why=why or f"the lock file changes with {distribution}")
        for key, why in reasons.items()
        if why or _is_locked(version, key)
    ]
    again = {affected_step.step for affected_step in steps}
    reached = set().union(*(after(version.graph, key) for key in again))
    products = [(product.name, product.result) for product in version.graph.also]
    if version.graph.produces and isinstance(version.graph.result, FromStep):
        products.append((version.graph.produces, version.graph.result))
    return AffectedPipeline(
        pipeline=version.name,
        version=version.version,
        steps=steps,
        following=[step.key for step in version.graph.steps if step.key in reached - again],
        models=sorted(
            {
                refs.within(refs.project_of(version.name), model)
                for made, source in products
                if source.step in reached and (model := model_of(made))
            }
        ),
    )


def _why(version: PipelineVersion, step: Step, name: str, distribution: str, wanted: str) -> str:
    """Say why a step runs again; empty if it does not, or only because of the lock file."""
    code = version.codes.get(step.key)
    if code is None:
        return ""
    registered = code.environment.packages.get(normal(distribution))
    component = step.component
    if component is not None and (component.name, component.distribution) == (name, distribution):
        return f"it is {name} {component.version}" if component.version != wanted else ""
    if registered is not None and registered != wanted:
        return f"it imports {distribution} {registered}"
    return ""


def _is_locked(version: PipelineVersion, key: str) -> bool:
    code = version.codes.get(key)
    return code is not None and bool(code.environment.lock)
