"""Settings: `pyproject.toml`, `basewise.toml`, environment, flags; each wins over the one before."""

from __future__ import annotations
