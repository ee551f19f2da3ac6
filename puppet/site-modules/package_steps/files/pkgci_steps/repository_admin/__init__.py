"""The published repositories, as people see and keep them: index pages, what is there, taking back, tidying up."""
