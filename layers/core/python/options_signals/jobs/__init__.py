"""What each step of the day does, in order; everything it needs comes in as an argument."""
