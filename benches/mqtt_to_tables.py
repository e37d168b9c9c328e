#!/usr/bin/env python3
"""MQTT to durable tables: the daemon against Mosquitto + paho + pyarrow, the same messages.

    mqtt_to_tables.py MRV LOAD BASELINE.py [--count 200000] [--runs 5] [--connections 10] [--window 100]

Messages of 141 bytes are published with QoS 1 by benches/load.rs, which is not counted. CPU is that of
every other process on the path, from ready to the last row on disk; theirs is the broker and the
subscriber. A number counts only after both outputs were found equal row by row. Theirs keeps the
decoded values; ours keeps the bytes, the evidence log and intervals too.

The acknowledged rate is beside that of Mosquitto alone, with four publishers, nobody subscribed and
nothing stored.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from broker import Mosquitto, load
from daemon import Daemon
from measure import Used, in_turn, table

# Theirs acknowledges batches of this many.
BATCH = 10_000
METERS = 50


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("mrv")
    arguments.add_argument("load")
    arguments.add_argument("baseline")
    arguments.add_argument("--count", type=int, default=200_000)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--connections", type=int, default=10)
    arguments.add_argument("--window", type=int, default=100)
    a = arguments.parse_args()
    a.mrv, a.load, a.baseline = map(os.path.abspath, (a.mrv, a.load, a.baseline))
    with tempfile.TemporaryDirectory(prefix="mrv-bench-") as scratch:
        scratch = Path(scratch)

        def after(run):
            compare(scratch / f"ours-{run}", scratch / f"theirs-{run}", a.count)
            for name in ("ours", "theirs", "Mosquitto-alone"):
                shutil.rmtree(scratch / f"{name}-{run}")

        contenders = {
            "ours": lambda folder: ours(a, folder),
            "theirs": lambda folder: theirs(a, folder),
            "Mosquitto alone": lambda folder: mosquitto_alone(a, folder),
        }
        report(a, in_turn(scratch, a.runs, contenders, after))


def plan():
    channels = "".join(
        f'[[channel]]\nid = "s/m{meter:04d}/EG"\nkind = "register"\nunit = "kWh"\n'
        f'cadence = "1 min"\ncapacity = "100000 kW"\n'
        for meter in range(METERS)
    )
    return (
        'mrv_plan = 1\nproject = "bench"\nnumber = 1\nvalid_from = "2025-12-31T00:00:00Z"\n'
        '[registered]\ntitle = "bench"\ncountry = "TH"\npdd_version = "1"\nmethodology = "NONE"\n'
        'zone = "UTC"\ncrediting = { from = "2026-01-01", to = "2030-12-31" }\n'
        + channels
        + '[[reader]]\nname = "gateways"\ntopic = "mrv/v1/bench/+/+"\nformat = "json"\n'
        'device = "/meter"\nstamp_pointer = "/ts"\nstamp = "epoch-s"\n'
        '[[reader.value]]\npointer = "/value"\nquantity = "EG"\nunit = "kWh"\n'
    )


def figures(count, begun, done, used, said):
    cpu = used["cpu_s"]
    return {
        "wall_s": round(done - begun, 3),
        "acknowledged_per_s": round(said["rate"]),
        "p50_us": said["p50_us"],
        "p99_us": said["p99_us"],
        **used,
        "per_cpu_s": round(count / cpu),
        "us_per_message": round(cpu / count * 1e6, 2),
        "load_cpu_s": said["cpu_s"],
    }


def ours(a, folder):
    with Daemon(a.mrv, folder) as daemon:
        daemon.apply(plan())
        used = Used(daemon.process.pid)
        begun = time.monotonic()
        said = load(a.load, daemon.mqtt, connections=a.connections, window=a.window, count=a.count)
        daemon.flush()
        return figures(a.count, begun, time.monotonic(), used.so_far(), said)


def theirs(a, folder):
    with Mosquitto(folder) as broker:
        ready = folder / "ready"
        end = time.monotonic() + 30
        subscriber = subprocess.Popen(
            [sys.executable, a.baseline, "--port", str(broker.port), "--topic", "mrv/#", "--count", str(a.count),
             "--batch", str(BATCH), "--out", folder / "out", "--ack", "flush", "--ready", ready],
            stdout=subprocess.PIPE, text=True,
        )
        try:
            while not ready.exists():
                if time.monotonic() > end:
                    raise SystemExit("the subscriber did not start")
                time.sleep(0.02)
            used = Used(broker.process.pid, subscriber.pid)
            begun = time.monotonic()
            said = load(a.load, broker.port, connections=a.connections, window=a.window, count=a.count)
            rows = json.loads(subscriber.stdout.readline())["rows"]
            done = time.monotonic()
            if rows != a.count:
                raise SystemExit(f"theirs has {rows} rows of {a.count}")
            return figures(a.count, begun, done, used.so_far(), said)
        finally:
            if subscriber.poll() is None:
                subscriber.terminate()
                subscriber.wait(30)


def mosquitto_alone(a, folder):
    with Mosquitto(folder) as broker:
        used = Used(broker.process.pid)
        begun = time.monotonic()
        said = load(a.load, broker.port, connections=4, window=a.window, count=a.count)
        return figures(a.count, begun, time.monotonic(), used.so_far(), said)


def compare(ours_folder, theirs_folder, count):
    """Row by row, both ways; values as decimals of six places."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(
        f"CREATE VIEW ours AS SELECT device AS meter, quantity AS register, epoch_us(\"at\") AS stamp, value "
        f"FROM read_parquet('{ours_folder}/data/tables/readings/**/*.parquet')"
    )
    connection.execute(
        f"CREATE VIEW theirs AS SELECT meter, register, epoch_us(ts) AS stamp, CAST(value AS DECIMAL(18,6)) AS value "
        f"FROM read_parquet('{theirs_folder}/out/*.parquet')"
    )
    counts = connection.execute("SELECT (SELECT count(*) FROM ours), (SELECT count(*) FROM theirs)").fetchone()
    differ = connection.execute(
        "SELECT (SELECT count(*) FROM (FROM ours EXCEPT FROM theirs)) "
        "+ (SELECT count(*) FROM (FROM theirs EXCEPT FROM ours))"
    ).fetchone()[0]
    if counts != (count, count) or differ:
        raise SystemExit(f"the outputs differ: rows {counts} of {count}, {differ} rows in one alone")
    print(f"      equal  {count} rows on both sides, row by row", flush=True)


