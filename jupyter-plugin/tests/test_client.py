"""The kernel half against a small HTTP server of the test's own that speaks the engine's protocol, and its error paths."""

import json
import os
import stat
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from skewproof.engine import Engine
from skewproof.errors import SkewproofError
from skewproof.project import command_line, find_project
from skewproof.view import MIME, View


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("SKEWPROOF_PROJECT", raising=False)
    (tmp_path / "skewproof.yaml").write_text("project: p\nformat: 1\n")
    return tmp_path


def test_project_is_found_upward(project):
    inner = project / "a" / "b"
    inner.mkdir(parents=True)
    assert find_project(inner) == project


def test_no_project_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.delenv("SKEWPROOF_PROJECT", raising=False)
    with pytest.raises(SkewproofError, match="skewproof.yaml.*init"):
        find_project(tmp_path)


def test_no_command_line_says_what_to_do(project, monkeypatch):
    monkeypatch.delenv("SKEWPROOF_CLI", raising=False)
    monkeypatch.setenv("PATH", str(project))
    with pytest.raises(SkewproofError, match="npm install skewproof"):
        command_line(project)


def fake_cli(project, monkeypatch, body):
    """A `node` that is a shell script: the real Node and engine are exercised by the JupyterLab test."""
    node = project / "bin" / "node"
    node.parent.mkdir(exist_ok=True)
    node.write_text(f"#!/bin/sh\n{body}\n")
    node.chmod(node.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("SKEWPROOF_CLI", "skewproof.mjs")
    monkeypatch.setenv("PATH", f"{node.parent}{os.pathsep}{os.environ['PATH']}")


def test_engine_that_cannot_start_shows_its_sentence(project, monkeypatch):
    fake_cli(project, monkeypatch, "echo 'Port 1 is in use.' >&2; exit 3")
    with pytest.raises(SkewproofError, match="Port 1 is in use"):
        Engine(project).call("GET", "status")


def test_errors_and_jobs_over_http(project, monkeypatch):
    seen = []

    class Handler(BaseHTTPRequestHandler):
        states = iter(["running", "done"])

        def reply(self, status, body):
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self):
            seen.append((self.path, self.headers["Authorization"]))
            if self.path.startswith("/api/jobs/"):
                self.reply(200, {"id": "1", "kind": "skew", "state": next(self.states), "progress": {"message": "half"}, "result": {"equal": 2}})
            else:
                self.reply(404, {"error": "There is no such thing.", "code": "usage"})

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.reply(202, {"id": "1"})

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    where = json.dumps({"url": f"http://127.0.0.1:{server.server_port}", "token": "t"})
    fake_cli(project, monkeypatch, f"echo '{where}'")
    engine = Engine(project)
    with pytest.raises(SkewproofError, match="There is no such thing") as caught:
        engine.call("GET", "nothing")
    assert caught.value.code == "usage"
    messages = []
    assert engine.run_job("skew", {}, messages.append)["result"] == {"equal": 2}
    assert messages == ["half"]
    assert {token for _, token in seen} == {"Bearer t"}
    server.shutdown()
    server.server_close()
    fake_cli(project, monkeypatch, "exit 9")  # the engine was killed and cannot be started again
    with pytest.raises(SkewproofError, match="exit status 9"):
        engine.call("GET", "status")


def test_view_shows_itself_everywhere():
    view = View({"a": 1}, {MIME: {}, "text/html": "<p>", "text/plain": "plain"})
    assert repr(view) == "plain" and view["a"] == 1
    assert set(view._repr_mimebundle_(include=["text/plain"])) == {"text/plain"}
    assert set(view._repr_mimebundle_(exclude=[MIME])) == {"text/html", "text/plain"}


def test_errors_are_sentences_not_tracebacks():
    assert SkewproofError("No.")._render_traceback_() == ["SkewproofError: No."]
