"""The specs of monitors: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.base import durations, refs
from meguru.datasets import store as datasets
from meguru.errors import InvalidInput, NotFound
from meguru.kernel import events
from meguru.kernel.operations import Context
from meguru.monitoring import store
from meguru.monitoring.checks import MonitorCheck
from meguru.monitoring.checks.options import check_of
from meguru.monitoring.deciding.rules import SEASONS
from meguru.monitoring.kind import ALERT_ON, CHECKS, DATA_CHECKS, MonitorSpec
from meguru.monitoring.schedule.begin import begin, end
from meguru.monitoring.schedule.rules import AS_IT_COMES, MAX_MAKE_UP, CronRule
from meguru.monitoring.types import Monitor, Severity
from meguru.registry.lookups import KnownModel, newest_known_model
from meguru.stats.arrays import as_level

MAX_IMPORTANT = 1000


def find(tx: Connection, name: str) -> MonitorSpec | None:
    """Return the present spec; None if there is no such monitor."""
    monitor = store.find(tx, name)
    return None if monitor is None else _spec(monitor)


def find_many(tx: Connection, names: Sequence[str]) -> dict[str, MonitorSpec]:
    """Return the present specs of those of these names that are there."""
    return {monitor.name: _spec(monitor) for monitor in store.find_many(tx, names)}


def _spec(found: Monitor) -> MonitorSpec:
    spec = msgspec.convert(found, MonitorSpec, from_attributes=True)
    return _named(spec, lambda full: refs.relative_to(refs.project_of(found.name), full))


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of what is declared in some projects (None: in all), sorted."""
    return [monitor.name for monitor in store.all_monitors(tx, projects=projects)]


def check(ctx: Context, name: str, spec: MonitorSpec) -> MonitorSpec:
    """Return the spec with its endpoint in full and its severities in order.

    Of the checks that a monitor has by default, those are left out that could never judge the endpoint's
    model, and with them the severities that no check finds.

    Raises
    ------
    InvalidInput
        If a setting makes no sense, a check could never judge, or a severity could never be found.
    """
    if bool(spec.endpoint) == bool(spec.dataset):
        what = "a monitor watches an endpoint, or a dataset"
        raise InvalidInput(what, field="endpoint", hint="name the one or the other")
    if spec.dataset and spec.checks == CHECKS:
        spec = msgspec.structs.replace(spec, checks=list(DATA_CHECKS))
    if not spec.checks:
        raise InvalidInput(
            "a monitor needs at least one check", field="checks", hint='try [{"check": "psi"}]'
        )
    checks = [check_of(options, f"checks[{index}]") for index, options in enumerate(spec.checks)]
    _check_numbers(spec)
    spec = _timing(_alarms(spec, checks))
    return (_of_data if spec.dataset else _of_endpoint)(ctx, refs.project_of(name), spec, checks)


def _of_endpoint(
    ctx: Context, project: str, spec: MonitorSpec, checks: Sequence[MonitorCheck]
) -> MonitorSpec:
    if spec.reference:
        raise InvalidInput("an endpoint is compared with its model's training", field="reference")
    endpoint = refs.within(project, spec.endpoint.removeprefix("endpoint/"))
    full = refs.parse(endpoint, kind="endpoint").name
    if (theirs := refs.project_of(full)) != project:
        # Its reports tell of what that endpoint was asked and answered.
        ctx.require("prediction:read", project=theirs, why=f"the monitor would watch endpoint/{full}")
    model = newest_known_model(ctx.tx, _model_of(ctx.tx, full))
    options = _able(spec, checks, model) if model else spec.checks
    alert_on = _found_by([check_of(option) for option in options], spec.alert_on)
    return msgspec.structs.replace(
        spec, endpoint=refs.relative_to(project, full), checks=options, alert_on=alert_on
    )


def _of_data(ctx: Context, project: str, spec: MonitorSpec, checks: Sequence[MonitorCheck]) -> MonitorSpec:
    full = refs.parse(refs.within(project, spec.dataset.removeprefix("dataset/")), kind="dataset").name
    if (theirs := refs.project_of(full)) != project:
        ctx.require("dataset:read", project=theirs, why=f"the monitor would watch dataset/{full}")
    newest = datasets.resolve(ctx.tx, full, ctx.readable)
    if spec.reference:
        datasets.get(ctx.tx, full, spec.reference, ctx.readable)
    for index, each in enumerate(checks):
        if Severity.PERFORMANCE_DROP in each.severities:
            what = f"{each.key} is of models, and a dataset has no outcomes"
            raise InvalidInput(what, field=f"checks[{index}]")
    if spec.window is not None and (spec.window.rows is not None or not newest.event_time):
        raise InvalidInput(
            "windows of a dataset are of the calendar, by its event time",
            field="window",
            why="" if newest.event_time else f"no column of {newest.ref} says when a row happened",
            hint="leave window away to look at each new version",
        )
    if spec.complete.coverage or spec.complete.label_delay:
        raise InvalidInput("a dataset has no outcomes to wait for", field="complete")
    return msgspec.structs.replace(
        spec,
        dataset=refs.relative_to(project, full),
        checks=spec.checks,
        alert_on=_found_by(checks, spec.alert_on),
    )


def _check_numbers(spec: MonitorSpec) -> None:
    if spec.min_rows < 1:
        raise InvalidInput("min_rows must be at least 1", field="min_rows", why=f"it is {spec.min_rows}")
    if spec.reference < 0:
        raise InvalidInput("reference is a version", field="reference", hint="0 is the one before each")
    if not 0 <= spec.min_drift_share <= 1:
        raise InvalidInput(
            "min_drift_share must lie between 0 and 1",
            field="min_drift_share",
            why=f"it is {spec.min_drift_share:g}",
        )


