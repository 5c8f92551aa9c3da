"""Whatever the graph: order is kept, nothing begins twice, a skip reaches what needs it and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meguru.compute.graph import Constant, FromParameter, FromStep, Graph, Many, Step, StepGate, needs
from meguru.pipelines.engine.board import Board


@st.composite
def graphs(draw):
    """Draw a graph of up to twelve steps: edges, lists of edges, gates and maps, written in any order."""
    count = draw(st.integers(1, 12))
    names = [f"s{n}" for n in range(count)]
    steps = []
    for n, name in enumerate(names):
        earlier = st.sampled_from(names[:n]) if n else st.nothing()
        sources = draw(st.lists(earlier, max_size=3)) if n else []
        inputs = {f"i{k}": FromStep(step=source) for k, source in enumerate(sources)}
        if n and draw(st.booleans()):
            inputs["many"] = Many(items=[FromStep(step=draw(earlier)), Constant(value=1)])
        gates = []
        if n and draw(st.booleans()):
            gates = [
                StepGate(verdict=FromStep(step=draw(earlier))),
                StepGate(verdict=FromParameter(name="p")),
            ]
        maps = bool(sources) and draw(st.booleans())
        steps.append(
            Step(
                key=name,
                function=f"m:{name}",
                inputs=inputs,
                outputs=["Any"],
                gates=gates,
                kind="map" if maps else "call",
                each=["i0"] if maps else [],
            )
        )
    return Graph(name="g", parameters=[], steps=draw(st.permutations(steps)), result=None)


def play(graph, data):
    """Let steps end in any order; return the board, what began, was done, was skipped, and the calls."""
    board = Board(graph)
    begun, done, skipped, open_, calls = [], [], [], [], {}
    while True:
        fresh = board.begin()
        for key in fresh:
            assert key not in begun
            begun.append(key)
            step = board.steps[key]
            if step.kind == "map" and key not in board.parent:
                count = data.draw(st.integers(0, 3), label=f"calls of {key}")
                calls[key] = count
                if count:
                    made = [
                        Step(key=f"{key}.{n}", function=step.function, inputs=step.inputs, outputs=["Any"])
                        for n in range(count)
                    ]
                    board.expand(key, made)
                    continue
            open_.append(key)
        if fresh:
            continue  # calls of mapped steps may begin
        if not open_:
            return board, begun, done, skipped, calls
        key = open_.pop(data.draw(st.integers(0, len(open_) - 1), label="which ends"))
        if key not in board.parent and data.draw(st.integers(0, 4), label=f"skip {key}") == 0:
            skipped += [one.key for one in board.skip(key, "gate")]
            open_ = [one for one in open_ if one not in skipped]
            continue
        done.append(key)
        parent = board.done(key)
        if parent is not None:
            done.append(parent)
            assert board.done(parent) is None


@given(graphs(), st.data())
def test_every_step_ends_once_in_order_or_is_skipped_with_what_needs_it(graph, data):
    wanted = {step.key: needs(step) for step in graph.steps}
    board, begun, done, skipped, calls = play(graph, data)
    place = {key: n for n, key in enumerate(done)}
    steps = {step.key for step in graph.steps}
    assert len(set(done)) == len(done)
    assert set(done) & steps | set(skipped) == steps
    assert not set(done) & set(skipped)
    assert all(board.is_over(key) for key in steps)
    for key in set(done) & steps:
        assert all(place[one] < place[key] for one in wanted[key])
    for key in set(begun) & steps:
        assert wanted[key] <= set(done)
    for key in skipped:
        assert key in begun or wanted[key] & set(skipped), "skipped, though nothing it needs was"
    for key, count in calls.items():
        if key in done:
            assert {f"{key}.{n}" for n in range(count)} <= set(done[: place[key] + (count == 0)])


@given(graphs())
def test_steps_that_end_at_once_begin_in_the_authors_order(graph):
    board, ready = Board(graph), []
    while fresh := board.begin():
        assert [board.rank(key) for key in fresh] == sorted(board.rank(key) for key in fresh)
        ready += fresh
        for key in fresh:
            board.done(key)
    assert sorted(ready) == sorted(step.key for step in graph.steps)
