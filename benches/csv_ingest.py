#!/usr/bin/env python3
"""A large CSV file: `mrv ingest` against DuckDB writing the same readings and 15-minute amounts.

    csv_ingest.py MRV GEN20M.py [--rows 2000000] [--runs 3] [--threads 2]

The file is that of gen20m.py: 500 meters, one row a minute each, time-major. Runs alternate. Wall and
CPU seconds and peak memory are those of each command as a whole, start included. A number counts only
after readings and 15-minute amounts were found equal. Ours keeps the bytes and the evidence log too.
"""

import argparse
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from daemon import Daemon
from measure import in_turn, run, table

METERS = 500


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("mrv")
    arguments.add_argument("generator")
    arguments.add_argument("--rows", type=int, default=2_000_000)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    a = arguments.parse_args()
    a.mrv = os.path.abspath(a.mrv)
    with tempfile.TemporaryDirectory(prefix="mrv-bench-") as scratch:
        scratch = Path(scratch)
        source = scratch / "meters.csv"
        generate(a.generator, source, a.rows)
        rows = a.rows // METERS * METERS

        def after(number):
            # In a process of its own: the peak of a command counts what its parent held as it began.
            comparing = multiprocessing.get_context("spawn").Process(
                target=compare, args=(scratch / f"ours-{number}", scratch / f"theirs-{number}", rows)
            )
            comparing.start()
            comparing.join()
            if comparing.exitcode != 0:
                raise SystemExit("not equal: no number counts")
            for name in ("ours", "theirs"):
                shutil.rmtree(scratch / f"{name}-{number}")

        contenders = {
            "ours": lambda folder: ours(a, folder, source),
            "theirs": lambda folder: theirs(a, folder, source),
        }
        report(rows, in_turn(scratch, a.runs, contenders, after))


def generate(generator, path, rows):
    """gen20m.py as it is, but for the number of minutes."""
    text = Path(generator).read_text()
    changed = text.replace("M,T=500,40000", f"M,T={METERS},{rows // METERS}")
    if changed == text and rows != 20_000_000:
        raise SystemExit(f"{generator} does not say M,T=500,40000 any more")
    subprocess.run([sys.executable, "-c", changed, path], check=True, stdout=subprocess.DEVNULL)


def plan():
    names = [f"site{meter // 25:02d}-m{meter:04d}" for meter in range(METERS)]
    channels = "".join(
        f'[[channel]]\nid = "s/{name}/EG"\nkind = "register"\nunit = "kWh"\n'
        f'cadence = "1 min"\ncapacity = "1000 kW"\n'
        for name in names
    )
    return (
        'mrv_plan = 1\nproject = "bench"\nnumber = 1\nvalid_from = "2023-12-31T00:00:00Z"\n'
        '[registered]\ntitle = "bench"\ncountry = "TH"\npdd_version = "1"\nmethodology = "NONE"\n'
        'zone = "UTC"\ncrediting = { from = "2024-01-01", to = "2030-12-31" }\n'
        + channels
        + '[[reader]]\nname = "meters"\nfile = "*.csv"\nformat = "csv"\nstamp_column = "ts"\n'
        'stamp = "rfc3339"\norder = "oldest-first"\nlayout = "long"\nsite = "s"\n'
        'device_column = "meter"\nquantity = "EG"\nvalue_column = "value"\n'
    )


def ours(a, folder, source):
    with Daemon(a.mrv, folder) as daemon:
        daemon.apply(plan())
    return run(
        [a.mrv, "ingest", "--project", "bench", source],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )


def theirs(a, folder, source):
    contender = Path(__file__).with_name("csv_duckdb.py")
    return run(
        [sys.executable, contender, source, folder, str(a.threads)], stdout=subprocess.DEVNULL
    )


def compare(ours_folder, theirs_folder, rows):
    """Readings row by row, both ways; amounts wherever both ends of an interval were read."""
    import duckdb

    tables = f"{ours_folder}/data/tables"
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(
        f"CREATE VIEW ours AS SELECT device AS meter, epoch_us(\"at\") AS stamp, value "
        f"FROM read_parquet('{tables}/readings/**/*.parquet')"
    )
    connection.execute(
        f"CREATE VIEW theirs AS SELECT meter, epoch_us(ts) AS stamp, value "
        f"FROM read_parquet('{theirs_folder}/readings.parquet')"
    )
    connection.execute(
        f"CREATE VIEW our_amounts AS SELECT device AS meter, epoch_us(start) AS start, value AS amount "
        f"FROM read_parquet('{tables}/intervals/**/*.parquet') WHERE quality = 'M'"
    )
    connection.execute(
        f"CREATE VIEW their_amounts AS SELECT meter, epoch_us(start) AS start, amount "
        f"FROM read_parquet('{theirs_folder}/amounts.parquet') WHERE amount IS NOT NULL"
    )
    counts = connection.execute("SELECT (SELECT count(*) FROM ours), (SELECT count(*) FROM theirs)").fetchone()
    differ = 0
    for left, right in (("ours", "theirs"), ("our_amounts", "their_amounts")):
        differ += connection.execute(
            f"SELECT (SELECT count(*) FROM (FROM {left} EXCEPT ALL FROM {right})) "
            f"+ (SELECT count(*) FROM (FROM {right} EXCEPT ALL FROM {left}))"
        ).fetchone()[0]
    amounts = connection.execute("SELECT count(*) FROM our_amounts").fetchone()[0]
    if counts != (rows, rows) or differ or not amounts:
        raise SystemExit(f"the outputs differ: rows {counts} of {rows}, {amounts} amounts, {differ} in one alone")
    print(f"      equal  {rows} readings and {amounts} amounts on both sides", flush=True)


def report(rows, results):
    print(f"\n{rows} rows of CSV, {len(results['ours'])} runs each, alternating")
    medians = table(results, {
        "wall_s": "wall s",
        "cpu_s": "CPU s",
        "peak_mib": "peak MiB",
        "written_mib": "MiB written",
        "fsync_p50_ms": "fsync p50 ms",
        "fsync_p99_ms": "fsync p99 ms",
    })
    ratio = medians["ours", "wall_s"] / medians["theirs", "wall_s"]
    print(f"ours takes {ratio:.2f} times the wall time of DuckDB; the target is 0.5 times")


if __name__ == "__main__":
    main()
