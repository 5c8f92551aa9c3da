"""Check a pack of evidence: whole, signed, and of one mind. It needs no workspace, no network, no clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec

from meguru.errors import InvalidInput
from meguru.evidence.checks import (
    decisions,
    events,
    exceptions,
    keys,
    lineage,
    log,
    release,
    signature,
    signatures,
)
from meguru.evidence.checks.pack import CheckedPack
from meguru.evidence.pack.read import BrokenPack, read_pack
from meguru.evidence.types import KEYS, PackFault, PackSigner, PackVerdict
from meguru.signing.keys import PublicKey

_CHECKS: tuple[Callable[[CheckedPack], Iterator[PackFault]], ...] = (
    signature.check,
    keys.check,
    release.check,
    lineage.check,
    events.check,
    log.check,
    decisions.check,
    exceptions.check,
    signatures.check,
)
_MAX_FAULTS = 100
_OF_OTHER_SHAPE = (
    InvalidInput,
    LookupError,
    TypeError,
    AttributeError,
    ValueError,
    RecursionError,
    msgspec.MsgspecError,
)


def verify_pack(
    data: bytes | memoryview, *, file: str = "", trusted: Sequence[PublicKey] = ()
) -> PackVerdict:
    """Return what a check of a pack found.

    Each byte of the file is under the signature, or follows from what is. Who signed it is told; whether that
    is somebody to be believed, only the one who checks can know: `trusted` are the keys that they were given
    on another way.

    Parameters
    ----------
    data
        The file.
    file
        What it is called, for the answer.
    trusted
        Keys that a pack has to be signed by; none: any key does, and the verdict says that nobody vouched.
    """
    try:
        pack = CheckedPack(read_pack(data))
        signer = _signer(pack, trusted)
    except BrokenPack as error:
        return PackVerdict(file=file, whole=False, faults=[error.fault])
    except InvalidInput as error:  # a key of the pack is none
        fault = PackFault(place=KEYS, what=f"{error.what}: {error.why}")
        return PackVerdict(file=file, whole=False, faults=[fault])
    faults = list(dict.fromkeys(_faults(pack)))  # what can't be read is met by several checks
    if trusted and not signer.vouched:
        what = f"it is signed by the key {signer.key[:16]}…, which is none of those that you trust"
        faults.append(PackFault(place="signature.json", what=what))
    return PackVerdict(
        file=file,
        whole=not faults,
        faults=faults[:_MAX_FAULTS],
        release=pack.manifest.release,
        digest=pack.manifest.digest,
        at=pack.manifest.head.at,
        signer=signer,
        statements={}
        if faults
        else dict(sorted(Counter(statement.name for statement in pack.statements).items())),
    )


def _faults(pack: CheckedPack) -> Iterator[PackFault]:
    # Each by itself: a forged part that one check stumbles over must not keep the others from telling what
    # they find.
    for check in _CHECKS:
        try:
            yield from check(pack)
        except BrokenPack as error:
            yield error.fault
        except _OF_OTHER_SHAPE as error:
            # A signed pack whose words have other shapes than ours: whoever signed it is no Meguru.
            yield PackFault(
                place=check.__module__.rpartition(".")[2], what=f"it has another shape: {error!r}"
            )


def _signer(pack: CheckedPack, trusted: Sequence[PublicKey]) -> PackSigner:
    record, _ = keys.signer_of(pack)
    return PackSigner(
        key=record.id,
        public=record.public,
        owner=record.owner,
        vouched=PublicKey.read(record.public) in trusted,
    )
