"""The feature store: each part in turn, as `make bench BENCH=features_online` does one.

Each runs in a process of its own, so that none finds what another has loaded or left in memory.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run the parts by name; the first that fails ends it."""
    for part in sorted(Path(__file__).parent.glob("features_*.py")):
        print(f"\n== {part.stem}", flush=True)
        subprocess.run([sys.executable, str(part), *sys.argv[1:]], check=True)


if __name__ == "__main__":
    main()
