"""``python -m dashops.services.dashboard --config FILE`` runs the dashboard server."""

import argparse
import sys
from pathlib import Path

from dashops.services.dashboard import app, config, store

parser = argparse.ArgumentParser(prog="dashops.services.dashboard")
parser.add_argument("--config", type=Path, required=True, action="append")
parser.add_argument("--instance", default="", help="a letter or digit, where several take turns")
asked = parser.parse_args()
try:
    app.serve(config.load(*asked.config, instance=asked.instance))
except store.Unavailable as error:
    sys.exit(f"error: {error.message}\nhint: {error.hint}")
