"""Random pipelines and changes: exactly the steps with new code or inputs run, in order, within the limit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.pipelines.load import register_file
from meguru.pipelines.runner import work_on
from meguru.pipelines.show import show_run
from meguru.pipelines.start import start

LIMIT = 3
_example = count(1)


@dataclass(frozen=True)
class Node:
    """A step of the drawn pipeline: what it is called, what it does, and what it gets.

    An ``int`` step adds up numbers modulo 4, so that a change often leaves an output as it was. A ``list``
    step gives three numbers, a ``map`` step changes each number of a list, a ``sum`` step adds them up. A
    ``bool`` step is a gate for the ``int`` step with its name in `gate`.
    """

    name: str
    kind: str
    of: tuple[str, ...] = ()
    p: str = "0"
    gate: str = ""
    const: int = 0

    def source(self, tag: int) -> str:
        head = f"@step(isolation='thread')\ndef {self.name}"
        body = f"    tag = {tag}\n    c = {self.const}\n"
        if self.kind == "map":
            return f"{head}(v: int, p: int) -> int:\n{body}    return (v + c + p) % 4\n"
        if self.kind == "sum":
            return f"{head}(xs: list[int], p: int) -> int:\n{body}    return (sum(xs) + c + p) % 4\n"
        given = "".join(f"a{n}: int, " for n in range(len(self.of)))
        value = " + ".join([*(f"a{n}" for n in range(len(self.of))), "c", "p"])
        returns, result = {
            "int": ("int", f"({value}) % 4"),
            "list": ("list[int]", f"[({value} + k) % 4 for k in range(3)]"),
            "bool": ("bool", f"({value}) % 2 == 0"),
        }[self.kind]
        return f"{head}({given}p: int) -> {returns}:\n{body}    return {result}\n"

    def call(self) -> str:
        of = ", ".join(self.of)
        if self.kind == "map":
            return f"{self.name}_ = {self.name}.map({of}, p={self.p})"
        return f"{self.name}_ = {self.name}({of}{', ' if of else ''}{self.p})"


@dataclass
class Model:
    """What must happen, worked out without the engine."""

    seen: set[tuple[object, ...]] = field(default_factory=set)

    def run(self, nodes: list[Node], params: dict[str, int]) -> tuple[dict[str, object], set[str], set[str]]:
        values: dict[str, object] = {}
        ran: set[str] = set()
        skipped: set[str] = set()
        fresh: set[tuple[object, ...]] = set()
        for node in nodes:
            gate = node.gate.removesuffix("_")
            if {one.removesuffix("_") for one in node.of} & skipped or gate in skipped:
                skipped.add(node.name)
                continue
            if gate and not values[gate]:
                skipped.add(node.name)
                continue
            p = params.get(node.p, 0)
            given = [values[one.removesuffix("_")] for one in node.of]
            values[node.name] = self._value(node, given, p)
            for key, inputs in self._calls(node, given):
                mark = (node.name, node.const, repr(inputs), p)
                if mark not in self.seen:
                    ran.add(key)
                    fresh.add(mark)
        self.seen |= fresh
        return values, ran, skipped

    @staticmethod
    def _value(node: Node, given: list, p: int) -> object:
        more = node.const + p
        if node.kind == "map":
            return [(v + more) % 4 for v in given[0]]
        if node.kind == "sum":
            return (sum(given[0]) + more) % 4
        total = sum(given) + more
        if node.kind == "list":
            return [(total + k) % 4 for k in range(3)]
        return total % 2 == 0 if node.kind == "bool" else total % 4

    @staticmethod
    def _calls(node: Node, given: list) -> list[tuple[str, object]]:
        if node.kind == "map":
            return [(f"{node.name}.{n}", v) for n, v in enumerate(given[0])]
        return [(node.name, given)]


@st.composite
def pipelines(draw):
    nodes: list[Node] = []
    for n in range(draw(st.integers(2, 7))):
        of_kind = {kind: [one.name for one in nodes if one.kind in kinds] for kind, kinds in SOURCES.items()}
        kinds = ["int", "list"] + ["map", "sum"] * bool(of_kind["lists"]) + ["bool"] * (n > 0)
        kind = draw(st.sampled_from(kinds))
        if kind in {"map", "sum"}:
            of = (draw(st.sampled_from(of_kind["lists"])) + "_",)
        else:
            numbers = [f"{name}_" for name in of_kind["numbers"]]
            of = tuple(draw(st.lists(st.sampled_from(numbers), max_size=2))) if numbers else ()
        gates = [f"{name}_" for name in of_kind["gates"]]
        gate = draw(st.sampled_from(["", *gates])) if gates and kind == "int" else ""
        nodes.append(Node(f"s{n}", kind, of, draw(st.sampled_from("xy0")), gate, draw(st.integers(0, 3))))
    return nodes


SOURCES = {"lists": {"list", "map"}, "numbers": {"int", "sum"}, "gates": {"bool"}}
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from("xy"), st.integers(0, 3)), st.tuples(st.integers(0, 6), st.integers(0, 3))
    ),
    min_size=2,
    max_size=4,
)


def text_of(nodes: list[Node], tag: int) -> str:
    lines = ["from meguru import gate, pipeline, step", *(node.source(tag) for node in nodes)]
    lines.append("@pipeline\ndef drawn(x: int, y: int):")
    for node in nodes:
        if node.gate:
            lines += [f"    with gate({node.gate}):", f"        {node.call()}"]
        else:
            lines.append(f"    {node.call()}")
    return "\n".join(lines) + "\n"


class Watcher:
    """Checks order and the number of steps that run, from the states that were committed."""

    def __init__(self, nodes: list[Node]) -> None:
        self.needs = {
            node.name: {one.removesuffix("_") for one in (*node.of, node.gate) if one} for node in nodes
        }
        self.over: set[str] = set()
        self.running: set[str] = set()
        self.ran: set[str] = set()
        self.problems: list[str] = []

    def __call__(self, step) -> None:
        is_map = step.items is not None
        if step.state.value in {"succeeded", "cached"}:
            self.over.add(step.step)
            self.running.discard(step.step)
            if step.state.value == "succeeded" and not is_map:
                self.ran.add(step.step)
        elif step.state.value == "running" and not is_map:
            self.running.add(step.step)
            missing = self.needs[step.step.partition(".")[0]] - self.over
            if missing:
                self.problems.append(f"{step.step} began before {missing}")
            if len(self.running) > LIMIT:
                self.problems.append(f"{len(self.running)} steps at a time")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("random")
    with open_local(folder / "ws", settings=Settings(sqlite_synchronous="NORMAL", cpus=LIMIT)) as ws:
        yield ws, folder


def carry_out(ws, file, nodes, params):
    watcher = Watcher(nodes)
    run = start(ws, pipeline=register_file(ws, f"{file}:drawn").ref, params=params)
    assert work_on(ws, run.job, watcher)
    return show_run(ws, ref=run.id), watcher


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(pipelines(), CHANGES)
def test_exactly_what_a_change_reaches_runs_in_order_and_within_the_limit(place, nodes, changes):
    ws, folder = place
    tag, model, params = next(_example), Model(), {"x": 0, "y": 0}
    (folder / str(tag)).mkdir()
    file = folder / str(tag) / f"drawn{tag}.py"
    for change in [None, *changes]:
        if change is not None and isinstance(change[0], str):
            params[change[0]] = change[1]
        elif change is not None:
            n = change[0] % len(nodes)
            nodes = [*nodes[:n], replace(nodes[n], const=change[1]), *nodes[n + 1 :]]
        file.write_text(text_of(nodes, tag))
        run, watcher = carry_out(ws, file, nodes, params)
        values, ran, skipped = model.run(nodes, params)
        assert run.failed is None
        assert watcher.problems == []
        assert watcher.ran == ran
        assert {step.step for step in run.steps if step.state.value == "skipped"} == skipped
        shown = {step.step: step for step in run.steps}
        for node in nodes:
            if node.name in values and node.kind != "map":
                (made,) = shown[node.name].outputs
                if made.kind in {"plain", "annotated"}:
                    assert msgspec.json.decode(ws.blobs.get_bytes(made.digest)) == values[node.name]
