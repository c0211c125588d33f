"""Finds the project and the `skewproof` command line that belongs to it."""

import os
import shutil
from pathlib import Path

from .errors import SkewproofError


def find_project(start=None):
    """The nearest folder upward that holds a skewproof.yaml: from SKEWPROOF_PROJECT if it is set, else from `start`
    (default: the working directory). Raises SkewproofError when there is none."""
    start = Path(os.environ.get("SKEWPROOF_PROJECT") or start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "skewproof.yaml").is_file():
            return folder
    raise SkewproofError(
        f"There is no skewproof.yaml in {start} or above it. Open a notebook inside a project, "
        "set SKEWPROOF_PROJECT to its folder, or make one with 'npx skewproof init'."
    )


def command_line(project):
    """The command that runs Skewproof and the environment it needs, in this order: SKEWPROOF_CLI (a script for Node),
    the nearest node_modules above the project, `skewproof` on PATH.

    Returns a pair: the list of arguments, the environment. Raises SkewproofError when there is none."""
    environment = dict(os.environ)
    script = os.environ.get("SKEWPROOF_CLI")
    for folder in (project, *project.parents):
        bin_folder = folder / "node_modules" / ".bin"
        if script is None and (bin_folder / "skewproof").exists():
            script = str(bin_folder / "skewproof")
        if bin_folder.is_dir():  # npm's Node 24 stands there
            environment["PATH"] = f"{bin_folder}{os.pathsep}{environment.get('PATH', '')}"
            break
    if script is None:
        found = shutil.which("skewproof")
        if found is None:
            raise SkewproofError(
                "The skewproof command line was not found. Install it beside the project with 'npm install skewproof', "
                "or set SKEWPROOF_CLI to its skewproof.mjs."
            )
        return [found], environment
    node = shutil.which("node", path=environment["PATH"])
    if node is None:
        raise SkewproofError("Node is not on PATH. Install Node 22.12 or later, or install Skewproof by npm, which brings Node 24 along.")
    return [node, script], environment
