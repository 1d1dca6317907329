"""Pages for people with a phone: what lies behind a label's code, and the reader of codes."""
