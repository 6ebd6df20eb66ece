"""Where images come from: layouts, archives, daemons, directories, registries, opened by one function."""
