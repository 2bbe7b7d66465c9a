"""Walking a plan with a host's verbs, and remembering first passes."""
