"""Runs the real program for a test, on a free port, always ended."""
import os
import pathlib
import re
import subprocess
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("WSHUB_BUILD", ROOT / "build" / "release"))
PATIENCE = 30


class Hub:
    def __init__(self, **settings):
        """Settings by "section.key", with "__" for the dot between section and key."""
        self._directory = tempfile.TemporaryDirectory(prefix="wshub-e2e-")
        file = pathlib.Path(self._directory.name) / "wshub.ini"
        file.write_text("")
        command = [str(BUILD / "bin" / "wshub"), "--config", str(file), "--set", "server.port=0"]
        # Heartbeats come when chance says: only tests that are about them turn them on.
        settings = {
            "server__state_directory": pathlib.Path(self._directory.name) / "state",
            "plugin.heartbeat__interval": 0,
            "plugins__enabled": "messaging, rooms, heartbeat",
            **settings,
        }
        for key, value in settings.items():
            command += ["--set", f"{key.replace('__', '.')}={value}"]
        self.log = ""
        self._started = threading.Event()
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        started = self._started.wait(PATIENCE)
        found = re.search(r"listening on \S*?:(\d+)\b", self.log)
        if not started or not found:
            self._process.kill()
            self._finish()
            raise RuntimeError(f"the hub did not start:\n{self.log}")
        self.url = f"http://127.0.0.1:{found.group(1)}"

    def _read(self):
        for line in self._process.stdout:
            self.log += line
            if "listening on" in line:
                self._started.set()
        self._started.set()

    def _finish(self):
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        self._directory.cleanup()

    def stop(self):
        """Ends it as an operator would, and insists on a clean end."""
        self._process.terminate()
        try:
            code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = "none after SIGTERM"
        self._finish()
        if code != 0:
            raise AssertionError(f"the hub ended with {code}:\n{self.log}")
