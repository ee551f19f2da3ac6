# @summary A slave that installs packages of changes in fresh roots, which it keeps fresh, and judges the repositories.
class profile::package_tester {
  include profile::chroots

  class { 'package_tester':
    user    => $profile::slave::user,
    require => Class['profile::chroots'],
  }
  contain package_tester

  package_chroots::kept { 'test': }
}
