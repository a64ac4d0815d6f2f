"""The sections of a stack file: every setting with its type, default and reason."""

from typing import Literal

from pydantic import ByteSize, Field

from dashops.stack.kinds import (
    Address,
    Browser,
    Count,
    CountOrNone,
    Database,
    Files,
    Folder,
    Port,
    Seconds,
    SecondsOrNone,
    Size,
    SomeFile,
    Text,
    User,
    Variable,
)
from dashops.stack.section import Section


class Dashboard(Section):
    """The server that viewers open."""

    port: Port = Field(
        default=8866,
        description="TCP port on 127.0.0.1. Default: 8866, as Voilà uses.",
    )
    content_port: Port = Field(
        default=8869,
        description="TCP port on 127.0.0.1 of the pages of dashboards, which browsers keep apart "
        "from login, gallery and API. Default: 8869.",
    )
    address: Address | None = Field(
        default=None,
        description="URL that people open, where a proxy with TLS stands before this server: "
        "`https://dashboards.example.com`. Default: none, people open the port itself.",
    )
    content_address: Address | None = Field(
        default=None,
        description="URL under which that proxy shows the pages of dashboards (`content_port`), "
        "on another host or port: `https://content.example.com`, or with a host for each "
        "dashboard, which browsers keep scripts for: `https://*.content.example.com`. "
        "Default: none.",
    )
    title: Text = Field(
        default="Dashboards",
        description="Heading of the gallery and the login page. Default: Dashboards.",
    )
    user: User = Field(
        default="viewer",
        description="Name that viewers log in with; the password is made by the first "
        "`dashops up`. Default: viewer.",
    )
    access: Literal["signed-in", "private"] = Field(
        default="signed-in",
        description="Who may open a dashboard that nobody shared with anybody: signed-in or "
        "private (its author and operators). Default: signed-in, because a login is all that "
        "one account for all viewers can tell.",
    )
    frontends: tuple[Text, ...] = Field(
        default=("jupyterlab-widgets", "plotly", "anywidget"),
        description="Packages that bring the JavaScript of widgets. Default: those that the "
        "default packages of `environment` need.",
    )
    browser: Browser = Field(
        default="auto",
        description="Browser that opens a new revision before any viewer does: the path of a "
        "Chromium, `auto` (the first one on PATH, if any) or `none`. Default: auto, because only "
        "a browser knows whether a page can be drawn.",
    )
    cell_timeout: Seconds = Field(
        default=120,
        description="Seconds that one cell may run while a dashboard opens. Default: 120, "
        "longer than anyone waits for a page.",
    )
    run_timeout: Seconds = Field(
        default=600,
        description="Seconds that all cells together may run while a dashboard opens. "
        "Default: 600, so that a hanging notebook frees its kernel.",
    )
    idle_timeout: Seconds = Field(
        default=1800,
        description="Seconds without any message after which a viewer's kernel is stopped. "
        "Default: 1800 (half an hour), to give memory back.",
    )
    reconnect_grace: Seconds = Field(
        default=30,
        description="Seconds that a kernel waits for a page whose connection broke. "
        "Default: 30, a reload or a change of network.",
    )
    upload_limit: Size = Field(
        default=ByteSize(100_000_000),
        description="Largest upload, in bytes or with a unit (100MB, 1GiB). Default: 100MB.",
    )
    max_viewers: Count = Field(
        default=50,
        description="Pages open at the same time, each with a kernel of its own; who comes then "
        "waits in a queue. Default: 50, the number of kernels of one gateway.",
    )
    viewers_per_dashboard: CountOrNone = Field(
        default=0,
        description="Pages of one dashboard open at the same time, so that one cannot take all "
        "places of the others; 0 for no limit of its own. Default: 0, because which one is to "
        "leave room for which is for the operator to say.",
    )
    viewers_per_user: CountOrNone = Field(
        default=10,
        description="Pages that one login may have open at the same time; 0 for no such limit. "
        "Default: 10, more than anyone looks at, so that one viewer cannot take every place.",
    )
    keep_revisions: Count = Field(
        default=10,
        description="Revisions of each dashboard to keep, for a rollback; the one it shows and "
        "those that viewers have open stay anyway. Default: 10.",
    )
    database: Database | None = Field(
        default=None,
        description="PostgreSQL database of dashboards and revisions, "
        "`postgresql://user@host/database`, its password in `~/.pgpass`. "
        "Default: SQLite in the folder `store`, which needs nobody to run it.",
    )
    files: Files | None = Field(
        default=None,
        description="Where the files of revisions are kept, an fsspec URL such as "
        "`s3://bucket/prefix` that nothing else uses. Default: the folder `store`, which is "
        "the quickest.",
    )
    check_first: bool = Field(
        default=True,
        description="Whether a dashboard server that replaces another one must first pass the "
        "checks of viewers, which `dashops smoke` makes, before visitors are sent to it; on the "
        "target compose. Default: true, so that nobody meets one that does not work.",
    )
    drain_timeout: Seconds = Field(
        default=1800,
        description="Seconds that an open page may keep a revision after its name shows another. "
        "Default: 1800 (half an hour), to finish what one is at.",
    )
    preview_timeout: Seconds = Field(
        default=86400,
        description="Seconds that the preview link of a draft is good for. Default: 86400 (a day).",
    )
    concurrent_deploys: Literal["wait", "refuse"] = Field(
        default="wait",
        description="What a deploy does while another one of the same name runs: wait or refuse. "
        "Default: wait.",
    )

    snapshots: bool = Field(
        default=True,
        description="Whether viewers get forks of a process that ran the notebook once, where "
        "that is safe. Default: true, because such a page opens at once and shares its memory.",
    )
    snapshot_max_age: SecondsOrNone = Field(
        default=0,
        description="Seconds after which a snapshot is made anew, so that pages show no older "
        "data. Default: 0 (never); a notebook may ask for its own `refresh`.",
    )
    snapshot_idle: Seconds = Field(
        default=86400,
        description="Seconds without a visit after which a dashboard's snapshot, or its warm "
        "kernels, give back their memory; the next visit waits for the notebook. "
        "Default: 86400 (a day), so that the first viewer of a morning need not wait.",
    )
    warm_kernels: CountOrNone = Field(
        default=3,
        description="Most kernels of a dashboard that run its notebook ahead of viewers, where "
        "it cannot have a snapshot; 0 for none. Default: 3, because each has memory of its own.",
    )
    warm_max_age: SecondsOrNone = Field(
        default=3600,
        description="Seconds after which such a kernel makes room for one with newer data; 0 for "
        "never. Default: 3600 (an hour).",
    )


