"""What `check` asks of a Dockerfile: one rule a line of `builtin.py`, judged on a file with its evidence."""
