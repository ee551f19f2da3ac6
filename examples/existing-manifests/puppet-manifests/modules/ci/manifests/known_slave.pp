# == Define: ci::known_slave
#
# A slave that the master finds without DNS.
#
define ci::known_slave ($slaves) {
  host { $name:
    ensure => present,
    ip     => $slaves[$name],
  }
}
