"""What every benchmark shares: contenders in turn, what a process used, what a sync cost meanwhile.

Contenders run A B A B, never A A B B, so that both meet the same disturbances. Of each figure the
median, the least and the greatest are shown.
"""

import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path


def of_process(pid):
    """User and system seconds, peak memory in MiB and bytes written of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    io = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return {
        "cpu_s": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
        "peak_mib": int(status["VmHWM"].split()[0]) / 1024,
        "written_mib": int(io["write_bytes"]) / 2**20,
    }


class Used:
    """What processes used between two moments: CPU and bytes are differences, the peak is the last."""

    def __init__(self, *pids):
        self.pids = pids
        self.before = [of_process(pid) for pid in pids]

    def so_far(self):
        now = [of_process(pid) for pid in self.pids]
        total = lambda key: sum(n[key] - b[key] for n, b in zip(now, self.before))
        return {
            "cpu_s": round(total("cpu_s"), 2),
            "peak_mib": round(sum(n["peak_mib"] for n in now)),
            "written_mib": round(total("written_mib"), 1),
        }


def run(command, **more):
    """Runs a command to its end: wall and CPU seconds, peak memory."""
    begun = time.monotonic()
    process = subprocess.Popen(command, **more)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{command[0]} failed")
    return {
        "wall_s": round(time.monotonic() - begun, 3),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mib": round(usage.ru_maxrss / 1024),
        "written_mib": round(usage.ru_oublock / 2048, 1),
    }


class FsyncProbe:
    """What an fdatasync of 4 KiB costs while a run goes on: one every 20 ms, on all sides alike."""

    def __init__(self, folder):
        self.path, self.taken, self.is_over = Path(folder) / "probe", [], threading.Event()
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
        at = lambda share: round(taken[min(int(len(taken) * share), len(taken) - 1)], 3)
        return {"fsync_p50_ms": at(0.5), "fsync_p99_ms": at(0.99)}


def in_turn(scratch, runs, contenders, after=lambda run: None):
    """Runs contenders (name to function of a folder) in turn, with `after` following each turn."""
    results = {name: [] for name in contenders}
    for number in range(runs):
        for name, contend in contenders.items():
            with FsyncProbe(scratch) as probe:
                result = contend(Path(scratch) / f"{name.replace(' ', '-')}-{number}")
            result |= probe.quantiles()
            results[name].append(result)
            print(f"run {number + 1} {name:<16} {json.dumps(result)}", flush=True)
        after(number)
    return results


def table(results, figures):
    """Prints figures (key to label) of all contenders; gives the medians by name and key."""
    medians = {}
    print(f"{'':32}" + "".join(f"{name + ': median (min..max)':>38}" for name in results))
    for key, label in figures.items():
        line = f"{label:32}"
        for name, all_runs in results.items():
            values = [result[key] for result in all_runs if key in result]
            if not values:
                line += f"{'-':>38}"
                continue
            medians[name, key] = statistics.median(values)
            line += f"{f'{medians[name, key]:g} ({min(values):g}..{max(values):g})':>38}"
        print(line)
    return medians


def apart(function, *arguments):
    """Calls a function in a process of its own: a command's peak counts what its parent held as it began."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def raise_file_limit():
    """For brokers and generators with many connections."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
