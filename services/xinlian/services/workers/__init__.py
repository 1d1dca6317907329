"""Processes and threads: the lock of a data folder, worker threads, the supervisor."""
