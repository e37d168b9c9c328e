"""The daemon on a folder of its own, for benchmarks: starts it, applies a plan, asks it to publish."""

import json
import socket
import subprocess
import time
import urllib.request
from pathlib import Path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Daemon:
    """`mrv serve`, ended by its id when the block ends."""

    def __init__(self, program, folder):
        self.program, self.folder = program, Path(folder)
        self.data = self.folder / "data"
        self.mqtt, self.http = free_port(), free_port()

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "mrv.toml").write_text(
            f'[listener]\naddress = "127.0.0.1:{self.mqtt}"\nanonymous = true\n'
            f'[http]\naddress = "127.0.0.1:{self.http}"\n[publish]\nseconds = 5\n[log]\nlevel = "warn"\n'
        )
        subprocess.run([self.program, "init"], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
        log = open(self.folder / "serve.log", "ab")
        self.process = subprocess.Popen([self.program, "serve"], cwd=self.folder, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.__exit__()
                raise SystemExit(f"the daemon did not become ready: see {self.folder}/serve.log")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/readyz", timeout=1) as answer:
                return answer.status == 200
        except OSError:
            return False

    def ask(self, request):
        """A request over the control socket; its answer."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.data / "control.sock"))
            control.sendall(json.dumps(request).encode() + b"\n")
            answer = json.loads(control.makefile().readline())
        if answer["answer"] not in ("done", "recorded"):
            raise SystemExit(f"{request['request']}: {answer}")
        return answer

    def apply(self, plan, methodology="no rules: nothing is computed here"):
        self.ask({
            "request": "plan",
            "file": "plan.toml",
            "text": plan,
            "methodologies": [methodology],
            "author": "bench",
        })

    def flush(self):
        self.ask({"request": "flush"})
