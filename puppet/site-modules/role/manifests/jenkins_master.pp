# @summary Runs jobs on the slaves.
class role::jenkins_master {
  include profile::base
  include profile::jenkins_master
  include profile::log_upload
  include profile::web
}
