"""The OpenAPI document of MLflow's protocol as it is answered here: what each call takes."""

from __future__ import annotations

import re
from typing import Any

from meguru.base import openapi
from meguru.mlflow.protocol.routes import VERSION

_TEXT, _NUMBER, _FLAG = {"type": "string"}, {"type": "integer", "format": "int64"}, {"type": "boolean"}
_TEXTS = {"type": "array", "items": _TEXT}


def _object(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields}


def _many(**fields: Any) -> dict[str, Any]:
    return {"type": "array", "items": _object(**fields)}


_PAIRS = _many(key=_TEXT, value=_TEXT)
_MEASURE = {"type": "number"}
_POINT = {"key": _TEXT, "value": _MEASURE, "timestamp": _NUMBER, "step": _NUMBER, "model_id": _TEXT}
_SET = {"name": _TEXT, "digest": _TEXT, "source_type": _TEXT, "source": _TEXT, "schema": _TEXT}
_LINKS = _many(model_id=_TEXT, step=_NUMBER)
_MEASURED = {"dataset_name": _TEXT, "dataset_digest": _TEXT}
_TOPICS = _many(entity=_TEXT, action=_TEXT)
_KINDS: dict[str, dict[str, Any]] = {
    "": _TEXT,
    "int": _NUMBER,
    "flag": _FLAG,
    "texts": _TEXTS,
    "pairs": _PAIRS,
    "points": _many(**_POINT),
    "number": _MEASURE,
    "datasets": _many(tags=_PAIRS, dataset=_object(**_SET)),
    "links": _LINKS,
    "parts": _many(part_number=_NUMBER, etag=_TEXT, url=_TEXT),
    "measured": _many(**_MEASURED),
    "order": _many(field_name=_TEXT, ascending=_FLAG, **_MEASURED),
    "topics": _TOPICS,
    "topic": _TOPICS["items"],
}
# Method, path, and what it takes: ``name`` is a text, ``name:kind`` one of the kinds above, ``*`` is needed.
_CALLS = """
POST mlflow/experiments/create name* artifact_location tags:pairs
GET mlflow/experiments/get experiment_id*
GET mlflow/experiments/get-by-name experiment_name*
POST mlflow/experiments/search max_results:int page_token filter order_by:texts view_type
GET mlflow/experiments/search max_results:int page_token filter order_by:texts view_type
GET mlflow/experiments/list max_results:int page_token view_type
POST mlflow/experiments/update experiment_id* new_name
POST mlflow/experiments/delete experiment_id*
POST mlflow/experiments/restore experiment_id*
POST mlflow/experiments/set-experiment-tag experiment_id* key* value*
POST mlflow/experiments/delete-experiment-tag experiment_id* key*
POST mlflow/experiments/search-datasets experiment_ids:texts*
POST mlflow/runs/create experiment_id user_id run_name start_time:int tags:pairs
GET mlflow/runs/get run_id*
POST mlflow/runs/update run_id* status end_time:int run_name
POST mlflow/runs/delete run_id*
POST mlflow/runs/restore run_id*
POST mlflow/runs/search experiment_ids:texts filter run_view_type max_results:int order_by:texts page_token
POST mlflow/runs/log-batch run_id* metrics:points params:pairs tags:pairs
POST mlflow/runs/log-metric run_id* key* value:number* timestamp:int* step:int
  model_id dataset_name dataset_digest
POST mlflow/runs/log-parameter run_id* key* value*
POST mlflow/runs/set-tag run_id* key* value*
POST mlflow/runs/delete-tag run_id* key*
POST mlflow/runs/log-inputs run_id* datasets:datasets models:links
POST mlflow/runs/outputs run_id* models:links
POST mlflow/runs/log-model run_id* model_json*
GET mlflow/metrics/get-history run_id* metric_key* max_results:int page_token
GET mlflow/metrics/get-history-bulk run_id:texts* metric_key* max_results:int
GET mlflow/metrics/get-history-bulk-interval run_ids:texts* metric_key*
  start_step:int end_step:int max_results:int
GET mlflow/server-info
GET mlflow/workspaces
POST mlflow/workspaces name* description
GET mlflow/workspaces/{workspace_name}
PATCH mlflow/workspaces/{workspace_name} description
DELETE mlflow/workspaces/{workspace_name} mode
GET mlflow/artifacts/list run_id* path page_token
PUT mlflow-artifacts/artifacts/{path}
GET mlflow-artifacts/artifacts/{path}
DELETE mlflow-artifacts/artifacts/{path}
GET mlflow-artifacts/artifacts path
POST mlflow-artifacts/mpu/create/{folder} path* num_parts:int
POST mlflow-artifacts/mpu/complete/{folder} path* upload_id* parts:parts*
POST mlflow-artifacts/mpu/abort/{folder} path* upload_id*
PUT mlflow-artifacts/mpu/parts/{upload}/{number}
GET mlflow-artifacts/presigned/{path}
POST mlflow/artifacts/presigned-upload-url run_id model_id path* expiration:int
POST mlflow/artifacts/presigned-download-url run_id model_id path* expiration:int
POST mlflow/upload-artifact
POST mlflow/logged-models experiment_id* name model_type source_run_id params:pairs tags:pairs
POST mlflow/logged-models/search experiment_ids:texts* filter datasets:measured
  max_results:int order_by:order page_token
GET mlflow/logged-models/{model_id} allow_deleted:flag
PATCH mlflow/logged-models/{model_id} status*
DELETE mlflow/logged-models/{model_id}
POST mlflow/logged-models/{model_id}/params params:pairs
PATCH mlflow/logged-models/{model_id}/tags tags:pairs
DELETE mlflow/logged-models/{model_id}/tags/{key}
GET mlflow/logged-models/{model_id}/artifacts/directories artifact_directory_path page_token
GET mlflow/logged-models/{model_id}/artifacts/files artifact_file_path*
POST mlflow/registered-models/create name* tags:pairs description
GET mlflow/registered-models/get name*
PATCH mlflow/registered-models/update name* description
POST mlflow/registered-models/update name* description
POST mlflow/registered-models/rename name* new_name*
DELETE mlflow/registered-models/delete name*
GET mlflow/registered-models/search filter max_results:int order_by:texts page_token
POST mlflow/registered-models/search filter max_results:int order_by:texts page_token
GET mlflow/registered-models/list max_results:int page_token
GET mlflow/registered-models/get-latest-versions name* stages:texts
POST mlflow/registered-models/get-latest-versions name* stages:texts
POST mlflow/registered-models/set-tag name* key* value
DELETE mlflow/registered-models/delete-tag name* key*
POST mlflow/registered-models/alias name* alias* version*
GET mlflow/registered-models/alias name* alias*
DELETE mlflow/registered-models/alias name* alias*
POST mlflow/model-versions/create name* source* run_id tags:pairs run_link description model_id
GET mlflow/model-versions/get name* version*
PATCH mlflow/model-versions/update name* version* description
POST mlflow/model-versions/update name* version* description
DELETE mlflow/model-versions/delete name* version*
GET mlflow/model-versions/search filter max_results:int order_by:texts page_token
POST mlflow/model-versions/search filter max_results:int order_by:texts page_token
GET mlflow/model-versions/get-download-uri name* version*
POST mlflow/model-versions/transition-stage name* version* stage* archive_existing_versions:flag
POST mlflow/model-versions/set-tag name* version* key* value
DELETE mlflow/model-versions/delete-tag name* version* key*
POST mlflow/webhooks name* url* events:topics* description secret status
GET mlflow/webhooks max_results:int page_token
GET mlflow/webhooks/{webhook_id}
PATCH mlflow/webhooks/{webhook_id} name url events:topics description secret status
DELETE mlflow/webhooks/{webhook_id}
POST mlflow/webhooks/{webhook_id}/test event:topic
"""


