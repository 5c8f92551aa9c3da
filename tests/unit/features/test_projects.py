"""Views of projects: what one may not see nothing is made of."""

import pytest

from meguru.datasets.client import add_files
from meguru.errors import NotFound
from meguru.features.kind import EntitySpec, FeatureViewSpec
from meguru.features.operations import entity_specs, view_specs
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.kernel.principals import Principal

ON_DEMAND = {"transform": "x:f", "request": {"km": "Float64"}, "features": {"far": "Boolean"}}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("entity", lambda name: {"entities": [f"hidden/{name}"], "sources": {"rows": "rows"}}),
        ("feature_view", lambda name: ON_DEMAND | {"inputs": [f"hidden/{name}:value"]}),
    ],
)
def test_what_a_view_is_made_of_must_be_seen_by_who_declares_it(workspace, tmp_path, kind, given):
    (tmp_path / "rows.csv").write_text("who,value\na,1.0\n")
    for project in ("team", "hidden"):
        projects.declare(workspace, name=project, spec=ProjectSpec())
        within = workspace.with_(project=project)
        add_files(within, "rows", tmp_path / "rows.csv")
        entity_specs.declare(within, name="who", spec=EntitySpec(key=["who"]))
        spec = FeatureViewSpec(entities=["who"], sources={"rows": "rows"})
        view_specs.declare(within, name="who", spec=spec)
    eve = workspace.with_(principal=Principal(name="eve", grants={"team": frozenset({"*"})}), project="team")
    for ask in (view_specs.declare, view_specs.plan):
        for name in ("who", "nobody"):
            with pytest.raises(NotFound, match=f"^there is no {kind} 'hidden/{name}'$"):
                ask(eve, name="mine", spec=FeatureViewSpec(**given(name)))
