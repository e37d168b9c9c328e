"""Mosquitto, bound to 127.0.0.1 and ended by its id; and the load generator, which is benches/load.rs."""

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path

from daemon import free_port


class Mosquitto:
    """Without persistence, and with limits that neither lose messages nor stall a subscriber."""

    INFLIGHT = 20_000

    def __init__(self, folder):
        self.folder, self.port = Path(folder), free_port()

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
            f"max_inflight_messages {self.INFLIGHT}\npersistence false\nset_tcp_nodelay true\n"
        )
        log = open(self.folder / "broker.log", "ab")
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self.process = subprocess.Popen([program, "-c", config], stdout=log, stderr=log)
        end = time.monotonic() + 30
        while not is_open(self.port):
            if time.monotonic() > end:
                self.__exit__()
                raise SystemExit(f"the broker did not start: see {self.folder}/broker.log")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


class Door:
    """benches/door.rs: our listener and journal alone, or the bare probe."""

    def __init__(self, program, which, folder):
        self.command = [program, which, folder]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)


def load(program, port, **options):
    """Publishes and gives what the gateways saw."""
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    said = subprocess.run(
        [program, "--port", str(port), *arguments], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    return json.loads(said)


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
