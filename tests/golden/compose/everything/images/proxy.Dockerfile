# The image of the proxy slot of sales; written by dashops, which overwrites changes.
FROM registry.example.com/debian-python@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
LABEL dashops.stack=sales
ENV HTTP_PROXY=http://proxy.example:3128 HTTPS_PROXY=http://proxy.example:3128 \
    http_proxy=http://proxy.example:3128 https_proxy=http://proxy.example:3128 \
    NO_PROXY=localhost,127.0.0.1,dashboard-1,dashboard-2,notebook,proxy no_proxy=localhost,127.0.0.1,dashboard-1,dashboard-2,notebook,proxy
RUN apt-get update -qq && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends tini caddy >/dev/null && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* && \
    useradd --uid 10001 --no-create-home --home-dir /home/dashops dashops && mkdir -p -m 1777 /home/dashops
RUN mkdir -p -m 1777 /var/lib/dashops/proxy
WORKDIR /home/dashops
USER 10001
ENTRYPOINT ["tini", "--"]
