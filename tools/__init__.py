"""Programs for those who work on pkgci. None of them is part of what is installed."""
