"""The page of a folder's files: small pictures of images alone, and nothing of a file runs in it."""

from __future__ import annotations

import re
from html import unescape

from PIL import Image

from meguru.datasets.client import add_files
from meguru.datasets.folders.client import add_folder
from meguru.datasets.folders.locations import LocalFolder


def test_images_are_shown_as_small_pictures_and_other_files_by_name(
    browser, workspace, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "photos"
    folder.mkdir()
    name = "a&b 'c' <i>.png"
    Image.new("RGB", (300, 200), "red").save(folder / name)
    (folder / "evil.svg").write_text("<svg onload='alert(1)'/>")
    (folder / "evil.html").write_text("<script>alert(1)</script>")
    add_folder(workspace, "photos", LocalFolder(folder))
    page = browser.get("/ui/datasets/photos/1/files")
    assert page.status_code == 200
    assert "<i>" not in page.text
    assert "300 × 200" in page.text
    (source,) = re.findall(r'<img src="([^"]+)"', page.text)
    picture = browser.get(unescape(source))
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert picture.content.startswith(b"\xff\xd8\xff")
    for path, edge in (("evil.svg", 192), ("../x", 192), ("", 192), (name, 7)):
        refused = browser.get("/ui/datasets/photos/1/thumbnail", params={"path": path, "edge": edge})
        assert refused.status_code in {404, 422}
        assert "svg onload" not in refused.text


def test_a_dataset_of_tables_has_no_page_of_files(browser, workspace, tmp_path):
    (tmp_path / "rows.csv").write_text("id\n1\n")
    add_files(workspace, "rows", tmp_path / "rows.csv")
    assert "The rows of this dataset are no files" in browser.get("/ui/datasets/rows/1/files").text
