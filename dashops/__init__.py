"""dashops turns notebooks into dashboards other people may use; here is only the version."""

__version__ = "0.1.0"
