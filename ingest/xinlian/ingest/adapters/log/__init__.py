"""The segment log: append-only files, one writer, readers in any process."""
