#!/usr/bin/env python3
"""Duplicates and conflicts: `mrv ingest` beside polars `unique` and DuckDB `DISTINCT`.

    duplicates.py MRV [--rows 1000000] [--runs 5]

A CSV file of one-minute readings of 500 meters, 10 % of them redelivered, 1 % sent again with another
value, all shuffled within an hour. Right means: `readings` holds the first value of each identity in
the order of the file, `conflicts` every further one, `refused` every repetition, to the row; an own
count in Python says how many. The others drop repeated rows and keep both values of a conflict; they
keep no bytes, evidence or intervals. Wall and CPU are those of whole commands.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import csv_ingest
from daemon import Daemon
from measure import in_turn, run, table

POLARS = """
import polars, sys
frame = polars.scan_csv(sys.argv[1], schema={"meter": polars.String, "ts": polars.String, "value": polars.Decimal(18, 6)})
frame.with_columns(polars.col("ts").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC")).unique().sort(
    "meter", "ts", "value").sink_parquet(sys.argv[2], compression="zstd")
"""
DUCKDB = """
import duckdb, sys
duckdb.sql("SET threads = 2; SET TimeZone = 'UTC'")
duckdb.sql(f'''COPY (SELECT DISTINCT * FROM read_csv('{sys.argv[1]}', header = true,
    columns = {{'meter': 'VARCHAR', 'ts': 'TIMESTAMPTZ', 'value': 'DECIMAL(18,6)'}}) ORDER BY ALL)
    TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd)''')
"""


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("mrv")
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--runs", type=int, default=5)
    a = arguments.parse_args()
    a.mrv = os.path.abspath(a.mrv)
    with tempfile.TemporaryDirectory(prefix="mrv-bench-") as scratch:
        scratch = Path(scratch)
        source = scratch / "meters.csv"
        expected = write(source, a.rows)

        def ours(folder):
            with Daemon(a.mrv, folder) as daemon:
                daemon.apply(csv_ingest.plan())
            return run([a.mrv, "ingest", "--project", "bench", source], cwd=folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def script(text):
            def once(folder):
                folder.mkdir()
                return run([sys.executable, "-c", text, source, folder / "out.parquet"])
            return once

        def after(number):
            compare(scratch, number, expected)
            for name in ("ours", "polars", "DuckDB"):
                shutil.rmtree(scratch / f"{name}-{number}")

        results = in_turn(scratch, a.runs, {"ours": ours, "polars": script(POLARS), "DuckDB": script(DUCKDB)}, after)
    print(f"\n{a.rows} readings of which {expected}, {a.runs} runs each, in turn")
    medians = table(results, {"wall_s": "wall s", "cpu_s": "CPU s", "peak_mib": "peak MiB", "fsync_p99_ms": "fsync p99 ms"})
    for peer in ("polars", "DuckDB"):
        ratio = medians["ours", "wall_s"] / medians[peer, "wall_s"]
        print(f"ours takes {ratio:.2f} times the wall time of {peer}; the target is at most 1 time")


def write(path, rows):
    """Writes the file and counts, in its order, what each row is."""
    random.seed(3)
    fresh = rows * 100 // 111
    sent = []
    for number in range(fresh):
        meter, minute = number % csv_ingest.METERS, number // csv_ingest.METERS
        value = f"{minute * 2 + meter}.{number % 1000:03d}"
        copies = 1 + (random.random() < 0.1)
        for _ in range(copies):
            sent.append((minute + 60 * random.random(), meter, minute, value))
        if random.random() < 0.01:
            sent.append((minute + 60 * random.random(), meter, minute, f"{minute * 2 + meter + 1}.500"))
    sent.sort()
    first, known, counts = {}, set(), {"readings": 0, "conflicts": 0, "refused": 0}
    with open(path, "w") as file:
        file.write("meter,ts,value\n")
        for _, meter, minute, value in sent:
            day, rest = divmod(minute, 1440)
            stamp = f"2024-01-{1 + day:02d}T{rest // 60:02d}:{rest % 60:02d}:00Z"
            file.write(f"site{meter // 25:02d}-m{meter:04d},{stamp},{value}\n")
            if (meter, minute, value) in known:
                counts["refused"] += 1
            elif first.setdefault((meter, minute), value) == value:
                counts["readings"] += 1
            else:
                counts["conflicts"] += 1
            known.add((meter, minute, value))
    return counts


def compare(scratch, number, expected):
    import duckdb

    tables = scratch / f"ours-{number}" / "data/tables"
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    rows = lambda name: f"read_parquet('{tables}/{name}/**/*.parquet')"
    for name, count in expected.items():
        found = connection.execute(f"SELECT count(*) FROM {rows(name)}").fetchone()[0]
        if found != count:
            raise SystemExit(f"{name} has {found} rows, {count} are right")
    connection.execute(
        f"CREATE VIEW ours AS SELECT device AS meter, \"at\" AS ts, value FROM {rows('readings')} "
        f"UNION ALL SELECT device, \"at\", value FROM {rows('conflicts')}"
    )
    for peer in ("polars", "DuckDB"):
        connection.execute(
            f"CREATE OR REPLACE VIEW theirs AS SELECT meter, ts, value "
            f"FROM read_parquet('{scratch}/{peer}-{number}/out.parquet')"
        )
        differ = connection.execute(
            "SELECT (SELECT count(*) FROM (FROM ours EXCEPT ALL FROM theirs)) "
            "+ (SELECT count(*) FROM (FROM theirs EXCEPT ALL FROM ours))"
        ).fetchone()[0]
        if differ:
            raise SystemExit(f"{differ} rows differ between ours and {peer}")
    print(f"      equal  {expected} as counted, and the same values as polars and DuckDB keep", flush=True)


if __name__ == "__main__":
    main()
