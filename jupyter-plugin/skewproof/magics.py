"""Cell and line magics: each parses its line, asks the engine, and returns an object that shows itself."""

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import DisplayHandle

from .dataframe import read_parquet
from .engine import Engine
from .errors import SkewproofError
from .view import View


@magics_class
class SkewproofMagics(Magics):
    """The engine is found from the kernel's working directory, at the first magic that needs it."""

    _engine = None

    @property
    def engine(self):
        if self._engine is None:
            self._engine = Engine()
        return self._engine

    def _view(self, data, view):
        return View(data, self.engine.call("POST", "view-bundle", {"view": view}))

    def _job(self, kind, parameters):
        status = DisplayHandle()
        shown = False

        def progress(message):
            nonlocal shown
            (status.update if shown else status.display)({"text/plain": message}, raw=True)
            shown = True

        try:
            return self.engine.run_job(kind, parameters, progress)
        finally:
            if shown:
                status.update({"text/plain": ""}, raw=True)

    @line_magic
    def skewproof(self, line):
        """Status of the project and its engine, and what can be done from here."""
        status = self.engine.call("GET", "status")
        return self._view(status, {"version": 1, "kind": "status", "status": status})

    @magic_arguments()
    @argument("text", nargs="*", help="Only features whose name, description or owner contains this text")
    @line_magic
    def features(self, line):
        """Browse the project's feature views and services."""
        text = " ".join(parse_argstring(self.features, line).text)
        view = self.engine.call("GET", "features")
        if text:
            view = {**view, "filter": text}
        return self._view(view, view)

    @magic_arguments()
    @argument("name", help="Python variable for the DataFrame; its manifest is kept in NAME_manifest")
    @argument("--service", required=True, help="Feature service")
    @argument("--time", default=None, help="Time column of the labels (default: event_timestamp)")
    @argument("--full-names", action="store_true", help="Name features view__feature")
    @cell_magic
    def training_set(self, line, cell):
        """A point-in-time-correct training set. The cell holds SQL for the labels: key columns, a time, and what you predict."""
        arguments = parse_argstring(self.training_set, line)
        if not arguments.name.isidentifier():
            raise SkewproofError(f"'{arguments.name}' cannot be a Python variable. Choose a name of letters, digits and underscores.", "usage")
        parameters = {"service": arguments.service, "labels": {"sql": cell.strip().rstrip(";")}, "out": f".skewproof/training-sets/{arguments.name}.parquet"}
        if arguments.time:
            parameters["time"] = arguments.time
        if arguments.full_names:
            parameters["fullNames"] = True
        job = self._job("training-set", parameters)
        frame = read_parquet(self.engine.project / parameters["out"])
        self.shell.user_ns[arguments.name] = frame
        self.shell.user_ns[f"{arguments.name}_manifest"] = job["result"]
        return self._view(job["result"], job["view"])

    @magic_arguments()
    @argument("--reference", required=True, help="Profile (.json) or table (Parquet, CSV) to compare with")
    @argument("--current", required=True, help="Profile or table to judge")
    @line_magic
    def drift(self, line):
        """How the current data drifted from the reference."""
        arguments = parse_argstring(self.drift, line)
        job = self._job("drift", {"reference": arguments.reference, "current": arguments.current})
        return self._view(job["result"], job["view"])

    @magic_arguments()
    @argument("--service", required=True, help="Feature service")
    @argument("--since", default=None, help="Only what was served at this moment or later, ISO 8601")
    @argument("--until", default=None, help="Only what was served before this moment")
    @line_magic
    def skew(self, line):
        """Whether what was served equals what training would compute, by the served log, and why not."""
        arguments = parse_argstring(self.skew, line)
        given = {"service": arguments.service, "since": arguments.since, "until": arguments.until}
        job = self._job("skew", {name: value for name, value in given.items() if value})
        return self._view(job["result"], job["view"])
