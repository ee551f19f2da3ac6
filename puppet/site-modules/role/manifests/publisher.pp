# @summary Signs and publishes packages.
class role::publisher {
  include profile::base
  include profile::slave
  include profile::publisher
  include profile::log_upload
  include profile::web
}
