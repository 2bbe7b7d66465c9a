"""What has to do with one other extension: a file for each, named for it."""
