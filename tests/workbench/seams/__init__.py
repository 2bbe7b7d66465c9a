"""Do the borders of tiles show? See tests/workbench/seams_study.py."""
