# @summary Gerrit runs, now and after a restart of the host.
class gerrit::service {
  assert_private()

  service { 'gerrit':
    ensure => running,
    enable => true,
  }
}
