# The image of the proxy slot of demo; written by dashops, which overwrites changes.
FROM docker.io/library/python:3.12-slim-bookworm
LABEL dashops.stack=demo
RUN apt-get update -qq && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends tini caddy >/dev/null && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* && \
    useradd --uid 10001 --no-create-home --home-dir /home/dashops dashops && mkdir -p -m 1777 /home/dashops
RUN mkdir -p -m 1777 /var/lib/dashops/proxy
WORKDIR /home/dashops
USER 10001
ENTRYPOINT ["tini", "--"]
