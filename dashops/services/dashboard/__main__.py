"""``python -m dashops.services.dashboard --config FILE`` runs the dashboard server."""

import argparse
from pathlib import Path

from dashops.services.dashboard import app, config

parser = argparse.ArgumentParser(prog="dashops.services.dashboard")
parser.add_argument("--config", type=Path, required=True)
app.serve(config.load(parser.parse_args().config))
