#!/usr/bin/env python3
"""What a daemon costs that has nothing to do: idle.py MRV [--seconds 20]. Target: < 1 % of a core, < 100 MiB."""

import argparse
import os
import tempfile
import time
from pathlib import Path

from daemon import Daemon
from measure import Used
from mqtt_to_tables import plan

arguments = argparse.ArgumentParser()
arguments.add_argument("mrv")
arguments.add_argument("--seconds", type=float, default=20)
a = arguments.parse_args()
with tempfile.TemporaryDirectory(prefix="mrv-bench-") as scratch:
    with Daemon(os.path.abspath(a.mrv), Path(scratch) / "idle") as daemon:
        daemon.apply(plan())
        used = Used(daemon.process.pid)
        begun = time.monotonic()
        time.sleep(a.seconds)
        used, seconds = used.so_far(), time.monotonic() - begun
    print(f"{used['cpu_s'] / seconds * 100:.2f} % of a core over {seconds:.0f} s, {used['peak_mib']} MiB at the peak, "
          f"{used['written_mib']} MiB written")
