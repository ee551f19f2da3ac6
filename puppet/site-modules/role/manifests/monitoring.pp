# @summary Collects the metrics of every host.
class role::monitoring {
  include profile::base
  include profile::monitoring
}