def calls() -> list[tuple[str, str, str]]:
    """Return the method, the path below ``/api/2.0`` and the arguments of each call."""
    lines = _CALLS.replace("\n  ", " ")  # a line may go on, indented
    return [
        (method, "/" + path, rest) for method, path, rest in re.findall(r"(?m)^(\w+) (\S+) ?(.*)$", lines)
    ]


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the protocol."""
    paths: dict[str, Any] = {}
    for method, path, rest in calls():
        paths.setdefault(f"/api/2.0{path}", {})[method.lower()] = _entry(method, path, rest)
    return openapi.document("MLflow's protocol, as Meguru speaks it", VERSION, paths, schemas={})


def _entry(method: str, path: str, rest: str) -> dict[str, Any]:
    fields = [re.fullmatch(r"(\w+):?(\w*)(\*?)", word) for word in rest.split()]
    taken = [(field[1], _KINDS[field[2]], bool(field[3])) for field in fields if field]
    refused = _object(error_code=_TEXT, message=_TEXT)
    entry: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{method.lower()}{path}"),
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": _TEXT}
            for name in re.findall(r"{(\w+)}", path)
        ],
        "responses": {
            "200": {"description": "done"},
            "4XX": {"description": "refused", "content": {"application/json": {"schema": refused}}},
            "501": {"description": "not done here", "content": {"application/json": {"schema": refused}}},
        },
    }
    if method == "GET":
        entry["parameters"] += [
            {"name": name, "in": "query", "required": needed, "schema": kind} for name, kind, needed in taken
        ]
    elif method == "PUT" or path.endswith("upload-artifact"):
        entry["requestBody"] = {"content": {"application/octet-stream": {"schema": {}}}}
    else:
        schema = _object(**{name: kind for name, kind, _ in taken})
        schema["required"] = [name for name, _, needed in taken if needed]
        entry["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return entry