class Gateway(Section):
    """The server that runs kernels; only the dashboard server talks to it."""

    port: Port = Field(
        default=8868,
        description="TCP port on 127.0.0.1. Default: 8868.",
    )
    count: Count = Field(
        default=1,
        description="Gateways that share the kernels of all viewers; `local` has one. Default: 1, "
        "as many as one machine needs; more of them let one be lost or replaced.",
    )
    internet: bool = Field(
        default=False,
        description="Whether kernels reach other hosts, which notebooks that ask for packages "
        "need too; `local` cannot keep them from it. Default: false, so that what a notebook "
        "reads cannot be carried away.",
    )
    max_kernels: Count = Field(
        default=50,
        description="Kernels running at the same time. Default: 50; a kernel with pandas "
        "takes about 100 MB of memory.",
    )
    kernel_memory: Size = Field(
        default=ByteSize(4 * 2**30),
        description="Memory for data that one kernel may have, in bytes or with a unit (2GiB); "
        "a cell that wants more fails with MemoryError. Default: 4GiB, so that one notebook "
        "cannot take the whole machine.",
    )
    memory_reserve: Size = Field(
        default=ByteSize(256 * 2**20),
        description="Memory of the machine, or of its cgroup, that stays free when a kernel "
        "starts, in bytes or with a unit; where that cannot be, viewers wait. Default: 256MiB, so "
        "that the servers and the pages that are open can still grow.",
    )
    kernel_processes: CountOrNone = Field(
        default=4096,
        description="Processes and threads that all kernels together may have, 0 for no limit; "
        "Linux counts those of an account, and does not hold root to it. Default: 4096, eighty for "
        "each of fifty kernels, so that one that forks without end leaves a machine that answers.",
    )
    kernel_cpu_time: SecondsOrNone = Field(
        default=0,
        description="Seconds of processor time after which a kernel is ended, 0 for no limit. "
        "Default: 0, as the threads of a calculation add up and pages stay open for days.",
    )
    kernel_files: CountOrNone = Field(
        default=1024,
        description="Files and connections that one process of a kernel may have open, 0 for no "
        "limit. Default: 1024, what Linux gives a process, and not the million it may ask for.",
    )
    env: tuple[Variable, ...] = Field(
        default=("LANG", "LC_ALL", "TZ"),
        description="Names of environment variables that kernels may see. Default: language "
        "and time zone; nothing else, so that no secret of this shell reaches a notebook.",
    )


class Notebook(Section):
    """JupyterLab, where authors write."""

    port: Port = Field(
        default=8867,
        description="TCP port on 127.0.0.1. Default: 8867.",
    )
    folder: Folder = Field(
        default=".",
        description="Folder that JupyterLab shows, relative to this file. Default: the folder "
        "of this file.",
    )
    entries_file: SomeFile | None = Field(
        default=None,
        description="File (JSON) with the settings of menu entries of other packages, relative to "
        "this file; see docs/plugins.md. Default: none.",
    )
    examples: bool = Field(
        default=True,
        description="Whether example notebooks are put into `folder`, once and never over files "
        "that are there. Default: true, so that there is something to deploy.",
    )
