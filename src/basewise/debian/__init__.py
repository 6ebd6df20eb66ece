"""Debian archives: control stanzas, indexes, .deb files, dependency closure."""
