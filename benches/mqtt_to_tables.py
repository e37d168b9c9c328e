#!/usr/bin/env python3
"""MQTT to durable Parquet: the daemon against Mosquitto + paho + pyarrow, the same messages.

    mqtt_to_tables.py MRV BASELINE.py [--count 200000] [--runs 3] [--connections 4]

Runs alternate: ours, theirs, ours, theirs. Messages are published by mosquitto_pub with QoS 1, which
is not counted. CPU is that of every other process on the path, from ready to the last row on disk;
theirs is the broker and the subscriber. A number counts only after both outputs were found equal row
by row. Theirs keeps the decoded values; ours keeps the bytes, the evidence log and intervals too.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import duckdb

from daemon import Daemon, cpu_seconds, free_port

# mosquitto_pub stops silently past 65,535 lines.
LINES_MAX = 60_000
# Theirs acknowledges batches of 10,000: the broker must let more be unacknowledged.
BATCH = 10_000
INFLIGHT = 20_000
TOPIC = "mrv/v1/bench/s/gateway"
METERS = 50


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("mrv")
    arguments.add_argument("baseline")
    arguments.add_argument("--count", type=int, default=200_000)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--connections", type=int, default=4)
    a = arguments.parse_args()
    a.mrv, a.baseline = os.path.abspath(a.mrv), os.path.abspath(a.baseline)
    with tempfile.TemporaryDirectory(prefix="mrv-bench-") as scratch:
        scratch = Path(scratch)
        parts = write_messages(scratch, a.count, a.connections)
        results = {"ours": [], "theirs": []}
        for run in range(a.runs):
            for name, measure in (("ours", ours), ("theirs", theirs)):
                folder = scratch / f"{name}-{run}"
                with FsyncProbe(scratch) as probe:
                    result = measure(a, folder, parts)
                result["fsync_ms"] = probe.quantiles()
                results[name].append(result)
                print(f"run {run + 1} {name:<6} {json.dumps(result)}", flush=True)
            compare(scratch / f"ours-{run}", scratch / f"theirs-{run}", a.count)
            for name in results:
                shutil.rmtree(scratch / f"{name}-{run}")
    report(a, results)


def write_messages(scratch, count, connections):
    """Files of lines for mosquitto_pub; each message is one identity."""
    parts = []
    per_part = min(LINES_MAX, -(-count // connections))
    for first in range(0, count, per_part):
        path = scratch / f"part-{len(parts)}.jsonl"
        with open(path, "w") as file:
            for number in range(first, min(first + per_part, count)):
                meter, step = number % METERS, number // METERS
                file.write(
                    f'{{"meter":"m{meter:04d}","ts":{1767225600 + 60 * step},"register":"EG",'
                    f'"value":{step * 3 + meter}.{number % 1000:03d},"unit":"kWh"}}\n'
                )
        parts.append(path)
    return parts


def publish(port, parts):
    started = [
        subprocess.Popen(
            ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-t", TOPIC, "-q", "1", "-l"],
            stdin=open(part, "rb"),
        )
        for part in parts
    ]
    for process in started:
        if process.wait() != 0:
            raise SystemExit("mosquitto_pub failed")


def ours(a, folder, parts):
    channels = "".join(
        f'[[channel]]\nid = "s/m{meter:04d}/EG"\nkind = "register"\nunit = "kWh"\n'
        f'cadence = "1 min"\ncapacity = "100000 kW"\n'
        for meter in range(METERS)
    )
    plan = (
        'mrv_plan = 1\nproject = "bench"\nnumber = 1\nvalid_from = "2025-12-31T00:00:00Z"\n'
        '[registered]\ntitle = "bench"\ncountry = "TH"\npdd_version = "1"\nmethodology = "NONE"\n'
        'zone = "UTC"\ncrediting = { from = "2026-01-01", to = "2030-12-31" }\n'
        + channels
        + '[[reader]]\nname = "gateways"\ntopic = "mrv/v1/bench/+/+"\nformat = "json"\n'
        'device = "/meter"\nstamp_pointer = "/ts"\nstamp = "epoch-s"\n'
        '[[reader.value]]\npointer = "/value"\nquantity = "EG"\nunit = "kWh"\n'
    )
    with Daemon(a.mrv, folder) as daemon:
        daemon.apply(plan)
        before = cpu_seconds(daemon.process.pid)
        begun = time.monotonic()
        publish(daemon.mqtt, parts)
        acknowledged = time.monotonic()
        daemon.flush()
        seconds = time.monotonic() - begun
        cpu = cpu_seconds(daemon.process.pid) - before
    return {
        "messages": a.count,
        "acknowledged_s": round(acknowledged - begun, 3),
        "wall_s": round(seconds, 3),
        "cpu_s": round(cpu, 2),
        "per_cpu_s": round(a.count / cpu),
        "us_per_message": round(cpu / a.count * 1e6, 2),
    }


def theirs(a, folder, parts):
    folder.mkdir()
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
        f"max_inflight_messages {INFLIGHT}\npersistence false\n"
    )
    log = open(folder / "broker.log", "ab")
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    broker = subprocess.Popen([program, "-c", config], stdout=log, stderr=log)
    subscriber = None
    try:
        ready = folder / "ready"
        end = time.monotonic() + 30
        while not is_open(port):
            if time.monotonic() > end:
                raise SystemExit("the broker did not start")
            time.sleep(0.02)
        subscriber = subprocess.Popen(
            [sys.executable, a.baseline, "--port", str(port), "--topic", "mrv/#", "--count", str(a.count),
             "--batch", str(BATCH), "--out", folder / "out", "--ack", "flush", "--ready", ready],
            stdout=subprocess.PIPE, text=True,
        )
        while not ready.exists():
            if time.monotonic() > end:
                raise SystemExit("the subscriber did not start")
            time.sleep(0.02)
        before = cpu_seconds(broker.pid) + cpu_seconds(subscriber.pid)
        begun = time.monotonic()
        publish(port, parts)
        acknowledged = time.monotonic()
        said = json.loads(subscriber.stdout.readline())
        seconds = time.monotonic() - begun
        cpu = cpu_seconds(broker.pid) + cpu_seconds(subscriber.pid) - before
        if said["rows"] != a.count:
            raise SystemExit(f"theirs has {said['rows']} rows of {a.count}")
        return {
            "messages": a.count,
            "acknowledged_s": round(acknowledged - begun, 3),
            "wall_s": round(seconds, 3),
            "cpu_s": round(cpu, 2),
            "per_cpu_s": round(a.count / cpu),
            "us_per_message": round(cpu / a.count * 1e6, 2),
        }
    finally:
        for process in (subscriber, broker):
            if process and process.poll() is None:
                process.terminate()
                process.wait(30)


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class FsyncProbe:
    """What an fdatasync of 4 KiB costs while a run goes on: one every 20 ms, on both sides alike."""

    def __init__(self, folder):
        self.path, self.taken, self.is_over = folder / "probe", [], threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()
        self.path.unlink()

    def watch(self):
        descriptor = os.open(self.path, os.O_CREAT | os.O_WRONLY)
        while not self.taken or not self.is_over.wait(0.02):
            os.pwrite(descriptor, os.urandom(4096), 0)
            begun = time.perf_counter()
            os.fdatasync(descriptor)
            self.taken.append((time.perf_counter() - begun) * 1e3)
        os.close(descriptor)

    def quantiles(self):
        taken = sorted(self.taken)
        return {"p50": round(taken[len(taken) // 2], 3), "p99": round(taken[len(taken) * 99 // 100], 3)}


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
    print(f"\n{a.count} messages, {a.connections} connections of mosquitto_pub, {a.runs} runs each, alternating")
    print(f"Mosquitto: max_queued_messages 0, max_inflight_messages {INFLIGHT}; batches of {BATCH}, --ack flush")
    print(f"{'':24}{'ours: median (min..max)':>36}{'theirs: median (min..max)':>36}")
    medians = {}
    for key, label in (
        ("per_cpu_s", "messages per CPU s"),
        ("us_per_message", "CPU us per message"),
        ("wall_s", "wall s, all on disk"),
        ("acknowledged_s", "wall s, acknowledged"),
        ("fsync p50", "fsync p50 ms"),
        ("fsync p99", "fsync p99 ms"),
    ):
        cells = []
        for name in ("ours", "theirs"):
            of = lambda result: (
                result["fsync_ms"][key[-3:]] if key.startswith("fsync") else result[key]
            )
            values = [of(result) for result in results[name]]
            medians[name, key] = statistics.median(values)
            cells.append(f"{medians[name, key]} ({min(values)}..{max(values)})")
        print(f"{label:24}{cells[0]:>36}{cells[1]:>36}")
    ratio = medians["ours", "per_cpu_s"] / medians["theirs", "per_cpu_s"]
    print(f"ours does {ratio:.2f} times as many messages per CPU second; the target is 10 times")


if __name__ == "__main__":
    main()
