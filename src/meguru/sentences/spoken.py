"""Sentences that were computed and kept in English, such as why a step ran, in the reader's language.

What is kept is text: it is read by the pattern that it was written with, and written again with its values.
"""

from __future__ import annotations

import re
from functools import lru_cache

from meguru.base.text import mark, translate
from meguru.sentences.gates import GATE_SENTENCES
from meguru.sentences.monitors import MONITOR_SENTENCES
from meguru.sentences.reviews import REVIEW_SENTENCES

MAX_LENGTH = 2000
SLICES = "; slice"
"""What begins what a gate says of parts of the rows, behind what it says of all."""
EARLIER = "; against "
"""What begins what drift is beside earlier windows, behind what it is beside the training data."""
GAPS = ("; the difference ", "; the ratio ", "; the distance from 0 ")
"""What begins how far groups are apart, behind what each of them has."""
WITHIN = "why"
"""The value that may be a sentence of its own."""
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
    # what the log does not tell an auditor
    mark("whoever could open the workspace's files, or its database, could see and change everything there"),
    mark("what built-in roles allow is as this version has it"),
    mark("what their provider said of {who} then is not kept: they may have been in {groups}"),
    # what costs leave out
    mark("nothing has a price here: declare [prices.default] in meguru.toml"),
    mark("{count} steps could not be measured: they ended before this was, or were ended from outside"),
    mark("versions are counted as if each were kept whole; files that several share are kept once"),
    # what gates say
    mark("its files are signed by {who}"),
    mark("its signature by {who} is not good: {why}"),
    mark("none of {keys} has signed its files; {others} has"),
    mark("none of {keys} has signed its files"),
    mark("{checklist}: all {count} items are settled for {model}"),
    mark("{checklist}: {left} of {count} items are not settled for {model}: {items}"),
    mark(
        "Short paraphrases from general knowledge; they are no legal advice. Have counsel check them "
        "against the text in force."
    ),
    mark("waived by {who} until {date} ({reason}): {why}"),
    mark("this is the first release: there is no champion to beat"),
    mark("views of {model} can't be read yet: {why}"),
    mark("nothing new: {model}, which is live, is the same model"),
    mark("the {rows} rows of the {set} have one class only"),
    mark("the {rows} rows of the {set} have one outcome only"),
    mark("the {rows} rows of the {set} can't tell the difference in {metric}"),
    mark("slice {column} {value}: {why}"),
    mark("slices of {column}: all {count} pass"),
    mark("slices of {column}: {count} more fail"),
    mark("slices of {column}: {count} with fewer than {least} rows were not judged"),
    mark("difference {low} to {high} on {rows} rows"),
    mark("no interval on {rows} rows"),
    mark("up to {most} slices can be judged"),
    mark("there is no {golden} to measure on"),
    mark("there is no checklist {name}"),
    mark("the golden set {golden} has no column {name}"),
    mark("the golden set does not hold {name}, as clients send it"),
    mark("{who} has no column {name}"),
    mark("{name} is for {tasks}"),
    mark("{name} is no metric that can be measured: {why}"),
    mark("it is a number or a function of its author: it can't be measured again"),
    mark("{name} is {value} ({span}), as {wanted} for its lower bound is wanted"),
    mark("{name} is {value} ({span}), but {wanted} for its lower bound is wanted"),
    mark("{name} is {value} ({span}), as {wanted} for its upper bound is wanted"),
    mark("{name} is {value} ({span}), but {wanted} for its upper bound is wanted"),
    mark("{name} can't be told from {rows} rows"),
    mark("{name} is {value}, as {wanted} is wanted"),
    mark("{name} is {value}, but {wanted} is wanted"),
    mark("requests made for {model} would fail: {why}"),
    mark("it loads, answers its example as when it was saved, and takes the same {count} columns"),
    mark("it loads, answers its example as when it was saved, and there is no model to replace"),
    mark("it loads, holds no example to be asked, and takes the same {count} columns"),
    mark("it loads, holds no example to be asked, and there is no model to replace"),
    mark(
        "{metric} {new} against {old} of {model} on the same {rows} rows: better, {level} interval of the "
        "difference {low} to {high}"
    ),
    mark(
        "{metric} {new} against {old} of {model} on the same {rows} rows: worse, {level} interval of the "
        "difference {low} to {high}"
    ),
    mark(
        "{metric} {new} against {old} of {model} on the same {rows} rows: not certainly better, {level} "
        "interval of the difference {low} to {high}"
    ),
    mark("{model} has no metric {name}: it has {known}; did you mean {other}?"),
    mark("{model} has no metric {name}: it has {known}"),
    mark("{model} is a {task} model and has no AUC, which 'performance' watches"),
    mark("{model} is a {task} model and has no metric {name}: {why}"),
    mark("{model} is a {task} model and has no metric, which 'champion' compares by"),
    mark("{model} has no holdout to compare on"),
    mark("{model} holds no example to be asked"),
    mark("{part} of 100 requests of {rows} rows take up to {time} ms, as {limit} ms are allowed"),
    mark("{part} of 100 requests of {rows} rows take up to {time} ms, but {limit} ms are allowed"),
    mark("it has {size} MB, as {limit} MB are allowed"),
    mark("it has {size} MB, but {limit} MB are allowed"),
    mark(
        "{metric} {new} against {old} of {model} on the same {rows} rows: not worse by more than {margin}, "
        "{level} interval of the difference {low} to {high}"
    ),
    mark(
        "{metric} {new} against {old} of {model} on the same {rows} rows: perhaps worse by more than "
        "{margin}, {level} interval of the difference {low} to {high}"
    ),
    mark("{model} can't be served: {why}"),
    mark("an endpoint answers with one score a row; this model has one for each class"),
    mark("the model fails on {what}: {why}"),
    mark("the model gave scores of shape {shape} for {rows} rows"),
    mark("the gates could not be asked to the end: {why}"),
    mark("requests of clients would fail: {why}"),
    mark("column {name} can't be had from contract {version}: {why}"),
    mark("column {name} is needed and contract {version} has none; say where it comes from: {mend}"),
    mark("column {name} is {old} in contract {version} and wanted as {new}; say: {mend}"),
    mark("column {name} may be null in contract {version}, and is not taken as null; say: {mend}"),
    mark("column {name} is {old} in contract {version}, wanted as {new}"),
    mark("contract {version} promises a {old} answer, and this is a {new} model"),
    mark("contract {version} promises the output {name}, which this model does not give"),
    mark(
        "it loads, answers its example as when it was saved, and takes {count} columns, "
        "{made} of which are made of what clients send"
    ),
    mark("it loads, answers its example as when it was saved, and takes {count} columns, which {views} give"),
    mark("it loads, holds no example to be asked, and takes {count} columns, which {views} give"),
    mark(
        "it loads, holds no example to be asked, and takes {count} columns, {made} of "
        "which are made of what clients send"
    ),
    mark("the holdout of {model} does not hold {name}, as clients send it: {why}"),
    mark("{path} gives no {name}, which the model needs: {why}"),
    mark("contract {version} can't be answered: {why}"),
    mark("column {name} is sent by clients and is not known"),
    mark("column {name} is needed and clients do not send it"),
    mark("column {name} is sent as {old} and wanted as {new}"),
    mark("column {name} may be sent as null, which is not taken any more"),
    mark(
        "{metric} {new} against {old} of {model} on the same {rows} rows: better by more than {margin}, "
        "{level} interval of the difference {low} to {high}"
    ),
    mark(
        "{metric} {new} against {old} of {model} on the same {rows} rows: worse by more than {margin}, "
        "{level} interval of the difference {low} to {high}"
    ),
    mark(
        "{metric} {new} against {old} of {model} on the same {rows} rows: not certainly better by more "
        "than {margin}, {level} interval of the difference {low} to {high}"
    ),
    mark("the model answers its example otherwise than when it was saved: {why}"),
    mark("the first scores are {new}, and were {old}"),
    mark("the model needs {name}, which is not installed here: {why}"),
    # what servers do with what was promoted
    mark("no server serves it now"),
    mark("a server is loading {model}"),
    *GATE_SENTENCES,
    *REVIEW_SENTENCES,
    *MONITOR_SENTENCES,
    # why a trigger held back
    mark("the trigger is paused"),
    mark("a loop, {loop}: {depth} firings in a row caused each other; the chain is cut here"),
    mark("a loop, {loop}: one event led to {count} firings; the chain is cut here"),
    mark("{depth} firings in a row caused each other; the chain is cut here"),
    mark("one event led to {count} firings; the chain is cut here"),
    mark("its budget of {count} firings a {per} is used up until {until} UTC"),
    mark("what it started took {spent} s, and its budget is {most} s a {per}, until {until} UTC"),
    mark("it waits until nothing came for {seconds} s"),
    mark("the filter {filter} does not hold"),
    mark("what it started before is still running ({ref})"),
    mark("{count} runs that it started before wait or run ({ref})"),
    mark("it fired at {last} UTC and rests until {until} UTC"),
    mark("it fired {count} times within 24 hours, and {most} are allowed"),
    mark("{why}; a newer match took its place"),
    mark("{why}; the trigger was retired"),
    mark("{came} new rows since {ref}, and it waits for {least}"),
    mark("{came} new rows, and it waits for {least}"),
    mark("its columns are those of version {number}"),
    mark("its steps reach the code that they reached in version {number}"),
    mark("no server was running, and at most {count} moments are caught up"),
    mark("no server was running, and the rule for catching up is {rule}"),
    # what is expected of datasets, and what was found
    mark("no two rows have the same ({columns})"),
    mark("{column} is from {low} to {high}"),
    mark("{column} is at least {low}"),
    mark("{column} is at most {high}"),
    mark("{column} has values"),
    mark("{column} is one of {values}"),
    mark("{column} has the form {pattern}"),
    mark("{column} has at least {low} characters"),
    mark("{column} has {low} to {high} characters"),
    mark("the newest {column} is at most {length} old"),
    mark("each row has {expression}"),
    mark("no row is found by {query}"),
    mark("({columns}) is in {dataset} ({others})"),
    mark("exactly the columns {columns}"),
    mark("the columns {columns}"),
    mark("there are {bounds}"),
    mark("{count} rows do not hold it"),
    mark("{count} rows were found"),
    mark("{count} rows repeat the values of ({columns})"),
    mark("{count} rows have values that {dataset} has not"),
    mark("{column} has {share} % missing values, at most {most} % allowed"),
    mark("row_count is {count}, at least {least} wanted"),
    mark("row_count is {count}, at most {most} wanted"),
    mark("row_count fell by {share}, from {before} to {count}"),
    mark("row_count rose by {share}, from {before} to {count}"),
    mark("{column} holds {type}, not {wanted}"),
    mark("the newest is of {moment} UTC, {hours} hours old"),
    mark("no row has a time"),
)


