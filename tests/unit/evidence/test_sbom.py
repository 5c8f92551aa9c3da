"""The bill of materials is CycloneDX, with licences, and the model as a component with a card."""

import json

import pytest

from meguru.evidence.pack.read import read_pack
from meguru.evidence.sbom import cyclonedx
from meguru.evidence.sbom.packages import licences_of, pinned


@pytest.fixture(scope="module")
def bill(pack):
    return read_pack(pack).parts[cyclonedx.PATH].decode()


def test_it_is_what_the_schema_of_1_6_asks(bill):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None


def test_the_model_is_a_component_with_a_card_and_needs_its_packages_and_data(bill):
    found = json.loads(bill)
    model = found["metadata"]["component"]
    assert (model["type"], model["bom-ref"]) == ("machine-learning-model", "model/delay@1")
    metrics = {
        each["type"]: each for each in model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    }
    low, high = (float(metrics["auc"]["confidenceInterval"][f"{each}Bound"]) for each in ("lower", "upper"))
    assert low < float(metrics["auc"]["value"]) < high
    listed = {each["bom-ref"]: each for each in found["components"]}
    numpy = next(each for each in listed.values() if each["name"] == "numpy")
    assert numpy["licenses"]
    assert "dataset/rows@1" in listed
    assert set(found["dependencies"][0]["dependsOn"]) == set(listed)


def test_licences_are_those_of_the_installed_version_or_none():
    assert licences_of("msgspec", "0.0.1") == []
    assert licences_of("there-is-no-such-package", "1") == []
    assert list(pinned("numpy==2.0\n# x\nscipy>=1\npolars[all]==1.2 ; python_version > '3'\n")) == [
        ("numpy", "2.0"),
        ("polars", "1.2"),
    ]
