"""Changes to strategies: the rows of the page, and single values for the X/Y/Z plot."""
