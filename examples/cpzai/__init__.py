"""CPZAI: a trading connector."""
