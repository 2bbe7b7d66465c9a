"""Does a map of what is locally blurred or fused find broken faces? See tests/workbench/where_study.py."""
