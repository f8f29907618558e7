"""Example Bakery: a made-up company that plans with Pyplan."""
