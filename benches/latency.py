#!/usr/bin/env python3
"""PUBLISH to PUBACK at fixed rates: the daemon, durable, beside Mosquitto, which keeps nothing.

    latency.py MRV LOAD [--seconds 10] [--runs 5] [--rates 1000,5000,20000] [--connections 1,10,100]

Target: p99 at most twice Mosquitto's plus twice the run's fsync p99.
"""

import argparse
import os
import shutil
import statistics
import tempfile
from pathlib import Path

from broker import Mosquitto, load
from daemon import Daemon
from measure import in_turn, raise_file_limit
from mqtt_to_tables import plan


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("mrv")
    arguments.add_argument("load")
    arguments.add_argument("--seconds", type=float, default=10)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--rates", default="1000,5000,20000")
    arguments.add_argument("--connections", default="1,10,100")
    a = arguments.parse_args()
    a.mrv, a.load = os.path.abspath(a.mrv), os.path.abspath(a.load)
    raise_file_limit()
    lines = []
    with tempfile.TemporaryDirectory(prefix="mrv-bench-") as scratch:
        for rate in map(int, a.rates.split(",")):
            for connections in map(int, a.connections.split(",")):
                print(f"-- {rate} messages a second over {connections} connections", flush=True)
                options = {
                    "rate": rate, "connections": connections, "window": 1_000, "count": int(rate * a.seconds),
                }
                results = in_turn(Path(scratch), a.runs, {
                    "ours": lambda folder: ours(a, folder, options),
                    "Mosquitto": lambda folder: mosquitto(a, folder, options),
                })
                lines.append((rate, connections, results))
    print(f"\nmicroseconds, medians of {a.runs} runs of {a.seconds:g} s")
    print(f"{'msg/s':>7}{'conn.':>7}{'ours p50':>10}{'p99':>8}{'p99.9':>8}{'Mosq. p50':>11}{'p99':>8}{'p99.9':>8}"
          f"{'fsync p99':>11}{'allowed p99':>13}")
    for rate, connections, results in lines:
        of = lambda name, key: statistics.median(result[key] for result in results[name])
        fsync = of("ours", "fsync_p99_ms") * 1_000
        allowed = 2 * of("Mosquitto", "p99_us") + 2 * fsync
        told = "met" if of("ours", "p99_us") <= allowed else "missed"
        cells = [of(name, key) for name in ("ours", "Mosquitto") for key in ("p50_us", "p99_us", "p999_us")]
        print(f"{rate:>7}{connections:>7}{cells[0]:>10.0f}{cells[1]:>8.0f}{cells[2]:>8.0f}{cells[3]:>11.0f}{cells[4]:>8.0f}"
              f"{cells[5]:>8.0f}{fsync:>11.0f}{allowed:>13.0f}  {told}")


def ours(a, folder, options):
    with Daemon(a.mrv, folder) as daemon:
        daemon.apply(plan())
        said = load(a.load, daemon.mqtt, **options)
    shutil.rmtree(folder)
    return said


def mosquitto(a, folder, options):
    with Mosquitto(folder) as broker:
        said = load(a.load, broker.port, **options)
    shutil.rmtree(folder)
    return said


if __name__ == "__main__":
    main()
