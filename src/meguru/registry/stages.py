"""Life-cycle stages of versions, and the policy of which may go where: a part of what is said of a model."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from meguru.base import refs
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context, operation
from meguru.metrics import find_metric
from meguru.registry import store
from meguru.registry.kind import StageRule
from meguru.registry.schema import model_version, registered_model
from meguru.registry.types import ModelVersion, RegisteredModel
from meguru.registry.usage import LIVE, USERS

MAX_STAGES, MAX_NAME = 20, 60


@operation("model.stage", permission="model:write", on="ref")
def stage(ctx: Context, *, ref: str, stage: str, reason: str = "") -> ModelVersion:
    """Put a version into one of the stages that were declared for its model.

    Raises
    ------
    NotFound
        When the model has no such stage.
    Conflict
        When the version lacks what the stage needs, naming it.
    Forbidden
        When the stage needs a permission that the caller does not hold.
    """
    version = store.resolve(ctx.tx, ref)
    # The rules are read under the lock: a spec that is saved just now comes before, or after.
    store.lock(ctx.tx, version.name, ctx.now())
    model = store.about(ctx.tx, version.name)
    rules = {rule.name: rule for rule in model.stages}
    if stage not in rules:
        hint = "" if rules else f"meguru model update {version.name} --stage NAME"
        raise NotFound.of("stage", stage, list(rules), hint=hint)
    if stage == version.stage:
        return version
    check(ctx, rules[stage], version, model)
    here = (model_version.c.name == version.name) & (model_version.c.version == version.version)
    ctx.tx.execute(update(model_version).where(here).values(stage=stage))
    payload = {"stage": stage, "before": version.stage, "archived_others": False, "reason": reason}
    ctx.emit("model_version.staged", version.ref, data=payload)
    return store.resolve(ctx.tx, version.ref)


def check(ctx: Context, rule: StageRule, version: ModelVersion, model: RegisteredModel) -> None:
    """Refuse a version that may not come into a stage, or who may not put it there."""
    if rule.by:
        project = refs.project_of(version.name)
        ctx.require(rule.by, project=project, why=f"the stage {rule.name!r} of {model.name} needs it")
    lacks = [lack for need in rule.needs if (lack := _lacks(ctx.tx, need, version, model))]
    if rule.after and version.stage not in rule.after:
        lacks.append(f"it is in the stage {version.stage!r}" if version.stage else "it is in no stage yet")
    if lacks:
        raise Conflict(
            f"{version.ref} can't come into the stage {rule.name!r}",
            where=version.ref,
            why="; ".join(lacks),
            hint=f"it comes from {' or '.join(rule.after)}" if rule.after else "",
        )


def _lacks(tx: Connection, need: str, version: ModelVersion, model: RegisteredModel) -> str:
    """Return what a version lacks of a need; empty when it has it."""
    if need == "verified":
        return "" if version.is_verified else f"it is not verified: {version.reason}"
    if need == "holdout":
        return "" if version.holdout_digest else "it was not measured on a holdout"
    if need == "live":
        family = provided(USERS)
        uses = (use for member in family.names() for use in family.load(member)(tx, version.name))
        is_live = any(use.how == LIVE and use.version == version.ref for use in uses)
        return "" if is_live else "it answers at no endpoint"
    return "; ".join(filter(None, (_below(name, version, model) for name in sorted(model.baselines))))


def _below(name: str, version: ModelVersion, model: RegisteredModel) -> str:
    metric, value, baseline = find_metric(name), version.metrics.get(name), model.baselines[name]
    if value is None:
        return f"it has no {name}, whose baseline is {baseline:g}"
    is_lower_better = metric is not None and metric.direction == "lower"
    is_better = value < baseline if is_lower_better else value > baseline
    return "" if is_better else f"{name} is {value:g}, and the baseline {baseline:g}"


def check_rules(rules: list[StageRule], baselines: dict[str, float]) -> None:
    """Refuse stages that make no sense together."""
    names = [rule.name for rule in rules]
    if len(names) > MAX_STAGES or len(set(names)) != len(names):
        raise InvalidInput(
            "stages have names of their own", field="stages", why=f"up to {MAX_STAGES} are possible"
        )
    for rule in rules:
        if not 0 < len(rule.name.strip()) == len(rule.name) <= MAX_NAME:
            raise InvalidInput(f"{rule.name[:60]!r} can't name a stage", field="stages")
        if unknown := [each for each in rule.after if each not in names]:
            raise NotFound.of("stage", unknown[0], names)
        if "baselines" in rule.needs and not baselines:
            raise InvalidInput(f"the stage {rule.name!r} needs baselines, and there are none", field="stages")
        if "baselines" in rule.needs and (
            odd := [baseline for baseline in baselines if find_metric(baseline) is None]
        ):
            raise InvalidInput(
                f"whether a higher {odd[0]!r} is better is not known",
                field="baselines",
                why=f"the stage {rule.name!r} asks whether a version is better than it",
            )


def rules_of(tx: Connection, name: str) -> list[str]:
    """Return the names of the stages that were declared for a model; none for most."""
    found = tx.execute(select(registered_model.c.stages).where(registered_model.c.name == name)).scalar()
    return [each["name"] for each in found or ()]
