"""What has to do with one other extension, a file or two for each, named for it."""
