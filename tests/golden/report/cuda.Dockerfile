# Written by basewise for defect-vision.
# Build: `docker build .` or `buildah build .`; both keep pip's downloads in a cache mount.
# CUDA 13 needs a driver of the host of at least 580.

# The tag says what it is, the digest cannot move.
FROM python:3.12-slim-trixie@sha256:abababababababababababababababababababababababababababababababab

# For tools that ask what this image stands on.
LABEL org.opencontainers.image.base.name="docker.io/library/python:3.12-slim-trixie" \
      org.opencontainers.image.base.digest="sha256:abababababababababababababababababababababababababababababababab"

# Output appears at once; nothing is compiled at run time (pip compiles on installation).
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1

# What the container runtime and the libraries need to know.
ENV NVIDIA_DRIVER_CAPABILITIES="compute,utility" \
    NVIDIA_VISIBLE_DEVICES="all"

# A user of its own with a home: some libraries keep a cache there.
RUN groupadd --gid 10001 app \
 && useradd --uid 10001 --gid 10001 --create-home --shell /usr/sbin/nologin app

WORKDIR /app

COPY requirements.txt ./requirements.txt

# Every file is compared with its hash. Wheels only, as judged.
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m pip install \
      --disable-pip-version-check \
      --root-user-action=ignore \
      --require-hashes \
      --only-binary=:all: \
      --requirement=requirements.txt

# The application; see .dockerignore for what stays out.
COPY --chown=10001:10001 . .

# A number, so that a cluster can check that it is not root.
USER 10001:10001

# No start command was found in the application: add one, such as CMD ["python", "main.py"].
