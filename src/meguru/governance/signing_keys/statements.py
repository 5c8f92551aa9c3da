"""Everything that is stated under a signature here, by name: the one list of predicate types."""

from __future__ import annotations

_HOME = "https://meguru.dev/attestations"


def predicate_type(name: str) -> str:
    """Return the address of the form of a statement that is in `STATEMENTS`."""
    if name not in STATEMENTS:
        message = f"no statement is called {name!r}"
        raise ValueError(message)
    return f"{_HOME}/{name}/v1"


def name_of(address: str) -> str:
    """Return the name of the statement whose form has this address; empty if it is none of ours."""
    name = address.removeprefix(f"{_HOME}/").removesuffix("/v1")
    return name if name in STATEMENTS and predicate_type(name) == address else ""


STATEMENTS = {
    "approval": "a person agrees to a release: to its digest, with a note",
    "refusal": "a person refuses a release",
    "break-glass": "a person put a release live in an emergency, for a reason",
    "checkpoint": "the head of the event log at a moment: how many events, and their Merkle root",
    "waiver": "a person lets a release through that a rule would refuse, until a date",
    "checklist": "a person answers for a checklist",
    "card": "the words of a card at a version",
    "release": "what a release is made of, with the digest of its content",
    "training": "how a model was trained: from which inputs, by which code, in which environment",
    "evaluation": "what a model's metrics are, with their intervals",
    "gate": "what one gate of a release said, and of which inputs",
    "group-counts": "how many rows of each group a model decided for, as who holds the groups counted them",
    "fairness": "what a gate measured by group",
    "review": "what policies asked of a release, who decided, and by which right",
    "signatures": "who signed a model's files",
    "scan": "what was found in a model's files before anybody loads them",
    "deployment": "what happened to a release: when it was live, and what followed",
    "logs": "what the steps of the run printed: the digests of their logs",
    "monitoring": "what monitors said of an endpoint since",
    "lineage": "what a model was made from, back to raw data",
    "evidence": "what is in a pack of evidence: the digest of its manifest",
    "environment": "the packages that a model was trained with",
}
