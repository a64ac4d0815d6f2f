"""Shows local dashboards to who may run code on this server, and to nobody else."""

import asyncio
from pathlib import Path
from typing import Any

import jinja2
import nbformat
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import FileFindHandler, JupyterHandler
from jupyter_server.files.handlers import FilesHandler
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado import iostream, web
from voila.configuration import VoilaConfiguration
from voila.paths import collect_static_paths, collect_template_paths
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler
from voila.utils import get_voila_labextensions_path

from dashops import bundle, errors
from dashops.services import page
from dashops.services.notebook import channels, local, visits
from dashops.services.page import rendering, streaming

OWN = "dashops/local/"
"""Where a page finds its kernel, and what it is made with, below the server's address."""

KERNEL = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(page.HTML), autoescape=True, undefined=jinja2.StrictUndefined
)
# What is for JupyterLab itself and would only be loaded in vain.
DENIED = ["@jupyter-notebook/lab-extension", "@dashops/notebook", "nbdime-jupyterlab"]


class Door(FilesHandler):
    """A dashboard's address without its last slash; files that are there stay what they are."""

    @web.authenticated
    @authorized
    async def get(self, name: str, include_body: bool = True) -> None:  # noqa: FBT001, FBT002
        """Send the browser to where its page is."""
        try:
            local.find(Path(self.root), name)
        except errors.SpecError:
            await super().get(f"{local.FOLDER}/{name}", include_body)
        else:
            self.redirect(local.address(self.base_url, name))


class Page(JupyterHandler):
    """The page of a local dashboard, each time in a kernel of its own."""

    _task: asyncio.Task[None] | None = None

    @web.authenticated
    @authorized(action="execute", resource="kernels")
    async def get(self, name: str) -> None:
        """Run its notebook and stream what it shows."""
        root = Path(self.settings["dashops_root"])
        try:
            found = local.find(root, name) / bundle.NOTEBOOK
            notebook = bundle.parse(await asyncio.to_thread(found.read_bytes))
        except errors.SpecError as error:
            raise web.HTTPError(404, f"{error.message}. {error.hint}") from error
        except OSError as error:
            raise web.HTTPError(404, f"{name} cannot be read: {error.strerror}") from error
        title = bundle.title(notebook, name)
        open_: visits.Visits = self.settings["dashops_visits"]
        spec = await self._spec(notebook)
        kernel_id = await open_.begin(f"{local.FOLDER}/{name}", title, spec)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self._task = asyncio.ensure_future(self._stream(notebook, kernel_id, title))
        try:
            await self._task
        except (asyncio.CancelledError, iostream.StreamClosedError):
            await open_.end(kernel_id, "This page was closed")
        except rendering.RunFailed as failure:
            await open_.end(kernel_id, "It failed")
            self._fail(
                title, f"{failure.detail[:1].upper()}{failure.detail[1:]}", failure.traceback
            )
        except Exception as error:
            # Whatever else goes wrong inside Voilà or a template must not leave an endless page.
            self.log.exception("cannot show the local dashboard %s", name)
            await open_.end(kernel_id, "It failed")
            self._fail(title, f"{type(error).__name__}: {error}", "")
        else:
            open_.rendered(kernel_id)

    def write_error(self, status_code: int, **details: Any) -> None:
        """Say why there is no page, in words."""
        raised = details.get("exc_info", (None, None))[1]
        text = (raised.log_message or "") if isinstance(raised, web.HTTPError) else ""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        name = self.path_args[0] if self.path_args else "It"
        self._fail(name, text or f"The server says {status_code} {self._reason}", "")

    def on_connection_close(self) -> None:
        """The tab was closed before the page was complete."""
        if self._task:
            self._task.cancel()

    async def _spec(self, notebook: dict[str, Any]) -> str:
        """The kernel that the notebook asks for, or one of its language."""
        specs = self.kernel_spec_manager.get_all_specs()
        wanted, language = bundle.kernel(notebook), bundle.language(notebook)
        if wanted in specs:
            return str(wanted)
        for name, about in sorted(specs.items()):
            if about["spec"]["language"].lower() == (language or "python"):
                return str(name)
        raise web.HTTPError(404, f"There is no kernel {wanted or language} on this server")

    async def _stream(self, notebook: dict[str, Any], kernel_id: str, title: str) -> None:
        kernel = self.kernel_manager.get_kernel(kernel_id)
        kernel.client_factory = channels.Client
        made = rendering.Renderer(
            self.settings["dashops_page"], self.log, nbformat.from_dict(notebook), kernel
        )
        bar = {"site": "Jupyter", "home": self.base_url, "note": "Local dashboard", "user": ""}
        base = f"{self.base_url}{OWN}"
        await streaming.stream(made.pieces(kernel_id, base=base, title=title, bar=bar), self)

    def _fail(self, title: str, text: str, traceback: str) -> None:
        said = {"title": title, "text": text, "traceback": traceback, "reference": ""}
        where = {"here": self.request.path, "home": self.base_url, "site": "Jupyter"}
        self.finish(TEMPLATES.get_template("failed.html").render(**said, **where))


