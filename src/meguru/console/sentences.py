"""Sentences that were computed and kept in English, such as why a step ran, in the reader's language.

What is kept is text: it is read by the pattern that it was written with, and written again with its values.
"""

from __future__ import annotations

import re
from functools import lru_cache

from meguru.base.text import translate
from meguru.console.words import mark

LONGEST = 2000
SENTENCES = (
    # why a step ran, or did not
    mark("code, environment and inputs are those of {step}, so its output still holds"),
    mark("no run before this one finished this step"),
    mark("the step is marked cache=False, so it runs every time"),
    mark("nothing it depends on differs, but its earlier output is gone or was not ready in time"),
    mark("it asks people every time"),
    mark("the step is new in this version of the pipeline"),
    mark("how its code is reached changed"),
    mark("Python {old} became {new}"),
    mark("package {name}: {old} became {new}"),
    mark("the lock file {file} changed"),
    mark("{file} came or went"),
    mark("input {name}: the output of {source} changed"),
    mark("input {name} ({source}): {old} became {new}"),
    mark("input {name} is new"),
    mark("input {name} is gone"),
    mark("{what} in {where} is now reached"),
    mark("{what} is no longer reached"),
    mark("{what} in {where}: {old} became {new}"),
    mark("{what} in {where} changed"),
    mark("{what} changed"),
    # what gates say
    mark("this is the first release: there is no champion to beat"),
    mark("nothing new: {model}, which is live, is the same model"),
    mark("the {rows} rows of the holdout have one class only"),
    mark("{name} is {value}, as {wanted} is wanted"),
    mark("{name} is {value}, but {wanted} is wanted"),
    mark("requests made for {model} would fail: {why}"),
    mark("it loads, answers its example as when it was saved, and takes the same {count} columns"),
    mark("it loads, answers its example as when it was saved, and there is no model to replace"),
    mark("it loads, holds no example to be asked, and takes the same {count} columns"),
    mark("it loads, holds no example to be asked, and there is no model to replace"),
    mark(
        "AUC {new} against {old} of {model} on the same {rows} rows: better, {level} interval of the "
        "difference {low} to {high}"
    ),
    mark(
        "AUC {new} against {old} of {model} on the same {rows} rows: worse, {level} interval of the "
        "difference {low} to {high}"
    ),
    mark(
        "AUC {new} against {old} of {model} on the same {rows} rows: not certainly better, {level} "
        "interval of the difference {low} to {high}"
    ),
    # what monitors say
    mark("nothing is beyond its threshold"),
    mark("none of {count} columns drifted"),
    mark(
        "{drifted} of {count} columns drifted ({names}); most of all {column}: {test} {value} is "
        "above {limit}"
    ),
    mark("{drifted} of {count} columns drifted ({names})"),
    mark("{column}: {test} {value} is above {limit}"),
    mark("{column}: {test} {value} is within {limit}"),
    mark("{column} can't be compared with the training data: {why}"),
    mark("AUC {value} is certainly below {limit}: {holdout} on the holdout, tolerance {tolerance}"),
    mark("AUC {value} may be below {limit}: {holdout} on the holdout, tolerance {tolerance}"),
    mark("AUC {value} is above {limit}: {holdout} on the holdout, tolerance {tolerance}"),
)


def spoken(sentence: str, language: str) -> str:
    """Return a computed sentence in a language; as it is where its pattern is not known."""
    if language == "en" or len(sentence) > LONGEST:
        return sentence
    for pattern, message in _patterns():
        if found := pattern.fullmatch(sentence):
            return translate(message, language).format(**found.groupdict())
    return sentence


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(_written(message), re.DOTALL), message) for message in SENTENCES]


def _written(message: str) -> str:
    parts = re.split(r"\{(\w+)\}", message)
    return "".join(f"(?P<{part}>.+?)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts))
