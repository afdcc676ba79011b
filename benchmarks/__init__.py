"""What was measured, and what made the pages and weights: run with ``python -m benchmarks...``.

`performance` measures time and memory, `studies` are experiments on data, `pages` write and draw
the documentation, `release` makes the bundled weights, `simulator_realism` holds simulators against
real data.
"""
