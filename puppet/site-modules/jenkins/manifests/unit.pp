# @summary What is added to Jenkins' unit: its settings, and what it may do on the host.
class jenkins::unit {
  $bytes   = pick($facts.dig('memory', 'system', 'total_bytes'), 0)
  # In steps of 64 MiB, so that a new kernel with a little less memory does not restart Jenkins.
  $shared  = Integer($bytes * $jenkins::heap_share / 67108864) * 64
  $heap    = pick($jenkins::heap, min(max($shared, 512), 8192))

  $war     = 'sha256' in $jenkins::source ? {
    true    => { 'war' => $jenkins::source['sha256'], 'unit' => sha256(file('jenkins/jenkins.service')) },
    default => {},
  }

  # jenkins-apply sees that it is another one, and starts Jenkins anew when it builds nothing.
  systemd_unit { 'jenkins.service.d/pkgci.conf':
    content => epp('jenkins/unit.conf.epp', {
        'settings'    => {
          'CASC_JENKINS_CONFIG'    => "${jenkins::state}/casc.d",
          'JAVA_OPTS'              => [
            "-Xmx${heap}m",
            '-Djava.awt.headless=true',
            '-Djenkins.install.runSetupWizard=false',
          ].join(' '),
          'JENKINS_HOME'           => $jenkins::home,
          'JENKINS_LISTEN_ADDRESS' => $jenkins::listen_address,
          'JENKINS_PORT'           => String($jenkins::port),
          'JENKINS_PREFIX'         => $jenkins::prefix,
          'JENKINS_WAR'            => $jenkins::war,
        },
        'etc'         => $jenkins::etc,
        'state'       => $jenkins::state,
        'home'        => $jenkins::home,
        'restart_for' => $jenkins::restart_for + $war,
    }),
  }
}
