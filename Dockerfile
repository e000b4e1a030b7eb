# The image of Mememime: Debian 12, its Python 3.11, the locked packages, an account without rights.
#
#   docker build -t mememime .
#   docker run --read-only --cap-drop ALL -p 8080:8080 --env-file .env -v /srv/pictures:/pictures:ro mememime
#   docker run … mememime resources
#
# Nothing is written at run time unless a setting asks for it.
FROM debian:bookworm-slim AS base
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates fonts-dejavu-core python3 tini \
 && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*

FROM base AS build
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv
WORKDIR /src
# All that an installation with any extras may need, each file checked against the lock's hashes ...
COPY requirements/image.lock ./
RUN --mount=type=cache,target=/root/.cache/pip \
    python3 -m venv /opt/mememime \
 && /opt/mememime/bin/pip wheel --require-hashes --requirement image.lock --wheel-dir /wheels
COPY LICENSE README.md pyproject.toml ./
COPY mememime_proxy mememime_proxy
# ... and of these both services, and the extras named here: any of autoquality, c2pa, cloud, faces, heic, jpegli, jxl, objects, otel, postgres
# and repack.
ARG EXTRAS=cloud,heic,otel,postgres,repack
RUN /opt/mememime/bin/pip install --no-index --find-links /wheels ".[server,$EXTRAS]" \
 && /opt/mememime/bin/pip uninstall --yes setuptools pip

FROM base
RUN groupadd --gid 10001 mememime \
 && useradd --uid 10001 --gid mememime --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin mememime
COPY --from=build /opt/mememime /opt/mememime
ENV PATH=/opt/mememime/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# By number: Kubernetes must see that it is not root.
USER 10001:10001
WORKDIR /
EXPOSE 8080 8081 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["mememime", "health"]
# tini reaps what a command run in the container leaves behind; the service reaps its own.
ENTRYPOINT ["tini", "--", "mememime"]
CMD ["proxy"]
