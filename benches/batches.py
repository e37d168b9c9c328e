#!/usr/bin/env python3
"""Payloads of 100 readings beside the same readings one by one: batches.py MRV LOAD [--count 500000] [--runs 5].

Target: 5 times as many readings a second. Both publish the same rows, which is checked.
"""

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

import duckdb

from broker import load
from daemon import Daemon
from measure import Used, in_turn, table
from mqtt_to_tables import plan


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("mrv")
    arguments.add_argument("load")
    arguments.add_argument("--count", type=int, default=500_000)
    arguments.add_argument("--runs", type=int, default=5)
    a = arguments.parse_args()
    a.mrv, a.load = os.path.abspath(a.mrv), os.path.abspath(a.load)

    def contend(readings):
        def once(folder):
            with Daemon(a.mrv, folder) as daemon:
                daemon.apply(plan())
                used = Used(daemon.process.pid)
                begun = time.monotonic()
                said = load(a.load, daemon.mqtt, readings=readings, count=a.count // readings)
                daemon.flush()
                wall = time.monotonic() - begun
                used = used.so_far()
            return {
                "readings_per_s": round(a.count / wall),
                "acknowledged_per_s": round(said["rate"] * readings),
                "per_cpu_s": round(a.count / used["cpu_s"]),
                **used,
            }
        return once

    with tempfile.TemporaryDirectory(prefix="mrv-bench-") as scratch:
        scratch = Path(scratch)

        def after(run):
            compare(scratch / f"a-hundred-{run}", scratch / f"one-{run}", a.count)
            for name in ("a-hundred", "one"):
                shutil.rmtree(scratch / f"{name}-{run}")

        results = in_turn(scratch, a.runs, {"a hundred": contend(100), "one": contend(1)}, after)
    print(f"\n{a.count} readings, 10 connections, window 100, {a.runs} runs each, in turn")
    medians = table(results, {
        "readings_per_s": "readings a second, on disk",
        "acknowledged_per_s": "readings acknowledged a second",
        "per_cpu_s": "readings per CPU s",
        "peak_mib": "peak MiB",
        "written_mib": "MiB written",
    })
    for key, label in (("acknowledged_per_s", "acknowledged"), ("readings_per_s", "on disk")):
        ratio = medians["a hundred", key] / medians["one", key]
        print(f"a hundred at a time: {ratio:.2f} times as many readings a second {label}; the target is 5 times")


def compare(left, right, count):
    connection = duckdb.connect()
    for name, folder in (("a", left), ("b", right)):
        connection.execute(
            f"CREATE VIEW {name} AS SELECT site, device, quantity, \"at\", value, unit "
            f"FROM read_parquet('{folder}/data/tables/readings/**/*.parquet')"
        )
    counts = connection.execute("SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)").fetchone()
    differ = connection.execute(
        "SELECT (SELECT count(*) FROM (FROM a EXCEPT FROM b)) + (SELECT count(*) FROM (FROM b EXCEPT FROM a))"
    ).fetchone()[0]
    if counts != (count, count) or differ:
        raise SystemExit(f"the outputs differ: rows {counts} of {count}, {differ} rows in one alone")
    print(f"      equal  {count} rows on both sides, row by row", flush=True)


if __name__ == "__main__":
    main()
