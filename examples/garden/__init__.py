"""Example Garden: a made-up company that plans with Pyplan."""
