"""What most likely caused what a monitor found: rules that anybody can follow, and what speaks against.

Each rule gives a weight; nothing is learned and nothing drawn. A cause is named when its weight is at least
2 and no other has as much; else it is unclear. A finding is never explained away: causes say why, the
verdict says what.
"""

from __future__ import annotations

from collections.abc import Sequence

from meguru.base.text import mark
from meguru.monitoring.evidence.case import WindowCase
from meguru.monitoring.evidence.types import CauseExplanation, EvidencePoint, TroubleCause
from meguru.monitoring.types import Finding, ReportVerdict, Severity
from meguru.monitoring.window import MonitoredWindow

MIN_WEIGHT = 2
MAX_POINTS = 4
Said = list[EvidencePoint]
Weighed = tuple[int, Said, Said]


def explain(window: MonitoredWindow, findings: Sequence[Finding]) -> list[CauseExplanation]:
    """Weigh every cause, the most likely first; empty when nothing is beyond its threshold."""
    case = WindowCase(window, findings)
    if not case.breached(*Severity):
        return []
    rules = {
        TroubleCause.DATA_BREAK: _data_break,
        TroubleCause.RELEASE: _release,
        TroubleCause.LABEL_DELAY: _label_delay,
        TroubleCause.SEASON: _season,
        TroubleCause.CONCEPT_CHANGE: _concept_change,
    }
    found = []
    for cause, rule in rules.items():
        weight, speaks_for, against = rule(case)
        found.append(
            CauseExplanation(
                cause=cause,
                weight=max(0, weight),
                speaks_for=speaks_for[:MAX_POINTS],
                speaks_against=against[:MAX_POINTS],
            )
        )
    return sorted(found, key=lambda each: -each.weight)


def most_likely(explanations: Sequence[CauseExplanation]) -> TroubleCause | None:
    """Return the cause that has most weight; `unclear` when none has enough, or two have as much."""
    if not explanations:
        return None
    # A tie is told as unclear: a wrong cause that is named costs more than none.
    first, second = explanations[0], explanations[1]
    is_clear = first.weight >= MIN_WEIGHT and first.weight > second.weight
    return first.cause if is_clear else TroubleCause.UNCLEAR


def point(text: str, **values: object) -> EvidencePoint:
    """Say something with its values; whoever shows it translates the text."""
    return EvidencePoint(text=text, values={name: str(value) for name, value in values.items()})


def _data_break(case: WindowCase) -> Weighed:
    broken = case.breached(Severity.DATA_BREAK)
    if broken:
        return 4, [point("{says}", says=finding.says) for finding in broken], []
    if not case.window.columns:
        return 0, [], [point("no column could be compared with the baseline")]
    return 0, [], [point("nothing of what comes in is broken")]


def _release(case: WindowCase) -> Weighed:
    if not case.former:
        count = len(case.since_release)
        same = mark("the model is the one that answered in the {count} windows before")
        return 0, [], [point(same, count=count)] if count else []
    weight, speaks_for, against = 2, [_took_over(case)], []
    if case.before and case.before[-1].verdict is ReportVerdict.OK:
        weight += 1
        speaks_for.append(point("the window before was fine"))
    if case.breached(Severity.SHADOW_BETTER) or (case.is_worse and _others_hold(case)):
        weight += 2
        speaks_for.append(point("models beside it do better on the same rows"))
    if case.all_fell:
        weight -= 2
        against.append(point("the models beside it fell as well"))
    return weight, speaks_for, against


def _took_over(case: WindowCase) -> EvidencePoint:
    return point("{model} took over from {former}", model=case.window.model, former=case.former)


def _others_hold(case: WindowCase) -> bool:
    return bool(case.beside) and not any(fell for _, fell in case.beside)


