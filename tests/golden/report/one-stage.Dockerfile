# Written by basewise for churn-api.
# Build: `docker build .` or `buildah build .`; both keep pip's downloads in a cache mount.

# The tag says what it is, the digest cannot move.
FROM python:3.14-slim-trixie@sha256:abababababababababababababababababababababababababababababababab

# For tools that ask what this image stands on.
LABEL org.opencontainers.image.base.name="docker.io/library/python:3.14-slim-trixie" \
      org.opencontainers.image.base.digest="sha256:abababababababababababababababababababababababababababababababab"

# Output appears at once; nothing is compiled at run time (pip compiles on installation).
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1

# libgomp1: lightgbm loads libgomp.so.1
# Upgraded by name: fixes were published after the digest was built; a newer digest needs none of it.
RUN export DEBIAN_FRONTEND=noninteractive \
 && apt-get update \
 && apt-get install -y --no-install-recommends --only-upgrade \
      libssl3t64 \
      openssl \
      perl-base \
 && apt-get install -y --no-install-recommends \
      libgomp1 \
 && rm -rf /var/lib/apt/lists/*

# A user of its own with a home: some libraries keep a cache there.
RUN groupadd --gid 10001 app \
 && useradd --uid 10001 --gid 10001 --create-home --shell /usr/sbin/nologin app

WORKDIR /app

COPY requirements.lock ./requirements.lock

# Every file is compared with its hash. Wheels only, as judged.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m pip install \
      --disable-pip-version-check \
      --root-user-action=ignore \
      --require-hashes \
      --only-binary=:all: \
      --requirement=requirements.lock

# The application; see .dockerignore for what stays out.
COPY --chown=10001:10001 . .

# A number, so that a cluster can check that it is not root.
USER 10001:10001

# Found in Procfile:1.
CMD ["uvicorn", "app:api", "--host", "0.0.0.0"]
