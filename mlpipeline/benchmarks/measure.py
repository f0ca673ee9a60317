"""Runs the whole flow, in a process of its own, and prints what it took and gave as one line of JSON.

python -m benchmarks.measure SOURCE SEED
"""

import json
import resource
import sys
import time

from train_model import run_pipeline


def main() -> None:
    """Runs the flow on the servers that the environment names."""
    started = time.perf_counter()
    result = run_pipeline(data_source=sys.argv[1], seed=int(sys.argv[2]))
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    print(json.dumps(result | {"seconds": time.perf_counter() - started, "gigabytes": kilobytes / 2**20}))


if __name__ == "__main__":
    main()
