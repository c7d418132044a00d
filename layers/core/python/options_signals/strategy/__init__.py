"""From a forecast to a decision: pure functions without clock, network or environment."""
