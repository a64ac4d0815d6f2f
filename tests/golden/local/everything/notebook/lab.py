"""JupyterLab of the stack sales; written by dashops, which overwrites changes."""

import os
from pathlib import Path

c = get_config()  # noqa: F821

c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = 9003
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
c.ServerApp.quit_button = False
c.ServerApp.root_dir = "/usr"
c.ServerApp.allow_root = os.getuid() == 0

# The token stays in its file, which only the operator reads.
c.IdentityProvider.token = Path("/srv/demo/state/secrets/notebook-token").read_text().strip()

# Nothing asks another host: no package index, no news, no update check.
c.LabApp.extension_manager = "readonly"
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
