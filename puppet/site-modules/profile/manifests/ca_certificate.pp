# @summary The hosts trust the site's own certificate authority, so that they trust each other's web servers.
#
# @param site
#   The site's name.
# @param certificate
#   The authority's certificate, PEM.
class profile::ca_certificate (
  Pattern[/\A[a-z0-9-]+\z/] $site,
  String[1]                 $certificate,
) {
  ca_trust::certificate { "pkgci-${site}":
    content => $certificate,
  }
}