def _label_delay(case: WindowCase) -> Weighed:
    if not case.is_worse:
        return 0, [], []
    weight, speaks_for, against = 0, [], []
    usual, share = case.usual_coverage, case.coverage
    if usual is not None and share < 0.5 * usual:
        weight += 2
        text = mark("the outcome is known of {share} of the rows, and usually of {usual}")
        speaks_for.append(point(text, share=f"{share:.0%}", usual=f"{usual:.0%}"))
    elif usual is None and share < 0.5:
        weight += 1
        speaks_for.append(point("the outcome is known of {share} of the rows only", share=f"{share:.0%}"))
    elif case.is_covered:
        against.append(
            point("as many outcomes are known as usual, of {share} of the rows", share=f"{share:.0%}")
        )
    if case.expected_better and not case.is_covered:
        weight += 2
        text = mark("by the scores of all rows it would be {expected}")
        speaks_for.append(point(text, expected=f"{case.expected.value:.3f}" if case.expected else ""))
    return weight, speaks_for, against


def _season(case: WindowCase) -> Weighed:
    if not case.moved:
        return 0, [], [point("no input moved")] if case.compared else []
    weight, against = 1, []
    names = ", ".join(case.moved[:MAX_POINTS]) + (", …" if len(case.moved) > MAX_POINTS else "")
    speaks_for = [
        point(
            "{moved} of {compared} inputs moved: {names}",
            moved=len(case.moved),
            compared=case.compared,
            names=names,
        )
    ]
    alike = [window for window in case.same_period if len(case.moved_in(window)) >= 0.5 * len(case.moved)]
    if alike:
        weight += 2
        text = mark("most of them had moved in the same period before, from {start}")
        speaks_for.append(point(text, start=f"{alike[-1].start:%Y-%m-%d %H:%M}"))
    elif case.same_period:
        weight -= 1
        text = mark("most of them had not moved in the same period before, from {start}")
        against.append(point(text, start=f"{case.same_period[-1].start:%Y-%m-%d %H:%M}"))
    weight += _beyond_seasons(case, speaks_for, against)
    if case.is_worse and case.all_fell:
        weight += 1
        speaks_for.append(point("models that were trained at other times fell as well"))
    return weight, speaks_for, against


def _beyond_seasons(case: WindowCase, speaks_for: Said, against: Said) -> int:
    """Weigh what was decided of each column: whether it is beyond earlier windows."""
    known = [finding.beyond_seasons for finding in case.breached(Severity.INPUT_DRIFT)]
    told = [each for each in known if each is not None]
    if not told:
        return 0
    if sum(told) < 0.5 * len(told):
        speaks_for.append(point("most of the movement is within what earlier windows had"))
        return 2
    against.append(point("most of the movement is beyond what earlier windows had"))
    return -1


def _concept_change(case: WindowCase) -> Weighed:
    if not case.is_worse and not case.breached(Severity.MISCALIBRATED):
        return 0, [], []
    weight, speaks_for, against = 0, [], []
    if case.compared and not case.moved:
        weight += 2
        speaks_for.append(point("the inputs are as before, and their outcomes are not"))
    elif case.many_moved:
        weight -= 1
        against.append(point("the inputs moved as well"))
    if _scores_known(case) and not case.breached(Severity.PREDICTION_DRIFT):
        weight += 1
        speaks_for.append(point("the predictions are distributed as before"))
    if case.breached(Severity.MISCALIBRATED):
        weight += 2
        speaks_for.append(point("probabilities are no longer the shares that they say"))
    if case.expected_better and case.is_covered:
        weight += 1
        speaks_for.append(point("by the scores alone nobody would have expected it"))
    if case.all_fell and not case.many_moved:
        weight += 1
        speaks_for.append(point("models that were trained at other times fell as well"))
    if case.former and not case.all_fell:
        weight -= 2
        against.append(_took_over(case))
    return weight, speaks_for, against


def _scores_known(case: WindowCase) -> bool:
    return any(column.severity is Severity.PREDICTION_DRIFT for column in case.window.columns)
