"""How dashboards open: a fork of a snapshot, a warm kernel, or a fresh one that runs the notebook.

serving     Serving: opens kernels, and keeps ready what they come from
modes       which of the three a revision gets, and why
making      kernels of a revision, with its notebook run in them or not
running     runs a notebook without a viewer and makes a snapshot of its kernel
kept        what a run put out, and the page made of it
snapshots   the snapshots there are, and their forks
shelf       the same on disk
warm        kernels that wait for a viewer
watching    whether the data behind a snapshot has changed
background  work that nobody waits for
"""

from dashops.services.dashboard.serving.making import Made, Making
from dashops.services.dashboard.serving.modes import Mode
from dashops.services.dashboard.serving.serving import Serving

__all__ = ["Made", "Making", "Mode", "Serving"]
