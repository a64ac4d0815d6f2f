"""Jupyter Server's extension: what its operator sets, and where its addresses are."""

from pathlib import Path

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Dict, List, Unicode

from dashops.services import ports
from dashops.services.notebook import (
    downloads,
    entries,
    examples,
    handlers,
    local,
    servers,
    showing,
    target,
    visits,
)

LABEXTENSIONS = Path(__file__).parent / "labextensions"
"""The folder with the menu's scripts, as JupyterLab wants it named; made from `labextension/`."""


class Dashops(ExtensionApp):
    """Deploys notebooks from where they are written."""

    name = "dashops"

    servers = List(
        Dict(per_key_traits={"name": Unicode(), "url": Unicode(), "token_file": Unicode()}),
        config=True,
        help="Dashboard servers to deploy to: each with a `name` for the menu, its `url`, and the "
        "`token_file` with a token that may deploy there. The token stays on this server.",
    )

    entries_file = Unicode(
        config=True,
        help="A JSON file with what entries of other packages need, by the name of their entry "
        "point; each has a schema that its values must fit. It is read at each load of the menu.",
    )
    app_packages = Dict(
        config=True,
        help="How apps of Download as get their packages: `packages` of a notebook that asks for "
        "none, `options` and `env` of uv.",
    )

    examples = Bool(
        config=True,
        help="Whether to put example notebooks into this server's folder. That is done once: its "
        "data folder then has a file that says so.",
    )

    def initialize_settings(self) -> None:
        """Look up what the menu offers; kernels get ports that no connection has."""
        ports.Ports.instance()
        self.settings["dashops_downloads"] = downloads.Downloads()
        self.settings["dashops_targets"] = [target.Target(**each) for each in self.servers]
        server = self.serverapp
        self.settings["dashops_root"] = server.root_dir
        self.settings["dashops_page"] = showing.settings(server)
        self.settings["dashops_visits"] = visits.Visits(
            server.session_manager, server.kernel_manager, self.log
        )
        own = local.Local(Path(server.root_dir), server.base_url)
        self.settings["dashops_look_up"] = lambda: entries.found(
            self.servers,
            entries.read(self.entries_file, self.log),
            self.app_packages,
            self.log,
            local=own,
        )
        self.settings["dashops_entries"] = self.settings["dashops_look_up"]()
        try:
            mark = Path(jupyter_data_dir(), "dashops-examples")
            if self.examples and examples.put(Path(server.root_dir), mark):
                self.log.info("put example notebooks into %s", server.root_dir)
        except OSError as error:
            self.log.warning("no examples: they cannot be put into this folder: %s", error)
        if not LABEXTENSIONS.is_dir():
            self.log.warning("no Deploy as: its scripts are not built, see CONTRIBUTING.md")

    def initialize_handlers(self) -> None:
        """Add what the menu's scripts call."""
        self.handlers += [
            *showing.handlers(self.serverapp.root_dir),
            (r"/dashops/entries", handlers.Entries),
            (r"/dashops/entries/([\w.-]+)", handlers.Entry),
            (r"/dashops/downloads/([\w-]+)", downloads.Download),
            (r"/dashops/dashboards", servers.Dashboards),
            (r"/dashops/servers/(\d{1,4})/preflight", servers.Preflight),
            (r"/dashops/servers/(\d{1,4})/rollback", servers.Rollback),
            (
                r"/dashops/servers/(\d{1,4})/thumbnails/([a-z0-9][a-z0-9._-]{0,62})/(\d{1,9})",
                servers.Thumbnail,
            ),
        ]
