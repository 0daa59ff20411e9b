"""Facts that could not be applied or delivered: seen, grouped, corrected, replayed or closed; never lost."""
