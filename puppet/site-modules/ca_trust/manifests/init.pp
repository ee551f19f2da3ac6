# @summary The host's trust store.
class ca_trust {
  package { 'ca-certificates':
    ensure => installed,
  }
}
