# @summary Boots systems with the packages and tests them.
class role::slave_systest {
  include profile::base
  include profile::slave
  include profile::job_limits
  include profile::package_systest
  include profile::log_upload
}
