"""JupyterLab of the stack sales; written by dashops, which overwrites changes."""

import os
from pathlib import Path

from dashops.services import notebook

c = get_config()  # noqa: F821

c.ServerApp.ip = "0.0.0.0"
c.ServerApp.port = 9003
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
c.ServerApp.quit_button = False
c.ServerApp.root_dir = "/notebooks"
c.ServerApp.allow_root = os.getuid() == 0

# The token stays in its file, which only the operator reads.
c.IdentityProvider.token = Path("/run/secrets/notebook-token").read_text().strip()

# Nothing asks another host: no package index, no news, no update check.
c.LabApp.extension_manager = "readonly"
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"

# File > Deploy as. What it sends is sent from here, with a token that browsers never see.
# Local dashboards are made with parts of Voilà; its own addresses ask nobody who he is.
c.ServerApp.jpserver_extensions = {
    "dashops.services.notebook": True,
    "voila.server_extension": False,
}
c.LabServerApp.extra_labextensions_path = [str(notebook.LABEXTENSIONS)]
c.Dashops.servers = [
    {
        "name": "sales",
        "url": "http://proxy:9001",
        "token_file": "/run/secrets/author-token",
    }
]
c.Dashops.entries_file = "/given/0/hostname"
c.Dashops.examples = True
# Apps of Download as get their packages from where the stack does.
c.Dashops.app_packages = {
    "packages": ["pandas\u003e=2", "bokeh"],
    "options": ["--index", "https://extra.example/simple", "--default-index", "https://pypi.example/simple"],
    "env": {"HTTPS_PROXY": "http://proxy.example:3128", "HTTP_PROXY": "http://proxy.example:3128"},
}
