# @summary Installs packages in fresh systems.
class role::slave_install {
  include profile::base
  include profile::slave
  include profile::job_limits
  include profile::package_tester
  include profile::log_upload
}
