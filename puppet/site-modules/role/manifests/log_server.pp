# @summary Keeps and shows the logs and artifacts of jobs.
class role::log_server {
  include profile::base
  include profile::log_server
  include profile::web
}
