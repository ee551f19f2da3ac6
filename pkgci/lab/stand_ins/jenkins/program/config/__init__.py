"""Jenkins' Configuration as Code, the Gearman plugin's file, and what they say as typed data."""
