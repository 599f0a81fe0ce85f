"""Which template does a request belong to: declared, described by OpenAPI, told by the framework, or inferred."""
