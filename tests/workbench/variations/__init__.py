"""What other hosts of the family do otherwise than A1111, to be put into the workbench by a test."""
