"""Trade documents, limits, quotes, financing and repayment."""
