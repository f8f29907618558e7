"""MCPWorks: function hosting, British Columbia."""
