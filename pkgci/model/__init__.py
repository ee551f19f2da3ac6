"""The site model: what a site file says, what it means, and which connections follow from it."""

import os

# Plugins of pydantic have no business here, and looking for them takes longer than reading a site file.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
