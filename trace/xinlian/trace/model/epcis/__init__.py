"""EPCIS 2.0 events: names, validation, event hash ids, facts and queries."""
