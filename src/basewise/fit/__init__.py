"""Whether the application installs, loads and runs on a base image."""
