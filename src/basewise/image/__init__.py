"""What an image is: its configuration, its layers and the file tree they make together."""
