"""Somebody's existing Puppet manifests in place of pkgci's own: fetched, checked, and given the site's Hiera data."""
