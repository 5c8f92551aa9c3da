"""ReportEvidence in a reader's language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from meguru.base.text import mark, translate
from meguru.monitoring.evidence.types import EvidencePoint, TroubleCause

CAUSES = {
    TroubleCause.DATA_BREAK: mark("a data break"),
    TroubleCause.RELEASE: mark("a release"),
    TroubleCause.LABEL_DELAY: mark("label delay"),
    TroubleCause.SEASON: mark("a seasonal movement"),
    TroubleCause.CONCEPT_CHANGE: mark("a concept change"),
    TroubleCause.UNCLEAR: mark("unclear"),
}
MEANINGS = {
    TroubleCause.DATA_BREAK: mark("What comes in is broken: look at where the columns come from."),
    TroubleCause.RELEASE: mark("Another model went live: compare it with the one before."),
    TroubleCause.LABEL_DELAY: mark("The outcomes that are known are not those of all rows: wait for more."),
    TroubleCause.SEASON: mark("The world moved as it did before: the model may need data of that season."),
    TroubleCause.CONCEPT_CHANGE: mark(
        "The same inputs have other outcomes than before: train on newer ones."
    ),
    TroubleCause.UNCLEAR: mark("Not enough speaks for one cause."),
}


def _as_it_is(sentence: str) -> str:
    return sentence


@dataclass(frozen=True, slots=True)
class EvidenceWords:
    """Texts in one language; `spoken` translates sentences that were computed and kept in English."""

    language: str = "en"
    spoken: Callable[[str], str] = _as_it_is

    def text(self, message: str, **values: object) -> str:
        """Return a message with its values filled in."""
        said = translate(message, self.language)
        return said.format(**values) if values else said

    def point(self, point: EvidencePoint) -> str:
        """Return what speaks for a cause, or against it."""
        values = dict(point.values)
        if "says" in values:
            values["says"] = self.spoken(values["says"])
        return self.text(point.text, **values)

    def cause(self, cause: TroubleCause) -> str:
        """Return what a cause is called."""
        return self.text(CAUSES[cause])

    def meaning(self, cause: TroubleCause) -> str:
        """Return what a cause means, and what to do."""
        return self.text(MEANINGS[cause])
