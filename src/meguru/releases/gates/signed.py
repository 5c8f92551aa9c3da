"""The challenger's files must be signed."""

from __future__ import annotations

import re
from typing import ClassVar

import msgspec

from meguru.errors import InvalidInput
from meguru.registry.lookups import KnownModel
from meguru.registry.signatures.types import SignatureStanding
from meguru.releases.gates.base import GateTrial
from meguru.releases.types import GateResult, GateVerdict, ReleasePart

_KEY = re.compile(r"server|principal/.+|(signing_key/)?[0-9a-f]{32,64}")


class Signed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"gate": "signed", "keys": ["server"]}``: one of these keys signed the model's files.

    Attributes
    ----------
    keys
        ``server``, ``principal/NAME`` for any key of somebody's, or the fingerprint of a key (its first 32
        letters or more: to fewer somebody could find a key of their own), as ``meguru key list --json`` and
        ``meguru model signatures --json`` show it.
    """

    key: ClassVar[str] = "signed"

    keys: list[str]

    def check(self) -> None:
        """Refuse keys that none can be."""
        if not self.keys:
            raise InvalidInput("signed by whom?", field="keys", hint='keys = ["server"]')
        for index, each in enumerate(self.keys):
            if not _KEY.fullmatch(each):
                hint = "write server, principal/NAME, or 32 letters of a fingerprint: meguru key list --json"
                raise InvalidInput(f"{each[:80]!r} names no key", field=f"keys[{index}]", hint=hint)

    def check_declaration(self, model: KnownModel) -> None:
        """Whether a version is signed shows when there is one, in `judge`."""

    def judge(self, trial: GateTrial) -> GateResult:
        """Look for a signature by one of the keys that is good now."""
        signature_standings = trial.challenger.signatures()
        named = [
            signature_standing
            for signature_standing in signature_standings
            if any(_is(signature_standing, wanted) for wanted in self.keys)
        ]
        good = [signature_standing for signature_standing in named if not signature_standing.why]
        if good:
            reason = f"its files are signed by {_who(good[0])}"
        elif named:
            reason = f"its signature by {_who(named[0])} is not good: {named[0].why}"
        else:
            others = ", ".join(
                dict.fromkeys(_who(signature_standing) for signature_standing in signature_standings)
            )
            reason = f"none of {', '.join(self.keys)} has signed its files" + (
                f"; {others} has" if others else ""
            )
        return GateResult(
            gate=self.key,
            verdict=GateVerdict.PASSED if good else GateVerdict.FAILED,
            reason=reason,
            numbers={"keys": [signature_standing.signature.key for signature_standing in good]},
            inputs=[_input(signature_standing) for signature_standing in good],
        )


def _is(standing: SignatureStanding, wanted: str) -> bool:
    if wanted == "server" or wanted.startswith("principal/"):
        return standing.owner == wanted
    return standing.signature.key.startswith(wanted.removeprefix("signing_key/"))


def _who(standing: SignatureStanding) -> str:
    key = standing.signature.key[:12]
    return f"{standing.owner} (key {key})" if standing.owner else f"key {key}"


def _input(standing: SignatureStanding) -> ReleasePart:
    return ReleasePart(ref=f"signing_key/{standing.signature.key}", digest=standing.key_digest)
