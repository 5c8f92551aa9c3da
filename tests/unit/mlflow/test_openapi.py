"""The description of the protocol names every call that is answered, and no other."""

import re

from meguru.mlflow.protocol import openapi, routes
from meguru.mlflow.registry.routes import other_routes
from meguru.mlflow.tracking import batches


def answered():
    yield from (("POST", path) for path in (*routes._POST, *batches.READERS))
    yield from (("GET", path) for path in routes._GET)
    for route in other_routes():
        path = re.sub(r"\{(\w+):path\}", r"{\1}", route.path)
        yield from ((method, path) for method in route.methods - {"HEAD"})


def test_every_call_is_described_and_every_description_is_of_a_call():
    described = {(method, path) for method, path, _ in openapi.calls()}
    # The parts of an upload are asked for with their path in the address, or in the body.
    bare = {("POST", f"/mlflow-artifacts/mpu/{verb}") for verb in ("create", "complete", "abort")}
    assert described == set(answered()) - bare


def test_the_description_says_what_a_call_takes():
    paths = openapi.document()["paths"]
    create = paths["/api/2.0/mlflow/registered-models/create"]["post"]
    schema = create["requestBody"]["content"]["application/json"]["schema"]
    assert (schema["required"], set(schema["properties"])) == (["name"], {"name", "tags", "description"})
    search = paths["/api/2.0/mlflow/model-versions/search"]["get"]["parameters"]
    assert {each["name"]: each["schema"]["type"] for each in search}["order_by"] == "array"
    file = paths["/api/2.0/mlflow-artifacts/artifacts/{path}"]["put"]
    assert "application/octet-stream" in file["requestBody"]["content"]
