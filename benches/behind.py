#!/usr/bin/env python3
"""What happens behind the door, by benches/tables.rs.

    behind.py TABLES day [--channels 1000]          intervals of a day, beside polars on the same rows
    behind.py TABLES rebuild [--count 1000000]      all tables written anew, beside the first ingest
    behind.py TABLES recover [--count 1000000,10000000]
    behind.py TABLES growth [--count 1000000,10000000]
    behind.py TABLES trickle [--count 100,1000]     a reading of each channel a batch, intervals after each
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import in_turn, table

# What each register counted per 15 minutes, from the reading at an interval's begin to that at its end.
POLARS = """
import polars as pl, sys, time
begun = time.monotonic()
rows = pl.scan_parquet(sys.argv[1]).select("device", "at", "value").sort("device", "at")
first = rows.group_by("device", pl.col("at").dt.truncate("15m").alias("start"), maintain_order=True).agg(
    pl.col("value").first(), pl.len().alias("count"))
amounts = first.with_columns((pl.col("value").shift(-1).over("device") - pl.col("value")).alias("amount"))
amounts.sink_parquet(sys.argv[2], compression="zstd")
print(time.monotonic() - begun)
"""


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("tables")
    arguments.add_argument("what", choices=["day", "rebuild", "recover", "growth", "trickle"])
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--channels", type=int, default=1_000)
    arguments.add_argument("--count", default="1000000")
    a = arguments.parse_args()
    a.tables = os.path.abspath(a.tables)
    with tempfile.TemporaryDirectory(prefix="mrv-bench-") as scratch:
        scratch = Path(scratch)
        if a.what == "day":
            return day(a, scratch)
        for count in map(int, a.count.split(",")):
            results = in_turn(scratch, a.runs, {"ours": lambda folder: once(a, a.what, count, folder)})
            print(f"\n{a.what}, {count}, {a.runs} runs")
            figures = {key: key.replace("_", " ") for key in results["ours"][0] if not key.startswith("fsync_p50")}
            medians = table(results, figures)
            if a.what == "rebuild":
                ratio = medians["ours", "rebuild_s"] / medians["ours", "first_s"]
                print(f"written anew in {ratio:.2f} times the first ingest; the target is at most 0.7 times")


def once(a, what, count, folder, keep=False):
    said = subprocess.run([a.tables, what, str(count), folder], stdout=subprocess.PIPE, text=True, check=True).stdout
    said = json.loads(said)
    for name in [key for key in said if key.endswith("_bytes")]:
        said[name.replace("_bytes", "_bytes_per_reading")] = round(said.pop(name) / said["readings"], 2)
    if not keep:
        shutil.rmtree(folder)
    return said


def day(a, scratch):
    def ours(folder):
        said = once(a, "day", a.channels, folder, keep=True)
        return {"wall_s": said["intervals_s"], "peak_mib": said["peak_mib"]}

    def theirs(folder):
        folder.mkdir()
        readings = scratch / f"ours-{folder.name.rsplit('-', 1)[1]}/tables/readings/project=bench/**/*.parquet"
        command = [sys.executable, "-c", POLARS, str(readings), folder / "amounts.parquet"]
        return {"wall_s": round(float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout), 3)}

    def after(number):
        compare(scratch / f"ours-{number}", scratch / f"polars-{number}", a.channels)
        for name in ("ours", "polars"):
            shutil.rmtree(scratch / f"{name}-{number}")

    results = in_turn(scratch, a.runs, {"ours": ours, "polars": theirs}, after)
    print(f"\nintervals of one day, {a.channels} channels of a minute; ours are read back, computed and written, too")
    medians = table(results, {"wall_s": "wall s", "peak_mib": "peak MiB", "fsync_p99_ms": "fsync p99 ms"})
    ratio = medians["ours", "wall_s"] / medians["polars", "wall_s"]
    print(f"ours takes {ratio:.2f} times the time of polars; the target is at most 1.5 times")


def compare(ours, theirs, channels):
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(
        f"CREATE VIEW ours AS SELECT device, start, value AS amount, \"count\" AS n "
        f"FROM read_parquet('{ours}/tables/intervals/**/*.parquet') WHERE quality = 'M'"
    )
    connection.execute(
        f"CREATE VIEW theirs AS SELECT device, start, amount, \"count\" AS n "
        f"FROM read_parquet('{theirs}/amounts.parquet') WHERE amount IS NOT NULL"
    )
    count = connection.execute("SELECT count(*) FROM ours").fetchone()[0]
    differ = connection.execute(
        "SELECT (SELECT count(*) FROM (FROM ours EXCEPT ALL FROM theirs)) "
        "+ (SELECT count(*) FROM (FROM theirs EXCEPT ALL FROM ours))"
    ).fetchone()[0]
    if count != channels * 95 or differ:
        raise SystemExit(f"the outputs differ: {count} amounts of {channels * 95}, {differ} in one alone")
    print(f"      equal  {count} amounts on both sides", flush=True)


if __name__ == "__main__":
    main()
