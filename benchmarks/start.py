"""How long a process takes to start, against a bare interpreter of the same run."""

import os
import statistics
import subprocess
import sys
import time

ROUNDS = 15
CASES = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import meguru": [sys.executable, "-c", "import meguru"],
    "meguru --help": [sys.executable, "-m", "meguru", "--help"],
    "meguru doctor --help": [sys.executable, "-m", "meguru", "doctor", "--help"],
}


def median_seconds(command: list[str], environment: dict[str, str]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main() -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    floor = 0.0
    for name, command in CASES.items():
        seconds = median_seconds(command, environment)
        floor = floor or seconds
        print(f"{name:<22} {seconds * 1e3:7.1f} ms   {seconds / floor:5.1f} x bare interpreter")


if __name__ == "__main__":
    main()
