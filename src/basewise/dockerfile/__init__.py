"""Dockerfiles: a model of what a file says."""
