# Written by basewise for light-scorer.
# Build: `docker build .` or `buildah build .`; both keep pip's downloads in a cache mount.

# The tag says what it is, the digest cannot move.
FROM python:3.14-alpine3.24@sha256:abababababababababababababababababababababababababababababababab

# For tools that ask what this image stands on.
LABEL org.opencontainers.image.base.name="docker.io/library/python:3.14-alpine3.24" \
      org.opencontainers.image.base.digest="sha256:abababababababababababababababababababababababababababababababab"

# Output appears at once; nothing is compiled at run time (pip compiles on installation).
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1

# Upgraded by name: fixes were published after the digest was built; a newer digest needs none of it.
RUN apk upgrade --no-cache \
      libcrypto3 \
 && apk add --no-cache \
      libgomp

# A user of its own with a home: some libraries keep a cache there.
RUN addgroup -g 10001 app \
 && adduser -D -u 10001 -G app -s /sbin/nologin app

WORKDIR /app

COPY ["requirements/base lines.txt", "./requirements/base lines.txt"]
COPY requirements/prod.txt ./requirements/prod.txt

# The file pins no hashes: what is installed can change. Wheels only, as judged.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m pip install \
      --disable-pip-version-check \
      --root-user-action=ignore \
      --only-binary=:all: \
      --requirement=requirements/prod.txt

# The application; see .dockerignore for what stays out.
COPY --chown=10001:10001 . .

# A number, so that a cluster can check that it is not root.
USER 10001:10001

# The start command.
CMD ["python", "main.py"]
