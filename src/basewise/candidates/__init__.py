"""The catalogue of base images, lifecycles and trust."""
