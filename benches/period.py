#!/usr/bin/env python3
"""Closing a period of many readings, beside DuckDB over the same Parquet files.

    period.py MRV [--channels 1000] [--months 12] [--runs 3]

Registers that are read each minute of 2025, from wide CSV files of a month each, taken by `mrv ingest`.
`mrv period close` then drafts the period: intervals, completeness, checks, bounds and every form of the
report. DuckDB reads the tables that the close reads: each meter's counted energy and how many of its
quarter hours were measured, from `intervals`, and the number of its readings with the difference over
the period, from `readings`. A number counts only after all three came to the same energy.
"""

import argparse
import calendar
import json
import os
import shutil
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

from daemon import Daemon
from measure import in_turn, run, table

METHODOLOGY = Path(__file__).parents[1] / "pipelines/methodologies/solar-pv-f1.toml"
# Each minute counts between 1.001 and 2.999 kWh, differently for every meter.
GENERATE = """
import duckdb, sys
path, channels, first, minutes = sys.argv[1], *map(int, sys.argv[2:])
columns = ", ".join(f"(2 * m + {number} + (hash(m * {channels} + {number}) % 1000)::DECIMAL(18,3) / 1000)::DECIMAL(18,3) "
                    f"AS m{number:04d}" for number in range(channels))
duckdb.sql("SET threads = 2; SET TimeZone = 'UTC'")
duckdb.sql(f'''COPY (SELECT strftime(TIMESTAMP '2025-01-01' + to_minutes(m), '%Y-%m-%dT%H:%M:%SZ') AS ts, {columns}
    FROM (SELECT unnest(range({first}, {first} + {minutes})) AS m)) TO '{path}' (HEADER)''')
"""
THEIRS = """
import duckdb, json, sys
tables, wanted = sys.argv[1], sys.argv[2]
duckdb.sql("SET threads = 2; SET TimeZone = 'UTC'")
if wanted == "intervals":
    total, rows = duckdb.sql(f'''SELECT sum(v), sum(n) FROM (SELECT device, sum(value) AS v, count(*) AS n
        FROM read_parquet('{tables}/intervals/**/*.parquet') WHERE quality = 'M' GROUP BY device)''').fetchone()
else:
    total, rows = duckdb.sql(f'''SELECT sum(v), sum(n) FROM (SELECT device, max(value) - min(value) AS v, count(*) AS n
        FROM read_parquet('{tables}/readings/**/*.parquet') GROUP BY device)''').fetchone()
print(json.dumps({"total": str(total), "rows": int(rows)}))
"""


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("mrv")
    arguments.add_argument("--channels", type=int, default=1_000)
    arguments.add_argument("--months", type=int, default=12)
    arguments.add_argument("--runs", type=int, default=3)
    a = arguments.parse_args()
    a.mrv = os.path.abspath(a.mrv)
    with tempfile.TemporaryDirectory(prefix="mrv-bench-") as scratch:
        scratch = Path(scratch)
        data = scratch / "ours"
        with Daemon(a.mrv, data) as daemon:
            daemon.apply(plan(a.channels), METHODOLOGY.read_text())
        minutes = 0
        for month in range(1, a.months + 1):
            source = scratch / f"{month:02d}.csv"
            days = calendar.monthrange(2025, month)[1]
            # The reading that ends the last month is the first of the next.
            count = days * 1440 + (month == a.months)
            subprocess.run([sys.executable, "-c", GENERATE, source, str(a.channels), str(minutes), str(count)], check=True)
            used = run([a.mrv, "ingest", "--project", "bench", source], cwd=data,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            print(f"ingested {source.name}: {count * a.channels} readings, {json.dumps(used)}", flush=True)
            source.unlink()
            minutes += count
        last = f"2025-{a.months:02d}-{calendar.monthrange(2025, a.months)[1]}"
        close = [a.mrv, "period", "close", "--project", "bench", "--from", "2025-01-01", "--to", last]

        def ours(_):
            # Each draft is a version of its own; the last one's figures are looked at.
            return run(close, cwd=data, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def theirs(wanted):
            def once(folder):
                folder.mkdir()
                with open(folder / "said", "w") as said:
                    used = run([sys.executable, "-c", THEIRS, data / "data/tables", wanted], stdout=said)
                compare(data, json.loads((folder / "said").read_text()), minutes * a.channels, wanted)
                shutil.rmtree(folder)
                return used
            return once

        contenders = {"ours": ours, "intervals": theirs("intervals"), "readings": theirs("readings")}
        results = in_turn(scratch, a.runs, contenders)
        print(f"\nclose of {minutes * a.channels} readings of {a.channels} channels, {a.runs} runs each, in turn")
        medians = table(results, {"wall_s": "wall s", "cpu_s": "CPU s", "peak_mib": "peak MiB", "fsync_p99_ms": "fsync p99 ms"})
        both = medians["intervals", "wall_s"] + medians["readings", "wall_s"]
        print(f"a close takes {medians['ours', 'wall_s'] / both:.2f} times the wall time of DuckDB over intervals and "
              f"readings, {medians['ours', 'wall_s'] / medians['readings', 'wall_s']:.2f} times that over readings alone; "
              f"the target is at most 1.2 times")


def plan(channels):
    names = [f"m{number:04d}" for number in range(channels)]
    declared = "".join(
        f'[[channel]]\nid = "s/{name}/EG"\nkind = "register"\nunit = "kWh"\ncadence = "1 min"\ncapacity = "1000 kW"\n'
        for name in names
    )
    columns = "".join(
        f'[[reader.column]]\ncolumn = "{name}"\nchannel = "s/{name}/EG"\n' for name in names
    )
    listed = ", ".join(f'"s/{name}/EG"' for name in names)
    return (
        'mrv_plan = 1\nproject = "bench"\nnumber = 1\nvalid_from = "2024-12-31T00:00:00Z"\n'
        '[registered]\ntitle = "Bench (simulated)"\ncountry = "TH"\npdd_version = "1"\nmethodology = "MRV_PV_F1"\n'
        'zone = "Etc/UTC"\ncrediting = { from = "2025-01-01", to = "2034-12-31" }\n'
        '[registered.indices]\ni = ["all"]\n[[registered.parameter]]\nsymbol = "EG"\nmembers = ["all"]\n'
        f'point = "(1)"\noption = "C"\nchannels = [{listed}]\nunit = "MWh"\n'
        '[[registered.fixed]]\nsymbol = "EF_RE"\nmembers = ["all"]\nvalue = "0.533"\nunit = "tCO2/MWh"\n'
        'source = "bench"\nconfirmed = "for this benchmark alone"\n'
        + declared
        + '[[reader]]\nname = "months"\nfile = "*.csv"\nformat = "csv"\nstamp_column = "ts"\nstamp = "rfc3339"\n'
        'order = "oldest-first"\nlayout = "wide"\n' + columns
    )


def compare(data, said, readings, wanted):
    reports = sorted(data.glob("data/reports/**/report.json"), key=lambda path: path.stat().st_mtime)
    report = json.loads(reports[-1].read_text())
    energy = Decimal(report["years"][0]["inputs"][0]["measured"]["value"]) * 1000
    if Decimal(said["total"]) != energy:
        raise SystemExit(f"DuckDB comes to {said['total']} kWh from {wanted}, the report to {energy} kWh")
    if wanted == "readings" and said["rows"] != readings:
        raise SystemExit(f"{said['rows']} readings are in the table, {readings} were sent")


if __name__ == "__main__":
    main()
