"""Pyplan: a connector between AI assistants and its customers' planning applications. It works for its customers (tenants)."""
