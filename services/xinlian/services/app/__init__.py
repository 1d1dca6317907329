"""Application services: what the API, the command line and the demo ask for, decided here."""
