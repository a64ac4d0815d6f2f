"""dashops turns notebooks into dashboards other people may use; this file holds only the version."""

__version__ = "0.1.0"
