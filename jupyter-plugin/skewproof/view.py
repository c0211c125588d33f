"""What a magic returns: a Python object that shows itself."""

MIME = "application/vnd.skewproof.view.v1+json"


class View:
    """A result with its picture.

    `data` is the plain result (dicts, lists, numbers); `bundle` maps MIME types to what is shown: our own type, drawn by
    the renderer in JupyterLab and VS Code, and HTML, PNG and text for every other reader."""

    def __init__(self, data, bundle):
        self.data = data
        self.bundle = bundle

    def __getitem__(self, key):
        return self.data[key]

    def __repr__(self):
        return self.bundle.get("text/plain", "Skewproof view")

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {
            kind: content
            for kind, content in self.bundle.items()
            if (not include or kind in include) and not (exclude and kind in exclude)
        }
