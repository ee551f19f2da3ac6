"""gerrit-apply: makes Gerrit what Puppet wrote down as wanted."""
