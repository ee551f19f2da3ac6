# @summary What the publisher keeps secret: the key by which it fetches packages from the build slaves.
#
# @param fetch_key
#   The private SSH key.
class profile::publisher (
  Sensitive[String[1]] $fetch_key,
) {
  file { '/etc/pkgci/keys/fetch':
    ensure    => file,
    owner     => 'root',
    group     => 'root',
    mode      => '0600',
    content   => $fetch_key,
    show_diff => false,
    backup    => false,
  }
}
