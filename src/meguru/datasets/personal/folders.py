"""A person in files of folders: these are kept as they came, so they are told, and stay."""

from __future__ import annotations

from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.artifacts.erasure.content import MAX_BYTES
from meguru.artifacts.erasure.redaction import TextRedactor
from meguru.datasets.expectations.erase import erase_shown
from meguru.datasets.folders.files import FolderFiles
from meguru.datasets.manifest import load_manifest
from meguru.datasets.personal import store
from meguru.errors import DigestMismatch, NotFound
from meguru.kernel.operations import Context

STAYS = "its files are kept as they came: add the folder without them, and remove this version"
_TEXT = (".txt", ".md", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".html", ".yaml", ".yml", ".log", ".eml")


def erase(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001
    """Take the person's rows away that are shown of expectations; tell which folders have them in text."""
    shown, found = erase_shown(ctx, subject, dry_run), []
    words, known = TextRedactor(subject), dict[str, int]()
    for version in store.all_versions(ctx.tx, None):
        if version.remote_environment or version.format != "files":
            continue
        try:
            manifest = load_manifest(ctx.blobs, version)
            files = FolderFiles(ctx.blobs, manifest)
            listed = files.index
        except (NotFound, DigestMismatch):
            continue
        count = 0
        for path, digest, size in listed.select("path", "digest", "size").iter_rows():
            if not path.lower().endswith(_TEXT) or size > MAX_BYTES:
                subject.places.passed("files of folders that are no text")
                continue
            subject.places.looked("files of folders")
            # By content: versions share most files.
            if digest not in known:
                try:
                    known[digest] = words.masked(files.read(path).decode(errors="replace"))[1]
                except (NotFound, DigestMismatch):
                    subject.places.passed("files of datasets that are lost or damaged")
                    known[digest] = 0
            count += known[digest]
        if count:
            what = "places in files of a folder"
            found.append(ErasedThing(ref=version.ref, what=what, rows=count, stays=STAYS))
    return [*shown, *found]
