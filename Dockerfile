# Two stages: the first installs exactly what uv.lock names, the second only carries the result.
ARG BASE=docker.io/library/python:3.12-slim-bookworm

FROM ${BASE} AS build
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON=/usr/local/bin/python3 \
    UV_PYTHON_DOWNLOADS=never \
    UV_PROJECT_ENVIRONMENT=/opt/autobot
RUN pip install --no-cache-dir "uv>=0.11,<1"
WORKDIR /src
COPY pyproject.toml uv.lock .python-version README.md LICENSE ./
RUN uv sync --locked --no-default-groups --no-install-project
COPY bot bot
COPY engine engine
COPY handlers handlers
COPY locales locales
COPY sandbox sandbox
RUN uv sync --locked --no-default-groups --no-editable

FROM ${BASE}
# tini comes from the base's own release, which is not kept in more than one version.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/autobot /opt/autobot
# The root may be read-only: everything that is written goes to /data or /tmp.
ENV PATH=/opt/autobot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    DATA_FOLDER=/data \
    NUMBA_CACHE_DIR=/data/cache/numba \
    MPLCONFIGDIR=/data/cache/matplotlib \
    HEALTH_PORT=8081
USER 10001:10001
WORKDIR /data
VOLUME /data
# The start may wait for the exchange; afterwards three silent checks in a row are a fault.
HEALTHCHECK --interval=30s --timeout=5s --start-period=90s --retries=3 \
    CMD ["python", "-c", "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['HEALTH_PORT']), timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["tini", "--", "autobot"]
CMD ["run"]
