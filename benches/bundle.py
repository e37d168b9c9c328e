#!/usr/bin/env python3
"""Recheck of a bundle beside DuckDB that computes the same period totals from the readings as CSV.

    bundle.py MRV BUNDLE_PROGRAM [--readings 10000000] [--runs 5]

The recheck unpacks, checks every message, leaf and proof, and computes every figure from the raw bytes;
DuckDB reads a CSV of the same readings and gives each meter's difference over the period. Both have to
come to the same energy. Two threads on both sides.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import measure

DUCKDB = """
import sys, duckdb
connection = duckdb.connect()
connection.execute("SET threads = 2")
print(connection.execute(f'''SELECT sum(total) FROM (SELECT meter, max(value) - min(value) AS total
    FROM read_csv('{sys.argv[1]}', header = true,
    columns = {{'meter': 'VARCHAR', 'ts': 'BIGINT', 'value': 'DECIMAL(18,6)'}}) GROUP BY meter)''').fetchone()[0])
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("mrv")
    parser.add_argument("program")
    parser.add_argument("--readings", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run(
            [arguments.program, folder, "--readings", str(arguments.readings)], check=True, capture_output=True
        )
        made = json.loads(made.stdout)
        print("made", json.dumps(made))
        recheck = [arguments.mrv, "--json", "recheck", f"{folder}/bundle.zip", "--trust", f"{folder}/log.pub",
                   "--scratch", folder]
        duckdb = [sys.executable, "-c", DUCKDB, f"{folder}/readings.csv"]
        total = subprocess.run(duckdb, check=True, capture_output=True, text=True).stdout
        if Decimal(total) / 1000 != Decimal(made["measured_mwh"]):
            raise SystemExit(f"DuckDB comes to {total} kWh, the report to {made['measured_mwh']} MWh")
        for _ in range(arguments.runs):
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            print("recheck", json.dumps(measure.run(recheck, **quiet)))
            print("duckdb ", json.dumps(measure.run(duckdb, **quiet)))


if __name__ == "__main__":
    main()
