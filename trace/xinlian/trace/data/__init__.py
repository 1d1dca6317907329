"""Data that ships with trace: the font of documents and labels, with its licence beside it."""
