"""The study of the search for the right strength (hires_strategies/finding)."""
