"""The notebook server's part: *File > Deploy as* and *Download as*, in JupyterLab and Notebook.

app         the extension and its settings
entries     what the menu offers
dashboard   the entry for a dashboard server
application the entry that makes an app
target      such a server, with its token
local       the entry that shows a notebook on this server
showing     the page it has there
visits      the kernels of such pages
channels    how it runs notebooks in them
examples    notebooks to begin with
author      who deploys
places      which file a path of the browser means
handlers    the two addresses that the menu's scripts call
downloads   files that entries made, for their author's browser
preflight   what viewers would miss
servers     the addresses that the panel's scripts call
"""

from dashops.services.notebook.app import LABEXTENSIONS, Dashops

__all__ = ["LABEXTENSIONS", "Dashops"]


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    return [{"module": "dashops.services.notebook", "app": Dashops}]
