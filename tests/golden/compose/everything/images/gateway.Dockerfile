# The image of the gateway slot of sales; written by dashops, which overwrites changes.
FROM registry.example.com/debian-python@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa AS build
LABEL dashops.stack=sales
ENV HTTP_PROXY=http://proxy.example:3128 HTTPS_PROXY=http://proxy.example:3128 \
    http_proxy=http://proxy.example:3128 https_proxy=http://proxy.example:3128 \
    NO_PROXY=localhost,127.0.0.1,dashboard-1,dashboard-2,notebook,proxy no_proxy=localhost,127.0.0.1,dashboard-1,dashboard-2,notebook,proxy
RUN python3 -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and "dashops needs Python 3.11, and this is %d.%d" % v[:2])' && \
    python3 -m venv --without-pip /opt/uv && /opt/uv/bin/python -m ensurepip >/dev/null && \
    /opt/uv/bin/python -m pip install -q --no-cache-dir --disable-pip-version-check --index-url https://pypi.example/simple 'uv>=0.9'
COPY overrides.txt warm.py gateway.requirements.txt /opt/
RUN /opt/uv/bin/uv venv -q --python python3 /opt/venv && \
    /opt/uv/bin/uv pip install -q --python /opt/venv/bin/python --no-cache --link-mode=copy \
    --index https://extra.example/simple --default-index https://pypi.example/simple --overrides /opt/overrides.txt -r /opt/gateway.requirements.txt && \
    /opt/venv/bin/python /opt/warm.py bokeh ipykernel.kernelapp kernel_gateway.gatewayapp kernel_gateway.jupyter_websocket matplotlib.pyplot matplotlib_inline.backend_inline pandas plotly.express && \
    cd /opt/venv/lib/python3*/site-packages && rm -rf jedi/third_party debugpy  # viewers neither complete nor debug

FROM registry.example.com/debian-python@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
LABEL dashops.stack=sales
ENV HTTP_PROXY=http://proxy.example:3128 HTTPS_PROXY=http://proxy.example:3128 \
    http_proxy=http://proxy.example:3128 https_proxy=http://proxy.example:3128 \
    NO_PROXY=localhost,127.0.0.1,dashboard-1,dashboard-2,notebook,proxy no_proxy=localhost,127.0.0.1,dashboard-1,dashboard-2,notebook,proxy
RUN apt-get update -qq && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends tini graphviz >/dev/null && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* && \
    useradd --uid 10001 --no-create-home --home-dir /home/dashops dashops && mkdir -p -m 1777 /home/dashops
# Volumes begin as these folders are; whoever runs the container may write into them.
RUN mkdir -p -m 1777 /notebooks /var/lib/dashops/store /var/lib/dashops/claims /var/lib/dashops/gateway /var/lib/dashops/jupyter
COPY --from=build /opt/venv /opt/venv
COPY dashops-0.1.0-py3-none-any.whl /opt/
RUN python3 -m zipfile -e /opt/dashops-0.1.0-py3-none-any.whl "$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" && \
    rm /opt/dashops-0.1.0-py3-none-any.whl && /opt/venv/bin/python -m compileall -q /opt/venv/lib/python3*/site-packages/dashops
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin VIRTUAL_ENV=/opt/venv HOME=/home/dashops USER=dashops \
    LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /home/dashops
USER 10001
ENTRYPOINT ["tini", "--"]
