#!/usr/bin/env python3
"""The contender for files: DuckDB writes sorted readings and 15-minute amounts as zstd Parquet.

    csv_duckdb.py IN.csv OUT_FOLDER [THREADS]

Readings: meter, ts, value DECIMAL(18,6), sorted by meter and ts. Amounts: what each register counted
per 15 minutes, from the reading at an interval's begin to the one at its end.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

source, out = sys.argv[1], Path(sys.argv[2])
threads = int(sys.argv[3]) if len(sys.argv) > 3 else 2
out.mkdir(parents=True, exist_ok=True)
begun = time.monotonic()
connection = duckdb.connect()
connection.execute(f"SET threads = {threads}; SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
connection.execute(f"SET temp_directory = '{out}/spill'")
connection.execute(
    f"""COPY (SELECT meter, ts, value FROM read_csv('{source}', header = true,
        columns = {{'meter': 'VARCHAR', 'ts': 'TIMESTAMPTZ', 'value': 'DECIMAL(18,6)'}})
        ORDER BY meter, ts) TO '{out}/readings.parquet' (FORMAT parquet, COMPRESSION zstd)"""
)
sorted_s = time.monotonic() - begun
connection.execute(
    f"""COPY (SELECT meter, start, lead(first) OVER (PARTITION BY meter ORDER BY start) - first AS amount, n
        FROM (SELECT meter, time_bucket(INTERVAL '15 minutes', ts) AS start, arg_min(value, ts) AS first,
                     count(*) AS n FROM '{out}/readings.parquet' GROUP BY ALL)
        ORDER BY meter, start) TO '{out}/amounts.parquet' (FORMAT parquet, COMPRESSION zstd)"""
)
print(json.dumps({
    "tool": f"duckdb {duckdb.__version__}",
    "threads": threads,
    "readings_s": round(sorted_s, 2),
    "wall_s": round(time.monotonic() - begun, 2),
}))
