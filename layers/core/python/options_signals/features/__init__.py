"""Features: one function per column, run by `catalog.compute`.

Every feature function takes 1-D float64 arrays of one ticker, one value per session, ascending, and returns one
of the same length. Its name is the column, its parameters are the inputs (columns of `inputs.columns_for`, or
other features). What all of them keep, so that each docstring need not repeat it:

- The value at t uses rows up to and including t, all of them public after t's close.
- Memory is finite: 504 sessions are enough for the last rows (see `inputs.WINDOW`).
- NaN means "not known": before the window is full, where an input is NaN, where a ratio has no denominator.
  Nothing is filled in. A flag is 1.0, 0.0 or NaN.
- A missing session inside a window: the functions written here answer NaN until it has left the window;
  252-session windows want 240 values and today's; indicators of TA-Lib skip it and go on with the complete rows.
- `open high low close` are on the model's price basis (total return where `adj_close` exists); `traded_*` are the
  prices people paid. Features marked as levels in the catalog use the traded ones.
- Units: returns and volatilities are decimals (0.01 = 1 %), volatilities per year (252 sessions); oscillators run
  from 0 to 100 or as their authors scale them; volatility indices and yields are in points and percent.
"""
