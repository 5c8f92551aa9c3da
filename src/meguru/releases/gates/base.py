"""What a gate promises, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Protocol

from meguru.errors import InvalidInput
from meguru.flavors.bundle import Bundle
from meguru.governance.checklists.types import ChecklistStanding
from meguru.registry.group_tallies import TallyRecord
from meguru.registry.lookups import KnownModel
from meguru.registry.signatures.types import SignatureStanding
from meguru.releases.types import GateResult, ReleasePart
from meguru.serving.contracts.types import Contract, ModelInput
from meguru.serving.features.enrichment import FeatureInputs, ValueSource
from meguru.serving.features.plan import FeaturePlan

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class TrialSide:
    """A model version on trial; `digest` is of what predicts, `open` loads it, at most once.

    `metrics` are the registry's; None asks the loaded model. `signatures` are those of its files, as they
    stand now.
    """

    ref: str
    digest: str
    open: Callable[[], Bundle]
    metrics: Mapping[str, float] | None = None
    signatures: Callable[[], Sequence[SignatureStanding]] = tuple

    @cached_property
    def bundle(self) -> Bundle:
        """The loaded model with its evidence."""
        return self.open()

    @property
    def known(self) -> KnownModel:
        """What is known of it; it is loaded for that."""
        metrics = self.bundle.evaluation.metrics if self.metrics is None else self.metrics
        return KnownModel(ref=self.ref, task=self.bundle.task, metrics=metrics)


def _no_data(ref: str) -> pl.DataFrame:
    raise InvalidInput(f"there is no {ref} to measure on", field="golden")


def _no_checklist(name: str) -> ChecklistStanding:
    raise InvalidInput(f"there is no checklist {name}", field="checklist")


@dataclass(frozen=True, kw_only=True)
class GateTrial:
    """The challenger, and the champion it would replace at the endpoint; None when nothing is live.

    `record` and `max_rows` are how the endpoint would serve the challenger, `contracts` what its clients
    send; `inputs` say how the challenger's columns come from that, `champion_inputs` how the champion's do;
    `features` are the views that give what need not be sent, `values` where from, and `not_online` says why
    they could not now; `golden` reads a dataset version, and whatever reads rows for a gate notes in
    `looked_at` what they were of; `tallies` are counts of groups that were sent of the challenger;
    `checklist` reads where the challenger stands with one.
    """

    endpoint: str
    challenger: TrialSide
    champion: TrialSide | None = None
    record: bool = True
    max_rows: int = 10_000
    contracts: Sequence[Contract] = ()
    inputs: Sequence[ModelInput] = ()
    champion_inputs: Sequence[ModelInput] = ()
    features: FeaturePlan | None = None
    values: ValueSource | None = None
    not_online: Sequence[str] = ()
    golden: Callable[[str], pl.DataFrame] = _no_data
    tallies: Callable[[], Sequence[TallyRecord]] = tuple
    looked_at: list[ReleasePart] = field(default_factory=list)
    checklist: Callable[[str], ChecklistStanding] = _no_checklist

    @property
    def feature_inputs(self) -> FeatureInputs | None:
        """What fills in the columns that clients need not send; None if they send all."""
        if self.features is None or self.values is None:
            return None
        return FeatureInputs(self.features, self.challenger.bundle.signature, self.values)


class Gate(Protocol):
    """An automatic check: a frozen struct, read from the endpoint's gates.

    Judging changes nothing, and the same trial always gets the same result: whatever is random is seeded
    from the models' digests; only a time that is measured differs. An error about the model (`InvalidInput`
    and its like) raised while judging counts as a failed gate with that reason; a failure of this
    installation, such as a store that is away, leaves it undecided.
    """

    key: ClassVar[str]

    def check(self) -> None:
        """Raise InvalidInput, naming the field, if the options make no sense."""
        ...

    def check_declaration(self, model: KnownModel) -> None:
        """Raise InvalidInput, naming the field, if no release of such a model can ever pass.

        Asked when an endpoint is declared, of the newest version of its model, and again of each release.
        """
        ...

    def judge(self, trial: GateTrial) -> GateResult:
        """Return the verdict, with what was measured and the reason in a sentence."""
        ...
