"""Signatures of models: as OpenSSF model-signing has them, of just these files, by a key that is good."""

import hashlib
import json
import subprocess
import sys
import venv
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from meguru import errors
from meguru.artifacts.trees import fetch, read_tree
from meguru.governance.signing_keys.people import add as add_key
from meguru.governance.signing_keys.people import revoke
from meguru.governance.signing_keys.proof import prove
from meguru.governance.signing_keys.server import rotate
from meguru.registry.client import add_model
from meguru.registry.show import show
from meguru.registry.signatures.sign import add_signature, sign, signatures
from meguru.releases.gate_inputs import present_part, side
from meguru.releases.gates.base import GateTrial
from meguru.releases.gates.signed import Signed
from meguru.releases.types import GateVerdict, ReleasePart
from meguru.signing.dsse import IN_TOTO, pre_authentication
from meguru.signing.elliptic import EllipticPublicKey, EllipticSigningKey
from meguru.signing.model_bundle import read_signature, sign_model
from meguru.testing.models import make_model

KEY = EllipticSigningKey.generate()
FILES = {"MLmodel": "11" * 32, "d/weights": "22" * 32, ".gitignore": "33" * 32}


def fault(files, bundle=None, key=None):
    bundle = sign_model("delay", FILES, KEY) if bundle is None else bundle
    return read_signature(bundle).check(key or KEY.public, files, Path)


def test_a_signature_is_of_just_these_files():
    assert fault(FILES) == ""
    assert fault({**FILES, ".gitignore": "44" * 32, "model.sig": "55" * 32}) == ""
    assert "d/weights was signed with" in fault({**FILES, "d/weights": "44" * 32})
    assert "more is in the model, and was not signed" in fault({**FILES, "more": "44" * 32})
    assert "MLmodel was signed, and is not" in fault({"d/weights": "22" * 32})
    assert "another key" in fault(FILES, key=EllipticSigningKey.generate().public)


def changed(change):
    bundle = json.loads(sign_model("delay", FILES, KEY))
    said = json.loads(b64decode(bundle["dsseEnvelope"]["payload"]))
    change(bundle, said)
    bundle["dsseEnvelope"]["payload"] = b64encode(json.dumps(said).encode()).decode()
    return json.dumps(bundle).encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda _, said: said["predicate"]["resources"].pop(),
        lambda _, said: said["predicate"]["serialization"].update(method="shards"),
        lambda _, said: said["predicate"]["resources"][0].update(algorithm="md5"),
        lambda _, said: said["subject"].append(said["subject"][0]),
        lambda _, said: said.update(predicateType="https://example.com"),
        lambda bundle, _: bundle.update(mediaType="text/plain"),
        lambda bundle, _: bundle["dsseEnvelope"]["signatures"].clear(),
        lambda bundle, _: bundle.pop("verificationMaterial"),
        lambda _, said: said["predicate"]["resources"][0].update(digest="no hex"),
    ],
)
def test_what_is_no_signature_of_a_model_is_refused_in_words(change):
    with pytest.raises(errors.InvalidInput) as caught:
        read_signature(changed(change))
    assert caught.value.why


def test_files_that_their_signer_hashed_otherwise_are_read(tmp_path):
    (tmp_path / "w").write_bytes(b"weights")
    told = hashlib.blake2b(b"weights").hexdigest()
    bundle = json.loads(sign_model("delay", {"w": "11" * 32}, KEY))
    said = json.loads(b64decode(bundle["dsseEnvelope"]["payload"]))
    said["predicate"]["resources"] = [{"name": "w", "algorithm": "blake2b", "digest": told}]
    said["subject"][0]["digest"]["sha256"] = hashlib.sha256(bytes.fromhex(told)).hexdigest()
    payload = json.dumps(said).encode()
    bundle["dsseEnvelope"]["payload"] = b64encode(payload).decode()
    signed = KEY.sign(pre_authentication(IN_TOTO, payload))
    bundle["dsseEnvelope"]["signatures"] = [{"sig": b64encode(signed).decode()}]
    read = read_signature(json.dumps(bundle).encode())
    assert read.check(KEY.public, {"w": "22" * 32}, tmp_path.joinpath) == ""
    (tmp_path / "w").write_bytes(b"others")
    assert "w was signed with" in read.check(KEY.public, {"w": "22" * 32}, tmp_path.joinpath)


def test_what_was_signed_can_not_be_said_otherwise():
    other = changed(lambda _, said: said["subject"][0].update(name="other"))
    assert "the signature is not that of the key" in fault(FILES, other)
    left_out = changed(lambda _, said: said["predicate"]["serialization"].update(ignore_paths=["d"]))
    assert fault(FILES, left_out)


