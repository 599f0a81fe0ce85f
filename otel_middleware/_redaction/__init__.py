"""How secrets are found and replaced; :mod:`otel_middleware.sanitization` is its only door."""
