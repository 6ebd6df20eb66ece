"""Version order of each ecosystem."""