@pytest.fixture
def ws(workspace):
    add_model(workspace, "delay", make_model())
    return workspace


def judged(ws, *keys):
    gate = Signed(keys=list(keys))
    gate.check()
    part = ReleasePart(ref="model/delay@1", digest="")
    said = gate.judge(GateTrial(endpoint="delay", challenger=side(ws, part)))
    return said.verdict, said.reason, said.inputs


def test_a_gate_asks_for_a_signature_and_its_key_for_being_good(ws):
    verdict, reason, *_ = judged(ws, "server")
    assert (verdict, reason) == (GateVerdict.FAILED, "none of server has signed its files")
    made = sign(ws, ref="delay@1")
    verdict, _, (looked_at,) = judged(ws, "server")
    assert verdict is GateVerdict.PASSED
    assert judged(ws, made.key[:32])[0] is GateVerdict.PASSED
    assert "server (key" in judged(ws, "principal/sato")[1]
    rotate(ws, algorithm="p256")
    assert judged(ws, "server")[0] is GateVerdict.PASSED
    revoke(ws, id=made.key, reason="stolen")
    verdict, reason, *_ = judged(ws, "server")
    assert verdict is GateVerdict.FAILED
    assert "stolen" in reason
    with ws.read() as tx:  # a release that passed it before does not go live by it
        assert present_part(tx, "delay", looked_at) != looked_at


def test_a_person_signs_with_a_key_of_their_own_and_a_stranger_with_theirs(ws):
    entries = read_tree(ws.blobs, show(ws, ref="delay@1").tree_digest)
    files = {each.path: each.digest for each in entries}
    bundle = sign_model("delay", files, KEY).decode()
    added = add_signature(ws, ref="delay@1", bundle=bundle, public=KEY.public.text)
    assert [each.owner for each in signatures(ws, ref="delay@1")] == [""]
    assert judged(ws, added.key)[0] is GateVerdict.PASSED
    add_key(ws, public=KEY.public.text, proof=prove(KEY, "local"))
    assert judged(ws, "server")[0] is GateVerdict.FAILED
    other = sign_model("delay", files | {"MLmodel": "00" * 32}, KEY).decode()
    with pytest.raises(errors.InvalidInput, match="no signature of model/delay@1"):
        add_signature(ws, ref="delay@1", bundle=other, public=KEY.public.text)
    revoke(ws, id=KEY.public.id, reason="lost")
    with pytest.raises(errors.Conflict, match="signs nothing any more"):
        add_signature(ws, ref="delay@1", bundle=bundle, public=KEY.public.text)


@pytest.mark.parametrize("keys", [[], ["nobody"], ["server", "abc"], ["0123456789abcdef"]])
def test_a_gate_that_names_no_key_is_refused(keys):
    with pytest.raises(errors.InvalidInput):
        Signed(keys=keys).check()


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_the_real_model_signing_reads_ours_and_we_read_its(ws, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    wanted = ["model-signing==1.1.1", "pyopenssl"]  # it needs the second, and does not say so
    subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True, timeout=300)
    made, folder = sign(ws, ref="delay@1"), tmp_path / "model"
    fetch(ws.blobs, show(ws, ref="delay@1").tree_digest, folder)
    ours, public = tmp_path / "model.sig", tmp_path / "key.pub"
    ours.write_text(made.bundle)
    public.write_text(made.public)

    def ask(*words):
        done = subprocess.run(
            [python, "-m", "model_signing", *words], capture_output=True, text=True, check=False, timeout=60
        )
        return done.returncode, done.stdout + done.stderr

    check = ("verify", "key", "--public_key", str(public), "--signature", str(ours), str(folder))
    assert ask(*check)[0] == 0
    secret, theirs = tmp_path / "key.pem", tmp_path / "theirs.sig"
    secret.write_bytes(KEY.to_pem())
    assert ask("sign", "key", "--private_key", str(secret), "--signature", str(theirs), str(folder))[0] == 0
    add_signature(ws, ref="delay@1", bundle=theirs.read_text(), public=KEY.public.text)
    with (folder / "MLmodel").open("a") as file:
        file.write(" ")
    code, said = ask(*check)
    assert code != 0
    assert "MLmodel" in said


def test_a_public_key_of_another_kind_is_refused():
    with pytest.raises(errors.InvalidInput):
        EllipticPublicKey.read("ed25519:AAAA")
