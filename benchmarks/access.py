"""What access by project costs: a call, a token, and a list of 100,000 runs of which one may see some.

Ratios are of what is filtered to what is not, asked in turns in the same run of this file.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.governance.admission import RightsCache, principal_of
from meguru.governance.grants.kind import GrantSpec
from meguru.governance.grants.operations import specs as grants
from meguru.governance.groups.kind import GroupSpec
from meguru.governance.groups.operations import specs as groups
from meguru.governance.principals import create_principal
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.governance.tokens import create_token
from meguru.kernel.operations import registered
from meguru.kernel.operations.authorise import authorise
from meguru.kernel.workspace import Workspace
from meguru.pipelines import show as pipelines
from meguru.tracking import find, runs, show
from meguru.tracking.experiments.change import create_experiment

PROJECTS, RUNS = 20, 100_000
_COUNT = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
_MORE_RUNS = f"""
{_COUNT}, places(name, at) AS (SELECT name, row_number() OVER (ORDER BY name) - 1 FROM experiment)
INSERT INTO run (id, name, experiment, state, started_at, finished_at, created_by, error)
SELECT 'run-' || printf('%026d', i), 'n' || i, places.name, 'succeeded', started_at, started_at, 'local', ''
FROM n JOIN places ON places.at = i % {{places}}, (SELECT started_at FROM run LIMIT 1)
"""
_MORE_PIPELINE_RUNS = f"""
{_COUNT}
INSERT INTO pipeline_run (id, pipeline, version, state, params, pinned, job, event, created_at, created_by,
                          produced, metrics, ran, cached)
SELECT 'prun-' || printf('%026d', i), 'p' || (i % {{places}}) || '/train', 1, 'succeeded', '{{{{}}}}',
       '{{{{}}}}', '', '', '2026-01-01T00:00:00.000000Z', 'local', '[]', '{{{{}}}}', 1, 0 FROM n
"""


def main() -> None:
    """Print all figures."""
    load_operations()
    with (
        tempfile.TemporaryDirectory() as folder,
        open_local(Path(folder) / "w", settings=Settings(sqlite_synchronous="NORMAL")) as ws,
    ):
        fill(ws)
        views = {name: seen_by(ws, name) for name in ("owner", "all", "most", "one")}
        calls(ws, views)
        tokens(ws)
        lists(views)


def fill(ws: Workspace) -> None:
    """Make the projects, who may see how many of them, and the runs."""
    for number in range(PROJECTS):
        name = f"p{number}"
        projects.declare(ws, name=name, spec=ProjectSpec())
        create_experiment(ws.with_(project=name), name="e")
    runs.start(ws.with_(project="p0"), experiment="e")
    create_principal(ws, name="owner", role="owner")
    for name, places in (("all", PROJECTS), ("most", PROJECTS - 1), ("one", 1)):
        create_principal(ws, name=name, role="guest")
        groups.declare(ws, name=name, spec=GroupSpec(members=[name]))
        where = [f"p{number}" for number in range(places)]
        grants.declare(ws, name=name, spec=GrantSpec(to=f"group/{name}", role="engineer", projects=where))
    with ws.db.write() as tx:
        for statement in (_MORE_RUNS, _MORE_PIPELINE_RUNS):
            tx.execute(text(statement.format(count=RUNS, places=PROJECTS).replace(":", r"\:")))
        tx.execute(text("ANALYZE"))


def seen_by(ws: Workspace, name: str) -> Workspace:
    """Return the workspace as somebody with a token sees it."""
    secret = create_token(ws, principal=name).secret
    with ws.read() as tx:
        return ws.with_(principal=principal_of(tx, secret, ws.clock.now()))


def calls(ws: Workspace, views: dict[str, Workspace]) -> None:
    """Tell what asking for a right adds to a call."""
    known = registered()
    asked = {
        "a list": (known["run.list"], {}),
        "a named thing": (known["endpoint.declare"], {"name": "p0/x"}),
        "a thing with an id": (known["run.show"], {"run": runs_of(ws)}),
    }
    print(f"{'asking for a right, µs a call':34s}" + "".join(f"{name:>10s}" for name in views))
    for what, (operation, arguments) in asked.items():
        line = f"  {what:32s}"
        for view in views.values():
            both = best(lambda o=operation, a=arguments, v=view: (authorise(v, o), authorise(v, o, a)))
            line += f"{both * 1e6:10.1f}"
        print(line)
    run = runs_of(ws)
    whole = {name: best(lambda v=view: show.show(v, run=run)) for name, view in views.items()}
    print(f"{'  run.show, the whole call':34s}" + "".join(f"{each * 1e6:10.1f}" for each in whole.values()))


def runs_of(ws: Workspace) -> str:
    """Return the id of a run of a project that all may see."""
    return show.list_runs(ws.with_(project="p0"), limit=1).items[0].id


def tokens(ws: Workspace) -> None:
    """Tell what looking up a token costs, with its rights known and not."""
    secret, cache = create_token(ws, principal="most").secret, RightsCache()

    def look(known: RightsCache | None) -> None:
        with ws.read() as tx:
            principal_of(tx, secret, ws.clock.now(), known)

    def one_row() -> None:
        with ws.read() as tx:
            tx.execute(text("SELECT version FROM access_head")).first()

    floor = best(one_row)
    print(f"one row {floor * 1e6:.0f} µs; a token {best(lambda: look(cache)) / floor:.1f} x", end="")
    print(f", with its rights worked out anew {best(lambda: look(None)) / floor:.1f} x")


def lists(views: dict[str, Workspace]) -> None:
    """Tell how much longer lists take of which one may see only some."""
    asked: dict[str, Callable[[Workspace], object]] = {
        "run.list": lambda view: show.list_runs(view, limit=50),
        "run.search": lambda view: find.search(view, limit=50),
        "run.search by name": lambda view: find.search(view, query="attributes.name = 'n777'"),
        "pipeline_run.list": lambda view: pipelines.list_runs(view, limit=50),
    }
    print(f"{f'lists of {RUNS:,} runs, ratio':34s}" + "".join(f"{name:>10s}" for name in views))
    for what, ask in asked.items():
        times = {name: best(lambda a=ask, v=view: a(v), 60) for name, view in views.items()}
        shown = "".join(f"{times[name] / times['owner']:10.2f}" for name in views)
        print(f"  {what:32s}{shown}   ({times['owner'] * 1e3:.2f} ms)")


def best(action: Callable[[], object], count: int = 400) -> float:
    """Return the seconds that an action takes, of its quicker half."""
    found = []
    for _ in range(count):
        start = time.perf_counter()
        action()
        found.append(time.perf_counter() - start)
    return statistics.median(sorted(found)[: count // 2])


if __name__ == "__main__":
    main()
