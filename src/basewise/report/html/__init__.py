"""Reports as one HTML file: no network, script and style allowed by hash only, readable without any script."""
