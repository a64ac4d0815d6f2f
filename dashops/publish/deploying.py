"""A notebook on its way to a server: read, sent, followed until the server has judged it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dashops import bundle, client, errors
from dashops.client import records
from dashops.plan import Event
from dashops.publish.destinations import Destination
from dashops.run import Run

Tell = Callable[[Event], None]
"""Receives progress while a verb works; the view supplies it."""


@dataclass(frozen=True)
class Notebook:
    """What an author wants on a server: a notebook, files beside those it names, and a name.

    `name` None is made from that of the file. A `draft` runs on the server, but viewers go on
    seeing what they see.
    """

    path: Path
    files: Sequence[Path] = ()
    name: str | None = None
    draft: bool = False


@dataclass(frozen=True)
class Upload:
    """What is about to be published under `name`, the notebook first.

    `missing` are images the notebook shows, or files of a list in it, that are not there.
    """

    name: str
    files: tuple[client.File, ...]
    missing: tuple[str, ...]
    origin: bundle.origin.Origin
    data: bytes = field(repr=False)

    @property
    def total(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True)
class Published:
    """What became of an upload; `link` is the URL to hand to viewers.

    `preview` is where a draft is to be seen, `warnings` are what the server noticed, `kernel` is
    how viewers will get it.
    """

    name: str
    link: str
    revision: int
    digest: str
    title: str
    replaced: bool
    unchanged: bool
    warnings: tuple[str, ...]
    preview: client.Preview | None
    kernel: records.Opens | None
    files: tuple[client.File, ...]
    missing: tuple[str, ...]

    @property
    def address(self) -> str:
        """Where to look at it now."""
        return self.preview.url if self.preview else self.link


def git(run: Run) -> bundle.origin.Git:
    """How git is asked."""

    def printed(argv: tuple[str, ...], folder: Path) -> str:
        return run(*argv, ok=range(256), cwd=folder, timeout=bundle.origin.SECONDS).out

    return printed


def prepare(notebook: Notebook, limit: int, run: Run) -> Upload:
    """Read what goes up, at most `limit` bytes, and ask git where it is from. Sends nothing."""
    path, name = notebook.path, notebook.name
    checked = bundle.name_for(path) if name is None else bundle.check_name(name)
    packed = bundle.collect(path, notebook.files, limit)
    contents = {bundle.NOTEBOOK: bundle.encode(packed.notebook), **packed.files}
    return Upload(
        checked,
        tuple(client.File(path, len(content)) for path, content in contents.items()),
        packed.missing,
        bundle.origin.of(path, git(run)),
        bundle.pack(packed),
    )


def deploy_notebook(
    notebook: Notebook,
    to: Destination,
    run: Run,
    announce: Callable[[Upload], None],
    tell: Tell,
) -> Published:
    """Publish a notebook with its files, if it runs on the server: NotebookFailed if not.

    `announce` is told what goes up before it does. The name shows the new revision from the next
    visit on. An interruption says in its message what the server does then.
    """
    upload = prepare(notebook, to.limit, run)
    announce(upload)
    name, steps = upload.name, Steps(tell)
    fields = {**upload.origin.fields, **({"draft": "true"} if notebook.draft else {})}
    then = "nothing was published"

    def sent(done: int, total: int) -> None:
        nonlocal then
        steps.sent(done, total)
        if done == total:
            then = f"the server finishes anyway, `dashops deploys {name} -f` shows how it goes"

    with steps:
        try:
            done = to.server.upload(name, upload.data, sent, fields, steps.happened)
        except KeyboardInterrupt as interruption:
            raise KeyboardInterrupt(then) from interruption
    return Published(**vars(done), files=upload.files, missing=upload.missing)


def watch(name: str | None, to: Destination, tell: Tell) -> Published:
    """Follow the deploy of a name that runs now to its end; raises what it ended with."""
    if name is None:
        raise errors.SpecError("which deploy?", hint="name a dashboard: `deploys NAME --follow`")
    found = [each for each in to.server.deploys() if each.name == bundle.check_name(name)]
    running = next((each for each in found if each.state == "running"), None)
    if running is None:
        raise errors.DashopsError(
            f"no deploy of `{name}` is running",
            hint=f"`dashops deploys {name}` shows how the last ones ended",
        )
    with Steps(tell) as steps:
        try:
            done = to.server.follow(running.id, name, steps.happened)
        except KeyboardInterrupt as interruption:
            raise KeyboardInterrupt("the server finishes anyway") from interruption
    return Published(**vars(done), files=(), missing=())


class Steps:
    """Turns what is sent and what the server says into progress, one subject a phase."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._phase = ""
        self._text = ""

    def __enter__(self) -> "Steps":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._phase and kind is not KeyboardInterrupt:
            self._tell(Event(self._phase, "failed" if kind else "done", self._text))

    def sent(self, done: int, total: int) -> None:
        """Some bytes of the upload are on their way."""
        self._begin("upload", "sending")
        self._tell(Event("upload", "progress", "sending", done, total))

    def happened(self, what: client.Happening) -> None:
        """The server says how far it is."""
        if not what.phase:  # a line of the log
            self._tell(Event(self._phase, "progress", f"{self._text}: {what.text}"))
            return
        self._begin(what.phase, what.text)
        self._text = what.text
        self._tell(Event(what.phase, "progress", what.text, what.percent, 100))

    def _begin(self, phase: str, text: str) -> None:
        if phase == self._phase:
            return
        if self._phase:
            self._tell(Event(self._phase, "done", self._text))
        self._phase, self._text = phase, text
        self._tell(Event(phase, "start", text))
