"""Which version of the product this is."""

from importlib.metadata import PackageNotFoundError, version


def installed() -> str:
    """The installed version; "" where it runs from somewhere else."""
    try:
        return version("autobot")
    except PackageNotFoundError:
        return ""
