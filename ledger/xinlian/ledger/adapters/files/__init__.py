"""Tables in files: CSV, Excel and the YAML that says what their columns mean."""