def report(a, results):
    print(f"\n{a.count} messages, {a.connections} connections, window {a.window}, {a.runs} runs each, in turn")
    print(f"theirs: max_queued_messages 0, max_inflight_messages {Mosquitto.INFLIGHT}, batches of {BATCH}, --ack flush")
    medians = table(results, {
        "per_cpu_s": "messages per CPU s",
        "us_per_message": "CPU us per message",
        "wall_s": "wall s, all on disk",
        "acknowledged_per_s": "acknowledged per s",
        "p50_us": "PUBLISH to PUBACK p50, us",
        "p99_us": "PUBLISH to PUBACK p99, us",
        "peak_mib": "peak MiB",
        "written_mib": "MiB written",
        "load_cpu_s": "CPU s of the generator",
        "fsync_p50_ms": "fsync p50 ms",
        "fsync_p99_ms": "fsync p99 ms",
    })
    ratio = medians["ours", "per_cpu_s"] / medians["theirs", "per_cpu_s"]
    print(f"ours does {ratio:.2f} times as many messages per CPU second as theirs; the target is 10 times")
    ratio = medians["ours", "acknowledged_per_s"] / medians["Mosquitto alone", "acknowledged_per_s"]
    print(f"ours acknowledges {ratio:.2f} times as many a second as Mosquitto alone; the target is 5 times")


if __name__ == "__main__":
    main()
