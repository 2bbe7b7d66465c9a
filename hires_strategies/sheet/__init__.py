"""The contact sheet: the variants of one run side by side."""
