# @summary Builds packages.
class role::slave_build {
  include profile::base
  include profile::slave
  include profile::job_limits
  include profile::package_builder
  include profile::source_store
  include profile::fetch_source
  include profile::log_upload
}
