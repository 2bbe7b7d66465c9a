"""Finding how much noise a stage may start from: the largest at which the layout is still the first pass's."""
