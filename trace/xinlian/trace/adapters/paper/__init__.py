"""Paper: the dossier of an item as PDF, its font, its charts."""
