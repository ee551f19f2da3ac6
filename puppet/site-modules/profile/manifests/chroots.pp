# @summary Warm chroots and roots of tests on a slave. Who needs some kept fresh says so: package_chroots::kept.
class profile::chroots {
  # Roots trust the authorities that the host trusts, and its account makes them.
  require profile::ca_certificate
  require profile::slave
  include profile::repository_keys

  class { 'package_chroots':
    user => $profile::slave::user,
  }
  contain package_chroots
}
