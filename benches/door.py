#!/usr/bin/env python3
"""The door alone: our listener and journal beside the bare probe, both durable before each PUBACK.

    door.py DOOR LOAD [--count 1000000] [--runs 5] [--connections 10] [--window 100]
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from broker import Door, load
from measure import Used, in_turn, table


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("door")
    arguments.add_argument("load")
    arguments.add_argument("--count", type=int, default=1_000_000)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--connections", type=int, default=10)
    arguments.add_argument("--window", type=int, default=100)
    a = arguments.parse_args()
    a.door, a.load = os.path.abspath(a.door), os.path.abspath(a.load)

    def contend(which):
        def once(folder):
            with Door(a.door, which, folder) as door:
                used = Used(door.process.pid)
                said = load(a.load, door.port, connections=a.connections, window=a.window, count=a.count)
                result = {**said, **used.so_far(), "load_cpu_s": said["cpu_s"]}
            shutil.rmtree(folder)
            return result | {"us_per_message": round(result["cpu_s"] / a.count * 1e6, 3)}
        return once

    with tempfile.TemporaryDirectory(prefix="mrv-bench-") as scratch:
        results = in_turn(Path(scratch), a.runs, {"ours": contend("ours"), "probe": contend("probe")})
    print(f"\n{a.count} messages, {a.connections} connections, window {a.window}, {a.runs} runs each, in turn")
    medians = table(results, {
        "rate": "acknowledged per s",
        "us_per_message": "CPU us per message",
        "p50_us": "PUBLISH to PUBACK p50, us",
        "p99_us": "PUBLISH to PUBACK p99, us",
        "peak_mib": "peak MiB",
        "written_mib": "MiB written",
        "load_cpu_s": "CPU s of the generator",
        "fsync_p50_ms": "fsync p50 ms",
        "fsync_p99_ms": "fsync p99 ms",
    })
    ratio = medians["ours", "rate"] / medians["probe", "rate"]
    print(f"ours acknowledges {ratio:.2f} times what the probe does; the target is 0.8 times")


if __name__ == "__main__":
    main()
