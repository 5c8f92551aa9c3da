"""Registered models and versions in the protocol's shape, and the rules of their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.names import normal
from meguru.kernel.workspace import Workspace
from meguru.mlflow.protocol.calls import RequestArguments, listed, millis, not_found
from meguru.mlflow.protocol.errors import Refusal, invalid
from meguru.mlflow.registry import store
from meguru.mlflow.registry.names import own_name
from meguru.mlflow.registry.store import ProtocolModel, ProtocolVersion
from meguru.mlflow.registry.topics import IS_PROMPT
from meguru.mlflow.tracking import limits

STAGES = {stage.lower(): stage for stage in ("None", "Staging", "Production", "Archived")}
MAX_TAG = 100_000
_ALIAS = re.compile(r"[\w-]{1,255}")


def model_answers(tx: Connection, models: Sequence[ProtocolModel]) -> list[dict[str, Any]]:
    """Return registered models, each with the newest version of each stage."""
    names = [model.name for model in models]
    newest, pointing = store.newest_of(tx, names), store.aliases_of(tx, names)
    return [_model_answer(model, pointing[model.name], newest.get(model.name, [])) for model in models]


def model_answer(tx: Connection, model: ProtocolModel) -> dict[str, Any]:
    """Return a registered model with the newest version of each stage."""
    return model_answers(tx, [model])[0]


def _model_answer(
    model: ProtocolModel, pointing: dict[str, int], newest: Sequence[ProtocolVersion]
) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": own_name(model.name),
        "creation_timestamp": millis(model.created_at),
        "last_updated_timestamp": millis(model.updated_at),
        "latest_versions": [version_answer(version, pointing) for version in newest],
        "tags": listed(model.tags),
        "aliases": [{"alias": alias, "version": str(number)} for alias, number in pointing.items()],
    }
    if model.description:
        shown["description"] = model.description
    return shown


def version_answer(version: ProtocolVersion, aliases: dict[str, int]) -> dict[str, Any]:
    """Return a version; why an unverified one is not loaded by Meguru is its status message."""
    shown: dict[str, Any] = {
        "name": own_name(version.name),
        "version": str(version.version),
        "creation_timestamp": millis(version.created_at),
        "last_updated_timestamp": millis(version.updated_at),
        "user_id": version.created_by,
        "current_stage": version.stage,
        "description": version.description,
        "source": version.source,
        "run_id": version.run,
        "run_link": version.run_link,
        "model_id": version.logged_model,
        "status": "READY",
        "status_message": f"unverified: {version.reason}" if version.reason else "",
        "tags": listed(version.tags),
        "aliases": sorted(alias for alias, number in aliases.items() if number == version.version),
    }
    always = {"name", "version", "status", "current_stage", "description", "run_id", "run_link"}
    return {key: value for key, value in shown.items() if key in always or value not in ("", [])}


def held_model(tx: Connection, name: str) -> ProtocolModel:
    """Return a registered model, or say that there is none."""
    model = store.model(tx, name)
    if model is None:
        raise not_found(f"Registered Model with name={own_name(name)[:300]} not found")
    return model


def held_version(tx: Connection, name: str, version: int) -> ProtocolVersion:
    """Return a version, or say that there is none."""
    versions = store.versions(tx, name, version)
    if not versions:
        raise not_found(f"Model Version (name={own_name(name)[:300]}, version={version}) not found")
    return versions[0]


def new_name_of(ws: Workspace, given: RequestArguments, field: str) -> str:
    """Return the registry's name of a model that a call wants to be called so."""
    full = refs.within(ws.home, check_model_name(normal(given.required(field))))
    limits.check_length(field, full, 256)  # with its project
    return full


def check_model_name(name: str) -> str:
    """Return a name that a registered model may have."""
    if not name.strip():
        raise invalid("Missing value for required parameter 'name'. Registered model name cannot be empty")
    if any(letter in name for letter in "/:"):
        raise invalid(f"Invalid model name '{name[:200]}'. Names cannot contain '/' or ':'.")
    if name in {".", ".."}:
        raise invalid(
            f"Invalid value \"{name}\" for parameter 'name' supplied: Names may be treated as files in "
            "certain cases, and must not resolve to other names when treated as such. This name would "
            f"resolve to '{name}'"
        )
    limits.check_length("name", name, 256)
    return name


def check_alias(alias: str) -> str:
    """Return a name that an alias may have."""
    if alias.lower() == "latest":
        raise invalid("'latest' alias name (case insensitive) is reserved.")
    if re.fullmatch(r"[vV]\d+", alias):
        raise invalid(f"Version alias name '{alias[:120]}' is reserved.")
    limits.check_length("Registered model alias name", alias, 255)
    if not _ALIAS.fullmatch(alias):
        raise invalid(
            f"Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and "
            "dashes (-)."
        )
    return alias


def check_tags(tags: dict[str, str]) -> dict[str, str]:
    """Return tags whose keys and values are as they must be."""
    for key, value in tags.items():
        limits.check_key("tag", key)
        if len(value) > MAX_TAG:
            raise invalid(
                f"'value' exceeds the maximum length of {MAX_TAG} characters: "
                f"that of tag '{key}' has {len(value)}"
            )
    return tags


def number_of(text: str) -> int:
    """Return the number of a version."""
    if not re.fullmatch(r"\d{1,9}", text):
        raise invalid(f"Parameter 'version' must be an integer, got '{text[:100]}'.")
    return int(text)


def stage_of(text: str) -> str:
    """Return a stage as it is spelled."""
    if text.lower() not in STAGES:
        raise invalid(
            f"Invalid Model Version stage: {text[:60]}. Value must be one of {', '.join(STAGES.values())}."
        )
    return STAGES[text.lower()]


def exists(known: ProtocolModel, wanted: dict[str, str] | None = None) -> Refusal:
    """Say that a name is taken: by a model or a prompt, perhaps where the other one was `wanted`."""
    words = {False: "registered model", True: "prompt"}
    is_prompt = is_of_prompt(known.tags)
    if wanted is not None and is_of_prompt(wanted) is not is_prompt:
        what = (
            f"Tried to create a {words[not is_prompt]} with name '{own_name(known.name)}', "
            f"but the name is already taken by a {words[is_prompt]}. MLflow does not allow creating a model "
            "and a prompt with the same name."
        )
    else:
        what = (
            f"{'Prompt' if is_prompt else 'Registered Model'} (name={own_name(known.name)}) already exists."
        )
    return Refusal("RESOURCE_ALREADY_EXISTS", what)


def is_of_prompt(tags: dict[str, str]) -> bool:
    """Tell whether tags are a prompt's: MLflow keeps prompts as registered models."""
    return tags.get(IS_PROMPT, "").lower() == "true"
