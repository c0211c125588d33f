"""Reads a table with whichever DataFrame library is there."""

from .errors import SkewproofError


def read_parquet(path):
    """A pandas.DataFrame (with pyarrow), else a polars.DataFrame."""
    try:
        import pandas
        import pyarrow  # noqa: F401  pandas needs it to read Parquet

        return pandas.read_parquet(path)
    except ImportError:
        pass
    try:
        import polars

        return polars.read_parquet(path)
    except ImportError:
        raise SkewproofError(
            f"The training set is written to {path}. To get it as a DataFrame install 'skewproof[dataframe]' (pandas and pyarrow), or polars."
        ) from None
