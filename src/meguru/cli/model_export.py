"""`meguru model export`."""

from __future__ import annotations

from pathlib import Path

import click

from meguru.cli.arguments import MODEL
from meguru.cli.files import write_file
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session


@verb
@click.argument("ref", type=MODEL)
@click.option("--to", "form", type=click.Choice(["onnx"]), default="onnx", help="The format.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="Default: NAME-VERSION.onnx.",
)
@click.option("--tolerance", type=float, default=1e-5, help="By how much any number may differ.")
@click.option("--overwrite", is_flag=True, help="Take the place of a file that is there.")
@with_session
def export(
    session: Session, ref: str, *, form: str, output: Path | None, tolerance: float, overwrite: bool
) -> None:
    """Write a version as a file that other runtimes read, once it answers the model's rows as the model does.

    Models of scikit-learn, XGBoost, LightGBM and ONNX can be written as ONNX.
    """
    from meguru.app.calls import model_show
    from meguru.errors import Conflict
    from meguru.flavors.onnx_export import to_onnx
    from meguru.registry.load import load_model

    ws = session.open()
    version = model_show(ws, ref=ref)
    path = output or Path(f"{version.name.replace('/', '-')}-{version.version}.{form}")
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
