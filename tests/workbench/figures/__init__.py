"""Drawn figures in landscapes: the pictures, their captions and truth, and what is trained and measured on them."""
