#!/usr/bin/env python3
"""Random re-sends into a large table: `mrv ingest` beside polars and DuckDB.

    resend.py MRV GEN20M.py [--rows 20000000] [--resent 100000] [--runs 5]

20 million readings are stored first, not measured. Then a file of rows drawn from them at random comes
again, one in ten of them with another value. Right means: every repeated value in `refused`, every other
one in `conflicts`, not a row more in `readings`; an own count says how many. The others join the file
with the readings that are stored, the same Parquet files, and write the rows whose value is another;
they keep no bytes, evidence or intervals. Wall and CPU are those of whole commands.
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
from measure import apart, in_turn, run, table

SCHEMA = "{'meter': 'VARCHAR', 'ts': 'TIMESTAMPTZ', 'value': 'DECIMAL(18,6)'}"
POLARS = """
import polars, sys
tables, source, out = sys.argv[1:]
sent = polars.scan_csv(source, schema={"meter": polars.String, "ts": polars.String, "value": polars.Decimal(18, 6)})
sent = sent.with_columns(polars.col("ts").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC")).unique()
stored = polars.scan_parquet(f"{tables}/readings/**/*.parquet").select(
    polars.col("device").cast(polars.String).alias("meter"), polars.col("at").alias("ts"), polars.col("value").alias("first"))
joined = sent.join(stored, on=["meter", "ts"], how="left")
joined.filter((polars.col("value") != polars.col("first")) | polars.col("first").is_null()).sink_parquet(out)
"""
DUCKDB = f"""
import duckdb, sys
tables, source, out = sys.argv[1:]
duckdb.sql("SET threads = 2; SET TimeZone = 'UTC'")
duckdb.sql(f'''COPY (SELECT DISTINCT sent.*, stored.value AS first
    FROM read_csv('{{source}}', header = true, columns = {{{SCHEMA}}}) AS sent
    LEFT JOIN read_parquet('{{tables}}/readings/**/*.parquet') AS stored
    ON sent.meter = stored.device AND sent.ts = stored."at"
    WHERE stored.value IS DISTINCT FROM sent.value) TO '{{out}}' (FORMAT parquet, COMPRESSION zstd)''')
"""


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("mrv")
    arguments.add_argument("generator")
    arguments.add_argument("--rows", type=int, default=20_000_000)
    arguments.add_argument("--resent", type=int, default=100_000)
    arguments.add_argument("--runs", type=int, default=5)
    a = arguments.parse_args()
    a.mrv = os.path.abspath(a.mrv)
    with tempfile.TemporaryDirectory(prefix="mrv-bench-") as scratch:
        scratch = Path(scratch)
        source, again = scratch / "meters.csv", scratch / "again.csv"
        csv_ingest.generate(a.generator, source, a.rows)
        expected = apart(draw, source, again, a.resent)
        stored = scratch / "stored"
        with Daemon(a.mrv, stored) as daemon:
            daemon.apply(csv_ingest.plan())
        ingest = [a.mrv, "ingest", "--project", "bench"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        print("stored", run([*ingest, source], cwd=stored, **quiet), flush=True)
        source.unlink()

        def ours(folder):
            subprocess.run(["cp", "-a", stored, folder], check=True)
            return run([*ingest, again], cwd=folder, **quiet)

        def script(text):
            def once(folder):
                folder.mkdir()
                return run([sys.executable, "-c", text, stored / "data/tables", again, folder / "out.parquet"])
            return once

        def after(number):
            apart(compare, scratch, number, a.rows // csv_ingest.METERS * csv_ingest.METERS, expected)
            for name in ("ours", "polars", "DuckDB"):
                shutil.rmtree(scratch / f"{name}-{number}")

        results = in_turn(scratch, a.runs, {"ours": ours, "polars": script(POLARS), "DuckDB": script(DUCKDB)}, after)
    print(f"\n{a.resent} readings sent again into {a.rows}, {a.runs} runs each, in turn")
    medians = table(results, {"wall_s": "wall s", "cpu_s": "CPU s", "peak_mib": "peak MiB", "fsync_p99_ms": "fsync p99 ms"})
    for peer in ("polars", "DuckDB"):
        ratio = medians["ours", "wall_s"] / medians[peer, "wall_s"]
        print(f"ours takes {ratio:.2f} times the wall time of {peer}; the target is at most 1 time")


def draw(source, again, count):
    """Writes rows of the file again, in random order, one in ten with another value; counts both kinds."""
    random.seed(5)
    size = os.path.getsize(source)
    drawn = {}
    with open(source, "rb") as file:
        head = file.readline()
        while len(drawn) < count:
            file.seek(random.randrange(len(head), size - 256))
            file.readline()
            meter, stamp, value = file.readline().decode().rstrip("\n").split(",")
            drawn.setdefault((meter, stamp), value)
    rows = list(drawn.items())
    random.shuffle(rows)
    conflicts = 0
    with open(again, "w") as file:
        file.write(head.decode())
        for number, ((meter, stamp), value) in enumerate(rows):
            if number % 10 == 0:
                value, conflicts = f"{value}1" if "." in value else f"{value}.1", conflicts + 1
            file.write(f"{meter},{stamp},{value}\n")
    return {"conflicts": conflicts, "refused": count - conflicts}


def compare(scratch, number, rows, expected):
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    tables = scratch / f"ours-{number}/data/tables"
    counted = lambda name: connection.execute(f"SELECT count(*) FROM read_parquet('{tables}/{name}/**/*.parquet')").fetchone()[0]
    for name, count in {"readings": rows, **expected}.items():
        if counted(name) != count:
            raise SystemExit(f"{name} has {counted(name)} rows, {count} are right")
    for peer in ("polars", "DuckDB"):
        differ = connection.execute(
            f"""WITH ours AS (SELECT device, "at", value FROM read_parquet('{tables}/conflicts/**/*.parquet')),
                theirs AS (SELECT meter, ts, value FROM read_parquet('{scratch}/{peer}-{number}/out.parquet'))
                SELECT (SELECT count(*) FROM (FROM ours EXCEPT ALL FROM theirs))
                + (SELECT count(*) FROM (FROM theirs EXCEPT ALL FROM ours))"""
        ).fetchone()[0]
        if differ:
            raise SystemExit(f"{differ} rows differ between our conflicts and what {peer} finds")
    print(f"      equal  {rows} readings and {expected} as counted, the same as polars and DuckDB find", flush=True)


if __name__ == "__main__":
    main()
