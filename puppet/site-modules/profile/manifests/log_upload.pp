# @summary The key by which a host that runs jobs hands logs and artifacts to the log server.
#
# @param private_key
#   The private SSH key.
# @param owner
#   Whose programs use it.
class profile::log_upload (
  Sensitive[String[1]] $private_key,
  String[1]            $owner = 'root',
) {
  $file = '/etc/pkgci/keys/log_upload'

  file { $file:
    ensure    => file,
    owner     => $owner,
    group     => 'root',
    mode      => '0600',
    content   => $private_key,
    show_diff => false,
    backup    => false,
  }
}
