# @summary A slave that builds packages, in chroots that it keeps fresh.
class profile::package_builder {
  include profile::chroots

  class { 'package_builder':
    user    => $profile::slave::user,
    require => Class['profile::chroots'],
  }
  contain package_builder

  package_chroots::kept { 'build': }
}
