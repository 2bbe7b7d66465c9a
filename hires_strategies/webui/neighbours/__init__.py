"""What has to do with one other extension: a file each, named for it."""
