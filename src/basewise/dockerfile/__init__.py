"""Dockerfiles: a lossless model of what a file says, and its parts read one by one.

`parse.parse_dockerfile` gives a value whose text is the file again; `parse.stages`, `variables.expand` and
`shell.installed_packages` read it further. Nothing is executed or fetched.
"""
