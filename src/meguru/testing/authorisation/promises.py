"""How what people promise about a model is made: a waiver that is asked for, a checklist."""

from __future__ import annotations

from datetime import timedelta

from meguru.governance.checklists.kind import ChecklistSpec
from meguru.governance.checklists.operations import specs as checklists
from meguru.governance.checklists.types import ChecklistItem
from meguru.governance.waivers.request import request as request_waiver
from meguru.releases.check import check as check_release
from meguru.releases.create import create as create_release
from meguru.serving.kind import EndpointSpec
from meguru.serving.operations import specs as endpoint_specs
from meguru.testing.authorisation.making import Making

NONE_PASSES = {"gate": "size", "at_most_mb": 1e-9}


def make_waiver(of: Making) -> str:
    """Ask for a waiver of a gate that refused a release, which is another than the one that is `made`."""
    endpoint_specs.declare(
        of.ws, name=f"{of.mark}-small", spec=EndpointSpec(model=of.mark, gates=[NONE_PASSES])
    )
    refused = create_release(of.ws, endpoint=f"{of.mark}-small", model=f"{of.mark}@1")
    check_release(of.ws, release=refused.ref)
    until = of.ws.clock.now() + timedelta(days=30)
    return request_waiver(of.ws, release=refused.ref, gate="size", reason=of.mark, until=until).id


def make_checklist(of: Making) -> str:
    """Declare a checklist of one item for the model that is there."""
    item = ChecklistItem(id="some", text="Is it so?")
    checklists.declare(of.ws, name=of.mark, spec=ChecklistSpec(models=[of.mark], items=[item]))
    return of.mark
