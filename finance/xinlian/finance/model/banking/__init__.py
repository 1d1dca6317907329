"""Messages to and from banks."""
