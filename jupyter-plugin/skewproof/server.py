"""The Jupyter server half: `/skewproof/api/*` is forwarded to the project's engine, whose token never reaches the browser."""

import asyncio

from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.application import ExtensionApp
from tornado import web
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from .engine import ensure_engine
from .errors import SkewproofError
from .project import find_project

# Only what the front end asks for. A path never holds '..': every part starts with a letter, digit or underscore.
_PATHS = r"/skewproof/api/((?:status|features|models|deployments|jobs|view-bundle)(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*)"


class EngineHandler(APIHandler):
    """Authentication and XSRF are APIHandler's."""

    def initialize(self, state):
        self.state = state

    async def _address(self, fresh):
        async with self.state["lock"]:
            if fresh or self.state.get("where") is None:
                project = find_project(self.settings["server_root_dir"])
                self.state["where"] = await asyncio.to_thread(ensure_engine, project)
            return self.state["where"]

    async def _forward(self, path):
        method = self.request.method
        body = self.request.body if method in ("POST", "PUT", "PATCH") else None
        for fresh in (False, True):  # a second try finds the engine again, or starts it
            try:
                where = await self._address(fresh)
            except SkewproofError as error:
                self.set_status(503)
                self.finish({"error": str(error), "code": error.code})
                return
            query = f"?{self.request.query}" if self.request.query else ""
            headers = {"Authorization": f"Bearer {where['token']}", "Content-Type": "application/json"}
            try:
                reply = await AsyncHTTPClient().fetch(
                    HTTPRequest(f"{where['url']}/api/{path}{query}", method=method, headers=headers, body=body, request_timeout=300, follow_redirects=False),
                    raise_error=False,
                )
            except OSError:
                continue
            if reply.code == 599:
                continue
            self.set_status(reply.code)
            self.set_header("Content-Type", reply.headers.get("Content-Type", "application/json"))
            self.finish(reply.body or b"")
            return
        self.set_status(502)
        self.finish({"error": "The Skewproof engine does not answer; its log is in the project's .skewproof folder.", "code": "unavailable"})

    @web.authenticated
    async def get(self, path):
        await self._forward(path)

    @web.authenticated
    async def post(self, path):
        await self._forward(path)

    @web.authenticated
    async def delete(self, path):
        await self._forward(path)


class SkewproofApp(ExtensionApp):
    name = "skewproof"

    def initialize_handlers(self):
        self.handlers.append((_PATHS, EngineHandler, {"state": {"lock": asyncio.Lock()}}))
