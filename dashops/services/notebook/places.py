"""Which file a path of the browser means; one that is out of reach is not there."""

from pathlib import Path

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from tornado import web


async def notebook(handler: APIHandler, path: object) -> Path:
    """The file of a notebook, which its server has under `path`.

    Raises:
        web.HTTPError: 400, 404 or 409, when there is no such file.
    """
    if not isinstance(path, str) or not path.endswith(".ipynb"):
        raise web.HTTPError(400, "`path` names no notebook")
    contents = handler.contents_manager
    # Raises what it answers for a path outside of its root, or a hidden one.
    if not await ensure_async(contents.file_exists(path)):
        raise web.HTTPError(404, f"There is no notebook {path}")
    locate = getattr(contents, "_get_os_path", None)
    if locate is None:
        raise web.HTTPError(409, "This server keeps its notebooks elsewhere than in files")
    return Path(locate(path.strip("/")))
