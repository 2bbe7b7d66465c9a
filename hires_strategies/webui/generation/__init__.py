"""One generation: what it is asked for, and what it returns."""
