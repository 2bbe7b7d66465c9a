"""One generation: what is asked of it, and what it gives."""