class State(JupyterHandler):
    """Tells a page whether its kernel still runs, and if not why."""

    @web.authenticated
    @authorized(action="read", resource="kernels")
    async def get(self, kernel_id: str) -> None:
        """The kernel's model; 410 with the reason when it ended, 404 when nobody knows it.

        ``again`` says whether the page may load itself again without being asked to.
        """
        open_: visits.Visits = self.settings["dashops_visits"]
        if open_.running(kernel_id):
            model = self.kernel_manager.kernel_model(kernel_id)
            self.finish({**model, "last_activity": str(model["last_activity"])})
        elif why := open_.gone.get(kernel_id):
            self.set_status(410)
            self.finish({"reason": "ended", "message": why, "again": False})
        else:  # of before this server was started, most likely
            self.set_status(404)
            self.finish({"reason": "unknown", "message": "", "again": True})


class Channels(KernelWebsocketHandler):
    """The websocket of a page: Jupyter's own, for kernels of dashboards."""

    async def pre_get(self) -> None:
        """Refuse to connect to a kernel that is gone."""
        if not self.settings["dashops_visits"].running(self.kernel_id):
            raise web.HTTPError(404)
        await super().pre_get()

    async def open(self, kernel_id: str) -> None:
        """Connect, until the kernel ends."""
        visit = self.settings["dashops_visits"].open.get(kernel_id)
        if visit is None:
            self.close()
            return
        visit.connections.add(self.close)
        await super().open(kernel_id)

    def on_close(self) -> None:
        """Disconnect."""
        if visit := self.settings["dashops_visits"].open.get(self.kernel_id):
            visit.connections.discard(self.close)
        super().on_close()


class Leave(JupyterHandler):
    """What a page calls when its tab is closed."""

    def check_xsrf_cookie(self) -> None:
        """Other sites do not know its address, and pages cannot read the cookie."""

    @web.authenticated
    @authorized(action="execute", resource="kernels")
    async def post(self, kernel_id: str) -> None:
        """End the kernel."""
        await self.settings["dashops_visits"].end(kernel_id, "This page was closed")
        self.set_status(204)
        self.finish()


def settings(server: Any) -> dict[str, Any]:
    """What a page is made with, by the names that its renderer wants."""
    traits = rendering.traits()
    traits.VoilaConfiguration.extension_denylist += DENIED
    return {
        **server.web_app.settings,
        "public": f"{server.base_url}{OWN}",
        # As Voilà has it: its page brings MathJax itself.
        "mathjax_config": None,
        "mathjax_url": None,
        "traitlet_config": traits,
        "voila_configuration": VoilaConfiguration(config=traits),
        "template_paths": collect_template_paths(["voila", "nbconvert"], "lab"),
    }


def handlers(root: str) -> list[Any]:
    """Their addresses."""
    name = rf"files/{local.FOLDER}/([a-z0-9][a-z0-9._-]*)"
    extensions = {"path": get_voila_labextensions_path(), "no_cache_paths": []}
    statics = {"paths": collect_static_paths(["voila", "nbconvert"], "lab")}
    return [
        (rf"/{name}", Door, {"path": root}),
        (rf"/{name}/", Page),
        (rf"/{OWN}api/kernels/{KERNEL}", State),
        (rf"/{OWN}api/kernels/{KERNEL}/channels", Channels),
        (rf"/{OWN}voila/api/shutdown/{KERNEL}", Leave),
        (rf"/{OWN}voila/templates/((?!.*\.\.)lab/static/.+)", TemplateStaticFileHandler),
        (rf"/{OWN}voila/static/(.*)", MultiStaticFileHandler, statics),
        (rf"/{OWN}voila/labextensions/(.*)", FileFindHandler, extensions),
    ]
