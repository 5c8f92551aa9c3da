"""Why a step ran, or why it did not: what differs from the last time."""

from typing import Any

import msgspec

from meguru.errors import InvalidInput, NotFound
from meguru.pipelines import runs, store
from meguru.pipelines.code.environment import Environment
from meguru.pipelines.code.reach import Code
from meguru.pipelines.types import PipelineRun, StepCode, StepRun, StepState
from meguru.runtime.operations import Context, operation


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a step, and the reasons, most telling first; `compared_with` is the earlier step run."""

    step: StepRun
    reasons: list[str]
    compared_with: str | None = None


@operation("step_run.explain", permission="pipeline:read", query=True)
def explain(ctx: Context, *, ref: str) -> Explanation:
    """Explain why a step ran or was cached, RUN.STEP: which helper, input, parameter or package differs."""
    run_id, dot, key = ref.removeprefix("step_run/").partition(".")
    if not dot:
        raise InvalidInput(f"{ref!r} names no step of a run", hint="write RUN.STEP", field="ref")
    run = runs.get(ctx.tx, run_id)
    begun = runs.steps(ctx.tx, run.id)
    if key not in begun:
        raise NotFound.of(
            "step that has begun", key, begun, hint="" if begun else "no step of this run has begun"
        )
    step = begun[key]
    if step.state is StepState.CACHED and step.reused:
        why = f"code, environment and inputs are those of {step.reused}, so its output still holds"
        return Explanation(step=step, reasons=[why], compared_with=step.reused)
    before = runs.previous(ctx.tx, step)
    if before is None:
        return Explanation(step=step, reasons=["no run before this one finished this step"])
    reasons = _differences(ctx, run, step, before)
    return Explanation(step=step, reasons=reasons, compared_with=before.id)


def _differences(ctx: Context, run: PipelineRun, now: StepRun, before: StepRun) -> list[str]:
    old_run = runs.get(ctx.tx, before.run)
    new_code = store.get(ctx.tx, run.pipeline, run.version).codes[now.step]
    old_code = store.get(ctx.tx, old_run.pipeline, old_run.version).codes.get(now.step)
    found = _code_differences(old_code, new_code) + _input_differences(before.parts, now.parts)
    if found:
        return found
    version = store.get(ctx.tx, run.pipeline, run.version)
    if not next(step for step in version.graph.steps if step.key == now.step).cache:
        return ["the step is marked cache=False, so it runs every time"]
    return ["nothing it depends on differs, but its earlier output is gone or was not ready in time"]


def _code_differences(old: StepCode | None, new: StepCode) -> list[str]:
    if old is None:
        return ["the step is new in this version of the pipeline"]
    return compare_code(old.code, new.code) + _compare_environments(old.environment, new.environment)


def compare_code(old: Code, new: Code) -> list[str]:
    """Name every function, class, constant or import that differs between two versions of a step's code."""
    before = {one.name: one for one in old.reached}
    after = {one.name: one for one in new.reached}
    found = []
    for name, one in after.items():
        if name not in before:
            found.append(f"{name} in {one.where} is now reached")
        elif before[name].digest != one.digest:
            found.append(f"{name} in {one.where} changed")
    found += [f"{name} is no longer reached" for name in before if name not in after]
    return found


def _compare_environments(old: Environment, new: Environment) -> list[str]:
    found = []
    if old.python != new.python:
        found.append(f"Python {old.python} became {new.python}")
    if old.lock != new.lock:
        file = (new.lock or old.lock).partition(" ")[0]
        found.append(f"the lock file {file} changed" if old.lock and new.lock else f"{file} came or went")
    for package in sorted(old.packages.keys() | new.packages.keys()):
        was, is_now = old.packages.get(package, "none"), new.packages.get(package, "none")
        if was != is_now:
            found.append(f"package {package}: {was} became {is_now}")
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
