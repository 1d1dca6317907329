"""What a user can do in finance; stores, files, banks and clocks come in through ports."""
