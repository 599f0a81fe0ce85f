"""What instrumentation costs: ``python -m benchmarks`` runs all of it and writes ``RESULTS.md``."""
