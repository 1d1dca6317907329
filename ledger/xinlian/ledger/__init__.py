"""Money, days, parties, vouchers and the chain client of the network."""
