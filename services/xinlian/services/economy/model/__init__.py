"""The economy itself: companies, trade, production and planted fraud. Pure, seeded."""
