"""The one error of this package."""


class SkewproofError(Exception):
    """Its text is a sentence for the person who must act. IPython shows the sentence alone, without a traceback."""

    def __init__(self, message, code="failed"):
        super().__init__(message)
        self.code = code

    def _render_traceback_(self):
        return [f"SkewproofError: {self}"]
