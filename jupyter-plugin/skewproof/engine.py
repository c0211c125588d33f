"""Client of the project's engine process: standard library only, no IPython."""

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from .errors import SkewproofError
from .project import command_line, find_project

_START_TIMEOUT = 60


def ensure_engine(project):
    """The address of the project's engine, started if none answers: a dict with `url` and `token`."""
    arguments, environment = command_line(project)
    try:
        done = subprocess.run(
            [*arguments, "engine", "--ensure", "--json", "--project", str(project)],
            capture_output=True, text=True, timeout=_START_TIMEOUT, env=environment, stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise SkewproofError(f"The Skewproof engine did not start within {_START_TIMEOUT} s.", "unavailable") from None
    if done.returncode != 0:
        raise SkewproofError(done.stderr.strip() or f"The Skewproof engine could not be started (exit status {done.returncode}).", "unavailable")
    return json.loads(done.stdout.strip().splitlines()[-1])


class Engine:
    """The engine of one project. Finds it again (or starts it anew) when it has ended."""

    def __init__(self, project=None):
        self.project = Path(project) if project else find_project()
        self._where = None

    def call(self, method, path, body=None, timeout=300):
        """One request to the engine's API; returns the parsed JSON. Raises SkewproofError with the engine's own sentence."""
        if self._where is None:
            self._where = ensure_engine(self.project)
        try:
            return self._send(method, path, body, timeout)
        except urllib.error.URLError as error:
            if isinstance(error, urllib.error.HTTPError):
                raise _from_reply(error) from None
            self._where = ensure_engine(self.project)  # it ended (idle, or killed) since we last asked
        try:
            return self._send(method, path, body, timeout)
        except urllib.error.HTTPError as error:
            raise _from_reply(error) from None
        except urllib.error.URLError as error:
            raise SkewproofError(f"The Skewproof engine does not answer: {error.reason}. Its log is in {self.project / '.skewproof'}.", "unavailable") from None

    def _send(self, method, path, body, timeout):
        request = urllib.request.Request(
            f"{self._where['url']}/api/{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._where['token']}", "Content-Type": "application/json"},
        )
        # The engine is on loopback: a proxy from the environment must not come between.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=timeout) as reply:
            return json.loads(reply.read() or b"null")

    def run_job(self, kind, parameters, progress=lambda message: None):
        """Runs a job to its end and returns its record (`result`, `view`). Cancels it when interrupted."""
        job = self.call("POST", "jobs", {"kind": kind, "parameters": parameters})
        path = f"jobs/{urllib.parse.quote(job['id'])}"
        try:
            while True:
                job = self.call("GET", f"{path}?wait=1000")
                if job["state"] != "running":
                    break
                progress((job.get("progress") or {}).get("message") or f"{kind} …")
        except KeyboardInterrupt:
            self.call("DELETE", path)
            raise
        if job["state"] == "done":
            return job
        error = job.get("error") or {}
        raise SkewproofError(error.get("message") or f"The {kind} job was {job['state']}.", error.get("code", job["state"]))


def _from_reply(error):
    try:
        body = json.loads(error.read())
        return SkewproofError(body["error"], body.get("code", "failed"))
    except (ValueError, KeyError, TypeError):
        return SkewproofError(f"The Skewproof engine answered {error.code} {error.reason}.")
