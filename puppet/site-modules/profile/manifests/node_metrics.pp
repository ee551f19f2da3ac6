# @summary The host's metrics, for the monitoring host: the firewall lets nobody else read them.
class profile::node_metrics {
  require profile::firewall

  packet_filter::needed_by { 'prometheus-node-exporter':
    before => Package['prometheus-node-exporter'],
  }

  package { 'prometheus-node-exporter':
    ensure          => installed,
    install_options => ['--no-install-recommends'],
  }

  service { 'prometheus-node-exporter':
    ensure  => running,
    enable  => true,
    require => Package['prometheus-node-exporter'],
  }
}
