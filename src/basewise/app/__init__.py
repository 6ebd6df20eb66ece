"""What the application asks for, read from its files without executing anything.

`read.read_application` is the way in. Each kind of file has a reader of its own (`manifest.ManifestReader`),
listed in `builtin`; all of them open files through `folder.Folder`, which keeps them beneath the application.
"""
