"""Files, SQL tables, bank folders: the outside of finance."""
