"""What has to be so when the page "add a noun" was followed; run in the copy, with the workspace's folder."""

import sys

from meguru.contacts.kind import ContactSpec
from meguru.contacts.operations import call, list_contacts, specs
from starlette.testclient import TestClient

from meguru import errors
from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.applies.show import present as list_present
from meguru.artifacts.log import list_events
from meguru.artifacts.why import show as why
from meguru.console.labels import label_of
from meguru.governance.admission import authenticate
from meguru.governance.principals import create_principal
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.members import grant
from meguru.governance.projects.operations import specs as projects
from meguru.governance.roles import permissions_of
from meguru.governance.tokens import create_token
from meguru.kernel.operations import registered
from meguru.server.asgi import build

load_operations()
ws = open_local(sys.argv[1])

# Declared, planned, changed, kept.
spec = ContactSpec(person="Anna", about="endpoint/delay")
assert specs.plan(ws, name="pager", spec=spec).change == "created"
assert specs.declare(ws, name="pager", spec=spec).change == "created"
assert specs.declare(ws, name="pager", spec=spec).change == "unchanged"
ben = ContactSpec(person="Ben", about="endpoint/delay")
assert specs.declare(ws, name="pager", spec=ben).change == "updated"
assert [each.spec["person"] for each in specs.specs(ws, name="pager")] == ["Ben", "Anna"]
assert call(ws, name="contact/pager", reason="it rings").calls == 1

# What is declared is found again as a project file would declare it.
present = [(each.kind, each.name, each.spec) for each in list_present(ws) if each.kind == "contact"]
assert present == [("contact", "pager", {"person": "Ben", "about": "endpoint/delay"})]

# Roles, words and why are derived.
assert "contact:call" in permissions_of("data-scientist")
assert "contact:write" not in permissions_of("data-scientist")
assert why(ws, ref="contact/pager").state == "contact/pager was declared"
assert label_of("contact.called") == "contact called"

# Projects: who may see one of them sees nothing of the others.
for project in ("team", "other"):
    projects.declare(ws, name=project, spec=ProjectSpec())
    specs.declare(ws, name=f"{project}/pager", spec=spec)
create_principal(ws, name="cleo", role="guest")
grant(ws, name="team", principal="cleo", role="data-scientist")
secret = create_token(ws, principal="cleo").secret
cleo = ws.with_(principal=authenticate(ws, secret))
assert [each.name for each in list_contacts(cleo)] == ["team/pager"]
assert call(cleo, name="team/pager", reason="hello").calls == 1
for name, error in (("other/pager", errors.NotFound), ("pager", errors.NotFound)):
    try:
        call(cleo, name=name, reason="hello")
        raise SystemExit(f"{name} was called")
    except error:
        pass
try:
    specs.retire(cleo, name="team/pager")
    raise SystemExit("a data scientist retired it")
except errors.Forbidden:
    pass

# The doors: HTTP in a project, the console, the audit trail.
with TestClient(build(ws, auth=True), base_url="http://127.0.0.1") as http:
    http.headers["Authorization"] = f"Bearer {secret}"
    made = http.post("/projects/team/api/v1/contact/call", json={"name": "pager", "reason": "again"})
    assert made.status_code == 200, made.text
    assert made.json()["calls"] == 2
    page = http.get("/ui/contacts")
    assert page.status_code == 200, page.text
    assert "team/pager: Anna" in page.text
    assert "other/pager" not in page.text
verbs = ("declare", "plan", "retire", "specs", "call", "list")
assert {f"contact.{verb}" for verb in verbs} <= set(registered())
assert "contact.called" in {each.type for each in list_events(ws, limit=100).items}
ws.close()
sys.stdout.write("the noun is there\n")
