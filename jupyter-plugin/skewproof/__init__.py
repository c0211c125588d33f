"""Skewproof in notebooks: IPython magics, a Jupyter server extension and a JupyterLab front end."""

__version__ = "0.1.0"


def _jupyter_labextension_paths():
    return [{"src": "labextension", "dest": "@skewproof/jupyterlab"}]


def _jupyter_server_extension_points():
    from .server import SkewproofApp

    return [{"module": "skewproof", "app": SkewproofApp}]


def load_ipython_extension(ipython):
    from .magics import SkewproofMagics

    ipython.register_magics(SkewproofMagics)
