"""The `.dockerignore` for an application that has none."""

from __future__ import annotations

__all__ = ["render_dockerignore"]

_TEXT = """\
# Written by basewise: what must not enter the image.
# Secrets
.env
.env.*
*.pem
*.key
.netrc
.aws
.ssh
# History, editors, caches
.git
.gitignore
.github
.idea
.vscode
.cache
.mypy_cache
.pytest_cache
.ruff_cache
.ipynb_checkpoints
**/.ipynb_checkpoints
**/__pycache__
**/*.pyc
# Environments of this machine
.venv
venv
*.egg-info
node_modules
# What describes the image itself
Dockerfile*
.dockerignore
docker-compose*.yml
compose*.yaml
"""


def render_dockerignore() -> str:
    """Return the text of a `.dockerignore`: secrets, history, caches and environments stay out."""
    return _TEXT
