"""The page of a checklist."""

from meguru.governance.checklists.kind import ChecklistSpec
from meguru.governance.checklists.operations import specs
from meguru.governance.checklists.types import ChecklistItem


def test_it_is_there_before_its_model_has_a_version(browser, workspace):
    items = [ChecklistItem(id="purpose", text="What is it for?")]
    specs.declare(workspace, name="own", spec=ChecklistSpec(title="Our own", models=["delay"], items=items))
    page = browser.get("/ui/checklists/own")
    assert page.status_code == 200
    assert "Our own" in page.text
    assert browser.get("/ui/checklists/own?model=delay").status_code == 404
