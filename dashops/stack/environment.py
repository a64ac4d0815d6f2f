"""The section of a stack file about Python packages; every setting with its reason."""

from pydantic import Field

from dashops.stack.kinds import Certificates, Proxy, Source, Text, Url
from dashops.stack.section import Section


class Environment(Section):
    """The Python packages notebooks may import."""

    packages: tuple[Text, ...] = Field(
        default=("ipywidgets", "numpy", "pandas", "matplotlib", "plotly", "anywidget"),
        description="Packages that notebooks and dashboards may import, as pip writes them "
        "(`pandas>=2`). The default draws tables, charts and widgets.",
    )
    python: Text | None = Field(
        default=None,
        description='Python of the environments: a version in quotes ("3.12") or a path. '
        "Default: the Python that runs dashops, because it is certain to be there.",
    )
    index: Url | None = Field(
        default=None,
        description="URL of the package index. Default: PyPI, or what uv is set up to use.",
    )
    extra_indexes: tuple[Url, ...] = Field(
        default=(),
        description="URLs of more package indexes. A package is taken from the first index that "
        "has it, these before `index`, so that nobody can put a newer one into another. "
        "Default: none.",
    )
    find_links: tuple[Source, ...] = Field(
        default=(),
        description="More places to find packages: folders (relative to this file) or URLs of "
        "pages. Default: none; meant for machines without a network.",
    )
    offline: bool = Field(
        default=False,
        description="Whether nothing may be fetched: only folders of `find_links` and what uv "
        "has in its cache count. Default: false.",
    )
    proxy: Proxy | None = Field(
        default=None,
        description="URL of the proxy that package indexes are reached through. Default: none, "
        "or `HTTPS_PROXY` of the shell.",
    )
    certificates: Certificates | None = Field(
        default=None,
        description="File of the certificate authorities to trust (PEM), relative to this file. "
        "Default: those of the system; set it behind a proxy that opens TLS.",
    )
