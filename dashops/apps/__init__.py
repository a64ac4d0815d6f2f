"""A dashboard app: a notebook as a zip that runs by itself; this package makes it, and runs none.

writing     the bundle, its lock and the files of an app → the zip
locking     what the notebook and its server need → versions with hashes
wheel       the running dashops as a wheel
files       what is in every app: the launcher, Makefile, Dockerfile, README
"""

from dashops.apps.locking import PACKAGES, Source
from dashops.apps.writing import App, Tell, write

__all__ = ["PACKAGES", "App", "Source", "Tell", "write"]
