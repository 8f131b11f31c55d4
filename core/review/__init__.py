"""Review of recorded samples: order, suspected label errors, balance, and a map of them."""