def _alarms(spec: MonitorSpec, checks: Sequence[MonitorCheck]) -> MonitorSpec:
    """Return the spec with what it says of when it rings in its usual form."""
    rate = as_level(spec.false_discovery_rate, "false_discovery_rate")
    spec.persist.check()
    spec.recover.check()
    if spec.important and not any(
        Severity.INPUT_DRIFT in monitor_check.severities for monitor_check in checks
    ):
        raise InvalidInput(
            "no check of this monitor finds drift of inputs, so none would ring for being important",
            field="important",
            hint='add a check: {"check": "psi"}',
        )
    if len(spec.important) > MAX_IMPORTANT:
        raise InvalidInput(f"at most {MAX_IMPORTANT} inputs are important", field="important")
    return msgspec.structs.replace(
        spec,
        false_discovery_rate=rate,
        important=sorted(set(spec.important)),
        seasons=[each for each in SEASONS if each in spec.seasons],
    )


def _named(spec: MonitorSpec, change: Callable[[str], str]) -> MonitorSpec:
    """Change the name of what is watched."""
    if spec.dataset:
        return msgspec.structs.replace(spec, dataset=change(spec.dataset))
    return msgspec.structs.replace(spec, endpoint=change(spec.endpoint))


def _timing(spec: MonitorSpec) -> MonitorSpec:
    """Return the spec with what it says of time in its usual form."""
    if not 0 <= spec.make_up <= MAX_MAKE_UP:
        why = f"it is {spec.make_up}, and 0 to {MAX_MAKE_UP:,} are allowed"
        raise InvalidInput("so many windows are not made up", field="make_up", why=why)
    if (
        spec.window is None
        and not spec.dataset
        and (spec.schedule != "window" or spec.complete != AS_IT_COMES)
    ):
        raise InvalidInput(
            "a monitor looks by itself at windows, and none are declared",
            field="window",
            hint='{"calendar": "day"}, or {"rows": 5000}',
        )
    if spec.window is not None:
        spec.window.check()
    if isinstance(spec.schedule, CronRule):
        spec.schedule.check()
    debounce = durations.length(spec.debounce, field="debounce")
    return msgspec.structs.replace(spec, complete=spec.complete.check(), debounce=debounce)


def uses(name: str, spec: MonitorSpec) -> list[str]:
    """Return what is watched."""
    del name
    if spec.dataset:
        return [refs.make("dataset", refs.within("", spec.dataset))]
    return [refs.make("endpoint", refs.within("", spec.endpoint))]


def save(ctx: Context, name: str, spec: MonitorSpec) -> None:
    """Write the spec; reports made under another one keep the settings they were made with."""
    before = store.find(ctx.tx, name)
    values = msgspec.structs.asdict(_named(spec, lambda given: refs.within("", given)))
    store.declare(ctx.tx, name, values, at=ctx.now(), by=ctx.principal.name)
    begin(ctx, store.one(ctx.tx, name), before)


def retire(ctx: Context, name: str) -> None:
    """Take the monitor out of use; its reports stay."""
    store.retire(ctx.tx, name, ctx.now())
    end(ctx, name)


def _able(spec: MonitorSpec, checks: Sequence[MonitorCheck], model: KnownModel) -> list[dict[str, Any]]:
    """Return the checks that can judge a model; those asked for by name must be able to."""
    able = []
    for index, (options, check) in enumerate(zip(spec.checks, checks, strict=True)):
        try:
            check.check_declaration(model)
        except InvalidInput as error:
            if spec.checks != CHECKS:
                field = f"checks[{index}].{error.field}".rstrip(".")
                raise InvalidInput(error.what, why=error.why, hint=error.hint, field=field) from None
        else:
            able.append(options)
    return able


def _found_by(checks: Sequence[MonitorCheck], wanted: Sequence[Severity]) -> list[Severity]:
    """Return the severities to alert on, in order; each must be one that some check finds."""
    findable = {Severity.DATA_BREAK}.union(*(check.severities for check in checks))
    severities = sorted(set(wanted), key=list(Severity).index)
    if severities == ALERT_ON:
        return [each for each in severities if each in findable]
    for severity in severities:
        if severity not in findable:
            raise InvalidInput(
                f"no check of this monitor finds {severity.value}, so it would never alert on it",
                field=f"alert_on[{list(wanted).index(severity)}]",
                why=f"its checks find {', '.join(sorted(one.value for one in findable))}",
            )
    return severities


def _model_of(tx: Connection, name: str) -> str:
    """Return the model that an endpoint serves; NotFound if there is no such endpoint."""
    # Serving is a sibling of this package: what endpoints there are is read from the log.
    told = ("endpoint.created", "endpoint.updated", "endpoint.retired")
    newest = events.latest(tx, subject=refs.make("endpoint", name), types=(told[0], told[2]))
    if newest is None or newest.type == "endpoint.retired":
        made = events.read(tx, types=("endpoint.created",), limit=1000, newest_first=True)
        raise NotFound.of("endpoint", name, [refs.parse(event.subject).name for event in made])
    model = str(newest.data.get("model", ""))
    for change in events.read(tx, after=newest.seq, subject=newest.subject, types=told[1:2], limit=1000):
        model = change.data["changes"].get("model", {}).get("after", model)
    return model
