from __future__ import annotations

import json
import threading

from meguru.app.open import open_local
from meguru.errors import DigestMismatch, InvalidInput, UnsafeModel
from meguru.kernel import events
from meguru.predictions.operations import show
from meguru.serving import deployments
from meguru.serving.features import origin
from meguru.serving.operations import create, shadow, switch
from meguru.serving.operations import show as show_endpoint
from meguru.serving.service import PredictionService, State

BODY = json.dumps({"row": {"hour": 5, "distance": 0.5}}).encode()
HOURS = range(-15, 15)
SWITCHED = 4
"""The number of the event of a first switch: the model, the endpoint, the switch."""


def model_of(answer):
    assert answer.status == 200, answer.body
    return json.loads(answer.body)["model"]


def switch_to(workspace, version):
    model, release = f"model/delay@{version}", f"release/delay@{version}"
    switch(workspace, name="delay", model_ref=model, release_ref=release)


def until(service, condition):
    changed = service._deployments.changed
    with changed:
        assert changed.wait_for(condition, 60)


def test_no_request_fails_or_waits_while_the_model_changes_over(workspace, service, live, register, shelf):
    live(1)
    register(2)
    shelf.gate = threading.Event()
    switch_to(workspace, 2)
    assert model_of(service.predict("delay", BODY)) == "model/delay@1"  # the new one is still loading
    seen, failed = set(), []
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            answer = service.predict("delay", BODY)
            seen.add(model_of(answer)) if answer.status == 200 else failed.append(answer)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    shelf.gate.set()
    assert service.wait_until_current("delay", timeout=60)
    assert model_of(service.predict("delay", BODY)) == "model/delay@2"
    stop.set()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert seen == {"model/delay@1", "model/delay@2"}


def test_a_model_that_may_not_be_loaded_is_refused_and_the_old_one_stays(
    workspace, service, live, register, shelf
):
    live(1)
    register(2)
    for refusal in (UnsafeModel("it holds a pickle"), DigestMismatch("the blob was changed")):
        shelf.refused["model/delay@2"] = refusal
        switch_to(workspace, 2)
        until(service, lambda code=refusal.code: (service.status("delay").fault or {}).get("code") == code)
        status = service.status("delay")
        assert (status.state, status.current, status.model, status.live) == (
            State.READY,
            False,
            "model/delay@1",
            "model/delay@2",
        )
        assert model_of(service.predict("delay", BODY)) == "model/delay@1"
        live(1)
    shelf.refused.clear()
    live(2)
    assert service.status("delay").fault is None


def test_what_was_live_before_a_start_is_loaded_at_the_start(workspace, register, shelf):
    register(1)
    create(workspace, name="delay", model="delay")
    switch_to(workspace, 1)
    service = PredictionService(workspace, load=shelf.load)
    service.start()
    try:
        assert service.wait_until_current("delay", timeout=60)
        assert model_of(service.predict("delay", BODY)) == "model/delay@1"
    finally:
        service.stop()


def test_a_process_follows_what_another_one_switched(workspace, service, live, register):
    live(1)
    register(2)
    with open_local(workspace.root, settings=workspace.settings) as other:
        switch_to(other, 2)
    until(service, lambda: service.status("delay").model == "model/delay@2")


def test_going_back_takes_no_loading(service, live, shelf):
    for version in (1, 2, 1):
        live(version)
    assert shelf.loads == ["model/delay@1", "model/delay@2"]


def test_a_shadow_scores_along_and_never_answers(workspace, service, live, register):
    live(1)
    register(2)
    shadow(workspace, name="delay", refs=["model/delay@2"])
    until(service, lambda: service.status("delay").shadow == ["model/delay@2"])
    said = json.loads(service.predict("delay", BODY).body)
    shown = show(workspace, id=said["predictions"][0]["id"])
    assert said["model"] == "model/delay@1"
    assert shown.score > 0.5 > shown.shadows["model/delay@2"]


def test_a_shadow_that_fails_or_can_not_be_loaded_harms_nobody(workspace, service, live, register, shelf):
    live(1)
    register(3)
    shelf.refused["model/delay@2"] = UnsafeModel("it holds a pickle")
    shadow(workspace, name="delay", refs=["model/delay@3", "model/delay@2"])
    until(service, lambda: service.status("delay").fault is not None)
    said = json.loads(service.predict("delay", BODY).body)
    assert show(workspace, id=said["predictions"][0]["id"]).shadows == {"model/delay@3": None}
    assert service.status("delay").current


def test_a_shadow_whose_features_can_not_be_told_harms_nobody(
    workspace, service, live, register, monkeypatch
):
    def several(tx, blobs, ref):
        raise InvalidInput(f"{ref} was made with several features")

    monkeypatch.setattr(origin, "features_of", several)
    live(1)
    register(2)
    shadow(workspace, name="delay", refs=["model/delay@2"])
    until(service, lambda: service.status("delay").fault is not None)
    live(2)
    assert model_of(service.predict("delay", BODY)) == "model/delay@2"


def test_whoever_asks_at_the_same_time_gets_their_own_rows_back(workspace, service, live):
    live(1)
    answers: dict[int, float] = {}

    def ask(hour):
        body = json.dumps({"row": {"hour": hour, "distance": 0.5}}).encode()
        said = json.loads(service.predict("delay", body).body)["predictions"][0]
        answers[hour] = (said["score"], show(workspace, id=said["id"]))

    threads = [threading.Thread(target=ask, args=(hour,)) for hour in HOURS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == len(HOURS)
    ordered = [answers[hour][0] for hour in HOURS]
    assert ordered == sorted(ordered)
    assert len(set(ordered)) == len(HOURS)
    for hour, (score, shown) in answers.items():
        assert (shown.features["hour"], shown.score) == (hour, score)
    assert show_endpoint(workspace, name="delay").totals.predictions == len(HOURS)


def test_predicting_writes_no_events(workspace, service, live):
    live(1)
    with workspace.read() as tx:
        before = events.head(tx)
    if before == SWITCHED:
        before = events.wait(workspace, after=before, timeout=60)  # that it answers is told too
    service.predict("delay", BODY)
    with workspace.read() as tx:
        assert events.head(tx) == before


def test_a_stopped_service_answers_503(workspace, register, shelf):
    register(1)
    create(workspace, name="delay", model="delay")
    switch_to(workspace, 1)
    service = PredictionService(workspace, load=shelf.load)
    service.start()
    assert service.wait_until_current("delay", timeout=60)
    service.stop()
    assert service.predict("delay", BODY).status == 503


def test_a_request_that_looks_an_endpoint_up_does_not_bring_a_retired_one_back(workspace, monkeypatch):
    create(workspace, name="delay", model="delay")
    known = deployments.Deployments(workspace, lambda ws, ref: None)
    known.look_up("delay")
    found, going = threading.Event(), threading.Event()
    find = deployments.store.find

    def slow(tx, name):
        answer = find(tx, name)
        found.set()
        going.wait(60)
        return answer

    known.slots.clear()
    monkeypatch.setattr(deployments.store, "find", slow)
    asking = threading.Thread(target=known.look_up, args=("delay",))
    asking.start()
    assert found.wait(60)
    leaving = threading.Thread(target=known._remove, args=("delay",))
    leaving.start()
    going.set()
    asking.join(60)
    leaving.join(60)
    assert known.slots == {}
