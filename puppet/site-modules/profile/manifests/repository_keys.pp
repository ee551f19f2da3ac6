# @summary The keys by which the host knows the site's package repositories. Certificates: everybody may read them.
#
# @param release
#   The certificate of the released packages' key, armoured.
# @param review
#   The certificate of the key that signs the repositories of changes under review, armoured.
class profile::repository_keys (
  String[1] $release,
  String[1] $review,
) {
  file { '/etc/pkgci/repository':
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  $certificates = { 'release' => $release, 'review' => $review }

  $certificates.each |String $name, String $certificate| {
    file { "/etc/pkgci/repository/${name}.asc":
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => $certificate,
    }
  }
}
