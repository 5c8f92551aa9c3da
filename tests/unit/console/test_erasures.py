"""Who may erase does it in the browser, after a trial; the page never tells who, nor does any address."""

from __future__ import annotations

from urllib.parse import urljoin

from meguru.artifacts.holds.operations import place
from meguru.datasets.client import add_files, frame

SENT = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
PAGE = "/ui/erasures"
ANNA = "anna@example.com"


def send(browser, **fields):
    answer = browser.post(f"{PAGE}/edit", data=fields, headers=SENT, follow_redirects=False)
    if answer.status_code != 303:
        return answer
    assert "anna" not in answer.headers["location"]
    return browser.get(urljoin(f"{PAGE}/edit", answer.headers["location"]))


def test_a_person_is_looked_for_and_erased_in_the_browser(browser, workspace, tmp_path):
    (tmp_path / "people.csv").write_text(f"id,email\n1,{ANNA}\n2,bob@example.org\n")
    add_files(workspace, "people", tmp_path / "people.csv")
    assert "Nobody was erased yet" in browser.get(PAGE).text
    assert "1 rows would be erased, in 1 places" in send(browser, who=f"email={ANNA}", do="try").text
    assert "say that you are sure" in send(browser, who=f"email={ANNA}", do="erase").text
    assert "tells nobody" in send(browser, who="anna", do="try").text
    shown = send(browser, who=f"email = {ANNA}\r\nid=1", do="erase", sure="yes", reason="<b>3 May").text
    assert "&lt;b&gt;3 May" in shown
    assert "email, id" in shown
    assert "anna" not in shown
    assert frame(workspace, "people")["email"].to_list() == ["bob@example.org"]
    assert 'href="/ui/erasures"' in browser.get("/ui/datasets").text
    place(workspace, about="dataset/people", why="case 7")
    assert "case 7" in browser.get(PAGE).text
