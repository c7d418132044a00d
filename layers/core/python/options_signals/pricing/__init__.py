"""European option prices, Greeks, implied volatilities, forwards and discount factors: arrays in, arrays out."""
