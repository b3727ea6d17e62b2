"""The SQLite store: one file, one writer thread, group commit."""
