"""What is kept of the files behind a step's result."""

from __future__ import annotations

from typing import Literal

import msgspec

How = Literal["read", "listed", "tree", "dated", "written"]


class FileUse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file or folder that a step's result depends on.

    `path` is relative to the folder that the run worked in, if it is below it. How it was used:

    - ``read``: a file; `digest` is that of its content;
    - ``listed``: a folder whose names were asked for;
    - ``tree``: a folder with the content of all files below it;
    - ``dated``: a large folder, with the sizes and dates of the files below it;
    - ``written``: what an argument names and the step made: it must still be there.

    `why` says what stands in the way of comparing it: the result is then not taken again. `stamp` is what the
    file system said of a large file (size, two times, number, device): while it says the same, its content is
    not compared.
    """

    path: str
    how: How = "read"
    digest: str = ""
    size: int = 0
    why: str = ""
    stamp: list[int] = []
