# @summary The account through which the publisher fetches what was built here: to read it, and nothing else.
#
# @param publishers
#   The addresses that the publisher connects from.
# @param authorized_key
#   The publisher's public SSH key.
class profile::fetch_source (
  Array[Stdlib::IP::Address::Nosubnet, 1] $publishers,
  String[1]                               $authorized_key,
) {
  # The folder, and rsync with its program that restricts a key.
  require profile::package_builder

  user { 'fetch':
    ensure => present,
    system => true,
    # It has nothing of its own; sshd would complain in each log about a home that is not there.
    home   => '/',
    shell  => '/bin/sh',
    groups => ['pkgci-keys'],
  }

  ssh_access::keys { 'fetch':
    keys    => [$authorized_key],
    from    => $publishers,
    options => ['restrict', 'command="/usr/bin/rrsync -ro /srv/pkgci/builds"'],
  }
}
