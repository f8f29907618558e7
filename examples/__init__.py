"""Example organisations: a policy as data, datasets, sources and a sample data store for each."""
