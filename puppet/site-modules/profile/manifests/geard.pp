# @summary The Gearman server through which Zuul gives jobs to Jenkins.
#
# @param port
#   Where it listens. Gearman knows no authentication: the firewall lets only the Jenkins master in.
class profile::geard (
  Stdlib::Port $port,
) {
  require profile::firewall

  packet_filter::needed_by { 'geard':
    before => Class['geard'],
  }

  class { 'geard':
    port => $port,
  }
  contain geard
}
