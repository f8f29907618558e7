"""MCPR: dashboards for a proxy, in the cloud."""
