"""Pages tell in the reader's language what was kept in English."""

import re


def test_pages_of_a_seeded_workspace_tell_their_reasons_in_japanese(pages_in_japanese):
    run, endpoint, report = pages_in_japanese
    assert "この段階を終えた実行はない" in run
    assert "no run before this one" not in run
    assert "以内" in report or "を超える" in report
    assert " is within " not in report
    assert "比べる現行モデルがない" in endpoint
    chain = endpoint.partition('<ol class="chain">')[2].partition("</ol>")[0]
    assert re.search(r'title="release/delay@\d">release/delay@\d</a>が昇格した', chain)
    assert not re.search(r"\bwas (promoted|registered|declared)\b", chain)
