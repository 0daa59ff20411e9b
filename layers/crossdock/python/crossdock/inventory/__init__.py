"""Stock: movements kept for ever, balances folded from them, availability promised, drift found and healed."""
