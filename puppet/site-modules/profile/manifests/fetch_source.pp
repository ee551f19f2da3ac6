# @summary The account through which the publisher fetches what was built here.
#
# Until there is something to fetch, all that its key does is to say so.
#
# @param publishers
#   The addresses that the publisher connects from.
# @param authorized_key
#   The publisher's public SSH key.
class profile::fetch_source (
  Array[Stdlib::IP::Address::Nosubnet, 1] $publishers,
  String[1]                               $authorized_key,
) {
  user { 'fetch':
    ensure => present,
    system => true,
    home   => '/nonexistent',
    shell  => '/bin/sh',
    groups => ['pkgci-keys'],
  }

  ssh_access::keys { 'fetch':
    keys    => [$authorized_key],
    from    => $publishers,
    options => ['restrict', 'command="/bin/echo There is nothing to fetch yet."'],
  }
}
