"""The walk over a plan, with the verbs of a host, and what is remembered of first passes."""
