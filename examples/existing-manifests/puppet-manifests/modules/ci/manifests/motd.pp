# == Class: ci::motd
#
# Tells who logs in where he is.
#
class ci::motd {
  include ::ci

  file { '/etc/motd':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => template('ci/motd.erb'),
  }
}
