"""Strategies + a first pass -> the exact stages, their sizes, noise, cost and time. No tensors, no host."""
