"""A pickle is kept and listed, converted apart, and becomes a model only when a person vouches for it."""

import os
from datetime import timedelta

import numpy as np
import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.errors import Conflict, Forbidden, InvalidInput, MissingDependency, TooLarge, UnsafeModel
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.quarantine.accept import accept
from meguru.quarantine.convert import convert
from meguru.quarantine.expire import expire
from meguru.quarantine.hand_over import Handed, hand_over
from meguru.quarantine.refuse import refuse
from meguru.quarantine.rescue import rescued
from meguru.quarantine.show import list_quarantined, show
from meguru.registry.load import load_model
from meguru.registry.show import list_models
from meguru.tracking import runs


class Acts:
    def __reduce__(self):
        return os.mkdir, ("/tmp/meguru-was-here",)


def types_of(workspace):
    with workspace.read() as tx:
        return [each.type for each in events.read(tx, after=0)]


def test_a_pickle_goes_the_whole_way(workspace, give, trained):
    kept = give()
    assert kept.state == "quarantined"
    assert kept.unknown == []
    assert kept.listing.made == "sklearn.linear_model._logistic.LogisticRegression"
    assert list_models(workspace).items == []
    converted = convert(workspace, id=kept.id)
    assert converted.state == "converted"
    assert converted.conversion.flavor == "sklearn"
    assert converted.conversion.difference == 0.0
    assert list_models(workspace).items == []
    taken = accept(workspace, id=kept.id, reason="it is our own")
    assert (taken.state, taken.version) == ("accepted", "model/delay@1")
    frame = trained[1].drop("late")
    answer = load_model(workspace, "delay").predict(frame)
    assert answer.tolist() == trained[0].predict_proba(np.ascontiguousarray(frame))[:, 1].tolist()
    told = [each for each in types_of(workspace) if each.startswith("quarantine.")]
    assert told == ["quarantine.kept", "quarantine.converted", "quarantine.accepted"]


def test_what_would_run_code_is_kept_and_never_converted(workspace, give):
    kept = give(Acts())
    assert kept.unknown == [f"{os.mkdir.__module__}.mkdir"]
    with pytest.raises(UnsafeModel) as refused:
        convert(workspace, id=kept.id)
    assert "mkdir" in refused.value.why
    assert not os.path.exists("/tmp/meguru-was-here")  # noqa: PTH110
    with pytest.raises(Conflict):
        accept(workspace, id=kept.id, reason="please")


def test_it_is_not_converted_without_rows_to_compare_by(workspace, give):
    kept = give(holdout=None)
    with pytest.raises(InvalidInput) as refused:
        convert(workspace, id=kept.id)
    assert "--example" in refused.value.hint


def test_a_conversion_that_fails_says_why(workspace, give):
    kept = give(task="ranking of nothing")
    with pytest.raises(Exception, match="task") as refused:
        convert(workspace, id=kept.id)
    assert refused.value.status in {404, 422}
    assert show(workspace, id=kept.id).state == "quarantined"


def test_only_a_person_vouches(workspace, give):
    kept = give()
    robot = Principal(name="robot", permissions=frozenset({"*"}), kind="service")
    with pytest.raises(Forbidden):
        accept(workspace.with_(principal=robot), id=kept.id, reason="ours")


def test_an_engineer_may_convert_and_not_vouch(workspace, give):
    from meguru.governance.roles import permissions_of

    kept = give()
    ina = workspace.with_(principal=Principal(name="ina", permissions=permissions_of("engineer")))
    with pytest.raises(Forbidden):
        accept(ina, id=kept.id, reason="ours")
    refused = refuse(ina, id=kept.id, reason="nobody knows where it is from")
    assert (refused.state, refused.decided_by) == ("refused", "ina")
    with pytest.raises(Conflict):
        convert(workspace, id=kept.id)


def test_policy_can_forbid_all_of_it(tmp_path, give, trained):
    del trained
    settings = Settings(sqlite_synchronous="NORMAL", quarantine="forbid")
    with open_local(tmp_path / "strict", settings=settings) as strict:
        with pytest.raises(Forbidden):
            hand_over(strict, "delay", give_file(tmp_path), Handed())
        assert list_quarantined(strict).items == []


def give_file(folder):
    path = folder / "some.pkl"
    path.write_bytes(b"\x80\x04N.")
    return path


def test_what_is_too_large_is_not_kept(tmp_path):
    settings = Settings(sqlite_synchronous="NORMAL", quarantine_max=3)
    with open_local(tmp_path / "small", settings=settings) as small, pytest.raises(TooLarge):
        hand_over(small, "delay", give_file(tmp_path), Handed())


def test_what_nobody_decides_about_expires(workspace, give):
    kept = give()
    assert expire(workspace) == 0
    workspace.clock = type(workspace.clock)()
    later = kept.expires_at + timedelta(seconds=1)
    workspace.clock.now = lambda: later
    assert expire(workspace) == 1
    assert show(workspace, id=kept.id).state == "expired"
    assert expire(workspace) == 0


def test_a_file_of_data_needs_no_quarantine(workspace, trained, tmp_path):
    from meguru.flavors import skopsfile

    (tmp_path / "model.skops").write_bytes(skopsfile.dumps(trained[0]))
    trained[1].write_parquet(tmp_path / "rows.parquet")
    said = Handed(task="binary", holdout=tmp_path / "rows.parquet", label="late")
    version = hand_over(workspace, "delay", tmp_path / "model.skops", said)
    assert version.ref == "model/delay@1"
    assert version.metrics["auc"] > 0.9


def test_a_file_of_no_known_format_is_named(workspace, tmp_path):
    (tmp_path / "model.xyz").write_text("hello")
    with pytest.raises(InvalidInput, match=r"model\.xyz"):
        hand_over(workspace, "delay", tmp_path / "model.xyz", Handed())


def test_what_a_script_trained_and_could_not_register_is_kept(workspace):
    run = runs.start(workspace, name="train", experiment="kept")
    with pytest.raises(InvalidInput) as refused, rescued(workspace, {1, 2}, "delay", run=run.ref):
        raise InvalidInput("no flavor can store a set", why="it is one")
    (kept,) = list_quarantined(workspace).items
    assert kept.ref in refused.value.why
    assert (kept.run, kept.model, kept.file) == (run.ref, "delay", "builtins.set")
    assert kept.reason == "no flavor can store a set: it is one"


def test_what_needs_a_library_that_is_not_here_is_kept(workspace):
    with pytest.raises(MissingDependency), rescued(workspace, {1, 2}, "delay"):
        raise MissingDependency.of("sklearn", "skops")
    assert len(list_quarantined(workspace).items) == 1


def test_what_is_no_fault_of_the_model_is_not_kept(workspace):
    with pytest.raises(ConnectionError), rescued(workspace, {1, 2}, "delay"):
        raise ConnectionError("away")
    assert list_quarantined(workspace).items == []


def test_who_vouches_for_a_model_must_be_allowed_to_write_it(workspace, give):
    kept = convert(workspace, id=give().id)
    warden = Principal(name="ada", permissions=frozenset({"quarantine:*", "*:read"}))
    with pytest.raises(Forbidden) as refused:
        accept(workspace.with_(principal=warden), id=kept.id, reason="it is fine")
    assert refused.value.lacks == "model:write"
    assert list_models(workspace).items == []
