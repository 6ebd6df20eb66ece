"""Public test kit: look-alikes of base images, and building on them without a daemon."""
