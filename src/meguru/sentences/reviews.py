"""What reviews say: what lacks, why a decision counts no more, who had which part, what a promotion does."""

from __future__ import annotations

from meguru.base.text import mark

REVIEW_SENTENCES = (
    mark("release_policy/{policy}: {why}"),
    mark("{missing} of {wanted} approvals lack ({stage}, who holds {right}, given by {names})"),
    mark("{missing} of {wanted} approvals lack ({stage}, who holds {right})"),
    mark("its gate {gate} was not asked"),
    mark("{who} refused it: {note}"),
    mark("it is frozen from {since} until {until}: {reason}"),
    mark("it is frozen from {since} until {until}"),
    mark("it is outside of {hours}, which begins next at {moment} UTC"),
    mark("changed since: {parts}"),
    mark("it was given for another check of the release"),
    mark("it counted until {moment} UTC"),
    mark("it is dated {moment} UTC, which is still to come"),
    mark("it is dated before the release was put together"),
    mark("whoever gave it took it back"),
    mark("{who} was shut out"),
    mark("{who} is no person's account"),
    mark("nobody here has the key that signed it"),
    mark("the key is revoked since {moment}: {reason}"),
    mark("the server's clock is {time} behind the event log: the log's time counts"),
    mark("put {release} together"),
    mark("asked for its review"),
    mark("registered {ref}"),
    mark("set off {ref}"),
    mark("fired {ref}"),
    mark("wrote commit {commit}"),
    mark("{endpoint} answers with {model} instead of {before}"),
    mark("{endpoint} answers with {model}, its first model"),
    mark("{release} is kept for a rollback"),
    mark("the alias champion of {model} points at version {version}"),
    mark("{pipeline} is deployed, unless a newer version is"),
)
