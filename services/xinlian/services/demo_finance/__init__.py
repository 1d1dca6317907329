"""A small economy, told as a story: who promises, who asks for money, who bears what."""
