"""`meguru model export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import MODEL
from meguru.cli.files import write_file
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace
    from meguru.registry.types import ModelVersion


@verb
@click.argument("ref", type=MODEL)
@click.option(
    "--to",
    "form",
    type=click.Choice(["onnx", "folder"]),
    default="onnx",
    show_default=True,
    help="The format; folder: as it is kept, with model.sig if it is signed.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=None,
    help="Default: NAME-VERSION.onnx, or the folder NAME-VERSION.",
)
@click.option("--tolerance", type=float, default=1e-5, help="By how much any number may differ.")
@click.option("--overwrite", is_flag=True, help="Take the place of a file that is there.")
@with_session
def export(
    session: Session, ref: str, *, form: str, output: Path | None, tolerance: float, overwrite: bool
) -> None:
    """Write a version as a file that other runtimes read, once it answers the model's rows as the model does.

    Models of scikit-learn, XGBoost, LightGBM and ONNX can be written as ONNX. As a folder any model can be
    written, byte by byte, with its newest signature beside its files: `meguru model verify` checks it.
    """
    from meguru.app.calls import model_show
    from meguru.errors import Conflict
    from meguru.flavors.onnx_export import to_onnx
    from meguru.registry.load import load_model

    ws = session.open()
    version = model_show(ws, ref=ref)
    ending = "" if form == "folder" else f".{form}"
    path = output or Path(f"{version.name.replace('/', '-')}-{version.version}{ending}")
    if form == "folder":
        _folder(session, ws, version, path)
        return
    if path.exists() and not overwrite:
        hint = "name another --output, or --overwrite"
        raise Conflict(f"{path} is there already", where=str(path), hint=hint)
    made = to_onnx(load_model(ws, version.ref), tolerance=tolerance)
    write_file(path, made.data)
    told = {
        "ref": version.ref,
        "path": str(path),
        "bytes": len(made.data),
        "rows": made.rows,
        "difference": made.difference,
        "takes": made.takes,
    }
    size = f"{len(made.data):,} bytes"
    text = f"{path}  {size}, asked {made.rows:,} rows: differs by {made.difference:.2g} at most"
    session.show(told, lambda: click.echo(text))


def _folder(session: Session, ws: Workspace | RemoteWorkspace, version: ModelVersion, path: Path) -> None:
    """Write the files of a version, and its newest signature that is good."""
    from meguru.app.calls import model_signatures
    from meguru.artifacts.trees import fetch
    from meguru.cli.model_sign import SIGNATURE
    from meguru.errors import Conflict

    if path.exists():
        raise Conflict(f"{path} is there already", where=str(path), hint="name another --output")
    signed = [
        model_signature.signature
        for model_signature in model_signatures(ws, ref=version.ref)
        if not model_signature.why
    ]
    fetch(ws.blobs, version.tree_digest, path)
    if signed:
        write_file(path / SIGNATURE, signed[-1].bundle)
    told = {"ref": version.ref, "path": str(path), "signed_by": signed[-1].key if signed else ""}
    session.show(told, lambda: click.echo(f"{path}  {told['signed_by'][:12]}".rstrip()))
