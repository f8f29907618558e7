"""Example Harbour: a made-up company that plans with Pyplan."""
