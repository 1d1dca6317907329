"""What people do with traces: take in, trace, recall, analyse."""
