"""Why a step ran, or why it did not: what differs from the last time."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from meguru.base.names import normal
from meguru.compute.code.types import Code, Environment, Reached
from meguru.compute.reads.differences import described, differences
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context, operation
from meguru.pipelines import keys, runs, step_refs, store
from meguru.pipelines.determinism.check import latest
from meguru.pipelines.explanations import Explanation, StepReasons
from meguru.pipelines.types import PipelineRun, PipelineVersion, StepCode, StepRun, StepState


@operation("step_run.explain", permission="pipeline:read", query=True, on="ref")
def explain(ctx: Context, *, ref: str) -> Explanation:
    """Explain why a step ran or was cached, RUN.STEP: which helper, input, parameter or package differs."""
    run_id, key = step_refs.split(ref)
    if not key:
        raise InvalidInput(f"{ref!r} names no step of a run", hint="write RUN.STEP", field="ref")
    run = runs.get(ctx.tx, run_id)
    begun = runs.steps(ctx.tx, run.id)
    if key not in begun:
        raise NotFound.of(
            "step that has begun", key, begun, hint="" if begun else "no step of this run has begun"
        )
    step = begun[key]
    version = store.get(ctx.tx, run.pipeline, run.version)
    (step_reasons,) = reasons_of(ctx.tx, version, [step], run)
    declared = next(one.deterministic for one in version.graph.steps if one.key == (step.parent or step.step))
    return Explanation(
        step=step,
        reasons=step_reasons.reasons,
        compared_with=step_reasons.compared_with,
        seed=keys.seed_of(step.key) if step.key else None,
        declared=declared,
        checked=latest(ctx.tx, step.id, *([step.reused] if step.reused else [])),
    )


@operation("pipeline_run.explain", permission="pipeline:read", query=True, on="ref")
def explain_run(ctx: Context, *, ref: str, steps: list[str]) -> list[StepReasons]:
    """Explain why some steps of a run ran or were cached; those that have not begun are left out.

    It costs the same few statements whatever the number of steps.
    """
    run = runs.get(ctx.tx, ref)
    begun = runs.steps(ctx.tx, run.id)
    wanted = [begun[key] for key in map(normal, steps) if key in begun]
    return reasons_of(ctx.tx, store.get(ctx.tx, run.pipeline, run.version), wanted, run)


def reasons_of(
    tx: Connection, version: PipelineVersion, steps: Sequence[StepRun], run: PipelineRun
) -> list[StepReasons]:
    """Return why steps of one run of a pipeline's version ran or were cached."""
    # A step that took over an output differs in nothing from the one that it was taken from.
    compared = [step for step in steps if not _is_reused(step)]
    before = runs.previous(tx, compared)
    versions = runs.versions_of(tx, {one.run for one in before.values()})
    known = store.get_many(tx, version.name, set(versions.values())) | {version.version: version}
    found = []
    for step_run in steps:
        if _is_reused(step_run):
            found.append(
                StepReasons(step=step_run.step, reasons=[_same(step_run)], compared_with=step_run.reused)
            )
        elif (old := before.get(step_run.id)) is None:
            why = "no run before this one finished this step"
            found.append(StepReasons(step=step_run.step, reasons=[why]))
        else:
            differing = _differences(known[versions[old.run]], version, old, step_run)
            differing = differing or _without_difference(version, step_run, run)
            found.append(StepReasons(step=step_run.step, reasons=differing, compared_with=old.id))
    return found


def _same(step: StepRun) -> str:
    files = described(step.files)
    what = f"code, environment, inputs and files ({files})" if files else "code, environment and inputs"
    return f"{what} are those of {step.reused}, so its output still holds"


def _is_reused(step: StepRun) -> bool:
    return step.state is StepState.CACHED and bool(step.reused)


def _differences(old: PipelineVersion, new: PipelineVersion, before: StepRun, now: StepRun) -> list[str]:
    key = now.parent or now.step
    found = _code_differences(old.codes.get(key), new.codes.get(key))
    found += _input_differences(before.parts, now.parts)
    found += [text for text in differences(before.files, now.files) if text not in found]
    return found


def _without_difference(version: PipelineVersion, step: StepRun, run: PipelineRun) -> list[str]:
    key = step.parent or step.step
    if key in run.rerun_steps:
        return [f"nothing it depends on differs: it was asked for when {run.retry_of} was retried"]
    if not next(one for one in version.graph.steps if one.key == key).cache:
        return ["the step is marked cache=False, so it runs every time"]
    return ["nothing it depends on differs, but its earlier output is gone or was not ready in time"]


def _code_differences(old: StepCode | None, new: StepCode | None) -> list[str]:
    if new is None:
        return ["it asks people every time"]
    if old is None:
        return ["the step is new in this version of the pipeline"]
    return compare_code(old.code, new.code) + compare_environments(old.environment, new.environment)


def compare_code(old: Code, new: Code) -> list[str]:
    """Name every function, class, constant, file or import that differs between two versions of a code."""
    before = {reached.name: reached for reached in old.reached}
    after = {reached.name: reached for reached in new.reached}
    found = []
    for name, one in after.items():
        if name not in before:
            found.append(f"{_called(one)} in {one.where} is now reached")
        elif before[name].digest != one.digest:
            found.append(_changed(before[name], one))
    found += [f"{_called(one)} is no longer reached" for name, one in before.items() if name not in after]
    if not found and old.digest != new.digest:
        found.append("how its code is reached changed")
    return found


def _changed(old: Reached, new: Reached) -> str:
    if new.kind == "constant" and old.text != new.text:
        return f"{_called(new)} in {new.where}: {old.text or '…'} became {new.text or '…'}"
    return f"{_called(new)}{'' if new.kind == 'file' else f' in {new.where}'} changed"


def _called(reached: Reached) -> str:
    """Say what it is, without the module: that stands in ``file:line`` beside it."""
    if reached.kind == "file":
        return reached.name
    if reached.name.endswith(")"):
        return (
            reached.name
            if reached.kind != "import"
            else f"import {reached.text}"
            if reached.text
            else reached.name
        )
    kind = {"function": "helper"}.get(reached.kind, reached.kind)
    return f"{kind} `{reached.name.rpartition('.')[2]}`" if kind else reached.name


def compare_environments(old: Environment, new: Environment) -> list[str]:
    """Name every package whose version differs; of the lock file only that it changed."""
    found = []
    if old.python != new.python:
        found.append(f"Python {old.python} became {new.python}")
    for package in sorted(old.packages.keys() | new.packages.keys()):
        was, is_now = old.packages.get(package, ""), new.packages.get(package, "")
        if was != is_now:
            found.append(f"package {package}: {was or 'none'} became {is_now or 'none'}")
    if old.lock != new.lock:
        file = (new.lock or old.lock).partition(" ")[0]
        found.append(f"the lock file {file} changed" if old.lock and new.lock else f"{file} came or went")
    return found


def _input_differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    before, after = old.get("inputs", {}), new.get("inputs", {})
    found = []
    for name, given in after.items():
        was = before.get(name)
        if was is None:
            found.append(f"input {name} is new")
        elif was["digest"] != given["digest"]:
            source = given["source"]
            if source.startswith("step "):
                found.append(f"input {name}: the output of {source} changed")
            else:
                found.append(f"input {name} ({source}): {was['text']} became {given['text']}")
    return found + [f"input {name} is gone" for name in before if name not in after]
