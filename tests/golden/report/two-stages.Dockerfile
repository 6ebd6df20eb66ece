# Written by basewise for feature-store.
# Build: `docker build .` or `buildah build .`; both keep pip's downloads in a cache mount.

# First stage: psycopg2 must be built from source; compilers stay here.
FROM python:3.13-slim-trixie@sha256:abababababababababababababababababababababababababababababababab AS builder

# gcc: psycopg2 is compiled
# libc6-dev: psycopg2 is compiled
# libpq-dev: psycopg2 is compiled
RUN export DEBIAN_FRONTEND=noninteractive \
 && apt-get update \
 && apt-get install -y --no-install-recommends \
      gcc \
      libc6-dev \
      libpq-dev \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /build

# No pip inside: the one of the image installs into it.
RUN python -m venv --without-pip /opt/venv

COPY requirements.lock ./requirements.lock

# Every file is compared with its hash. Wheels only, as judged, but for what is built here.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m pip --python /opt/venv/bin/python install \
      --disable-pip-version-check \
      --root-user-action=ignore \
      --require-hashes \
      --only-binary=:all: \
      --no-binary=psycopg2 \
      --requirement=requirements.lock

# The tag says what it is, the digest cannot move.
FROM python:3.13-slim-trixie@sha256:abababababababababababababababababababababababababababababababab

# For tools that ask what this image stands on.
LABEL org.opencontainers.image.base.name="docker.io/library/python:3.13-slim-trixie" \
      org.opencontainers.image.base.digest="sha256:abababababababababababababababababababababababababababababababab"

# Output appears at once; nothing is compiled at run time (pip compiles on installation).
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1

# libpq5: psycopg2 loads libpq.so.5
# libodbc2: pyodbc loads libodbc.so.2
RUN export DEBIAN_FRONTEND=noninteractive \
 && apt-get update \
 && apt-get install -y --no-install-recommends \
      libpq5 \
      libodbc2 \
 && rm -rf /var/lib/apt/lists/*

# A user of its own with a home: some libraries keep a cache there.
RUN groupadd --gid 10001 app \
 && useradd --uid 10001 --gid 10001 --create-home --shell /usr/sbin/nologin app

WORKDIR /app

# What was built, without the compilers.
COPY --from=builder /opt/venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH"

# The application; see .dockerignore for what stays out.
COPY --chown=10001:10001 . .

# A number, so that a cluster can check that it is not root.
USER 10001:10001

# No start command was found in the application: add one, such as CMD ["python", "main.py"].
