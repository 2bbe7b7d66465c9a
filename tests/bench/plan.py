"""How long POST /hires-strategies/v1/plan takes on a running WebUI: `python tests/bench/plan.py http://127.0.0.1:7860`.

It answers in under 20 ms on an idle machine; a number that depends on the machine is measured here, not asserted.
"""

from __future__ import annotations

import platform
import statistics
import sys
import time

import requests

CASES = {
    "one strategy": ["Latent x2 @0.7 > Lanczos x2"],
    "a sweep of 8": ["Latent x2 @{0.3..1..0.1}"],
    "64 variants of 3 stages": ["Latent x1.5 @{0.3..1..0.1} > Lanczos x{1..2.75..0.25} > None x1.5"],
    "refused": ["Latnt x2 @0.7"],
}
REPEATS = 50


def main(url: str) -> None:
    """Print median and 95th percentile of each case in milliseconds, the way over HTTP included."""
    session = requests.Session()
    print(f"{platform.machine()}, Python {platform.python_version()}, {REPEATS} requests each")
    print(f"{'':26}{'median':>9}{'95 %':>9}")
    for name, strategies in CASES.items():
        taken = []
        for _ in range(REPEATS):
            started = time.perf_counter()
            session.post(f"{url}/hires-strategies/v1/plan", json={"strategies": strategies, "steps": 20}, timeout=60)
            taken.append((time.perf_counter() - started) * 1000)
        print(f"{name:26}{statistics.median(taken):6.1f} ms{statistics.quantiles(taken, n=20)[-1]:6.1f} ms")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