def spoken(sentence: str, language: str) -> str:
    """Return a computed sentence in a language; as it is where its pattern is not known."""
    if language == "en" or len(sentence) > MAX_LENGTH:
        return sentence
    for mark_of_more in (SLICES, EARLIER, *GAPS):
        head, cut, more = sentence.partition(mark_of_more)
        if cut and head:
            return f"{spoken(head, language)}; {_parts(cut[2:] + more, language)}"
    if whole := _whole(sentence, language):
        return whole
    return _parts(sentence, language) if "; " in sentence else sentence


def _whole(sentence: str, language: str) -> str:
    """Return a sentence whose pattern is known; empty when it is not."""
    for pattern, message in _patterns():
        if found := pattern.fullmatch(sentence):
            values = {
                name: _parts(value, language) if name == WITHIN else value
                for name, value in found.groupdict().items()
            }
            return translate(message, language).format(**values)
    return ""


def _parts(text: str, language: str) -> str:
    """Return what stands within a sentence: itself one, or several behind each other."""
    parts = text.split("; ")
    told = [spoken(part, language) for part in parts]
    if len(parts) > 1 and any(new == old for new, old in zip(told, parts, strict=True)):
        return _whole(text, language) or "; ".join(told)
    return "; ".join(told)


# Compiled once; lazy groups, so that of two values the first takes no more than it must.
@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(_written(message), re.DOTALL), message) for message in SENTENCES]


def _written(message: str) -> str:
    parts = re.split(r"\{(\w+)\}", message)
    return "".join(f"(?P<{part}>.+?)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts))
