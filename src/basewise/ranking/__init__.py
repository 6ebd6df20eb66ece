"""Constraints, cost, order and explanation; works on values of the model alone."""
