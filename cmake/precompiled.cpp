// The precompiled headers of examples and benchmarks belong to this file.
