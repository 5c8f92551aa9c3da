"""Governance: each part in turn, as `make bench BENCH=governance_audit` does one.

Each runs in a process of its own, so that none finds what another has loaded or left in memory. A part that
fails is told, and the others run.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run the parts by name."""
    failed = []
    for part in sorted(Path(__file__).parent.glob("governance_*.py")):
        print(f"\n== {part.stem}", flush=True)
        if subprocess.run([sys.executable, str(part), *sys.argv[1:]], check=False).returncode:
            failed.append(part.stem)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
