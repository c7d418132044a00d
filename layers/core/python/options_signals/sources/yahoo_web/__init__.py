"""The parts of `sources.yahoo`: the line to its hosts, and what is read in each kind of answer."""
