# @summary The Jenkins master: which Jenkins, who may do what in it, its slaves, and its place in the host's web server.
#
# @param version
#   The release to install from the apt source.
# @param source
#   An apt source, or a WAR in its place.
# @param plugins
#   Plugin → version.
# @param plugin_installer
#   What installs plugins.
# @param url
#   Jenkins' web address, with a slash at its end.
# @param port
#   Where Jenkins listens, on this host only.
# @param administrators
#   Who may change Jenkins. The first is who deploys the jobs.
# @param agent_keys
#   Key of a slave role (`slave-ROLE`) → the private SSH key by which its agents are started.
# @param nodes
#   Slave → how it is reached, and what it is for.
# @param gearman
#   Where jobs come from: Zuul's Gearman server.
# @param plugin_checksums
#   Plugin:version → the SHA-256 checksum of its file.
# @param plugin_companions
#   Plugins that may come along in any version.
# @param admin_password
#   The password of the first administrator, where users are Jenkins' own.
# @param update_center
#   A mirror of Jenkins' update center.
# @param ldap
#   The directory that has Jenkins' users.
# @param ldap_password
#   The password of its manager.
# @param oidc
#   The provider through which Jenkins' users log in.
# @param oidc_secret
#   The secret that the provider knows Jenkins by.
# @param mail
#   Who answers for this Jenkins.
# @param mail_relay
#   Who takes its mail.
# @param heap
#   Java's heap in MiB, in place of a share of the host's memory.
# @param heap_share
#   That share.
# @param configuration
#   Name → further Configuration as Code of the site's own, as data.
# @param patience
#   For how many seconds builds are waited for that stand in the way of a change of nodes, plugins or Gearman's address.
class profile::jenkins_master (
  String[1]                                                              $version,
  Variant[Jenkins::Apt_source, Download::Archive]                         $source,
  Hash[String[1], String[1]]                                             $plugins,
  Variant[Download::Archive, Stdlib::Absolutepath]                        $plugin_installer,
  Pattern[/\Ahttps:\/\/.*\/\z/]                                          $url,
  Stdlib::Port                                                           $port,
  Array[String[1], 1]                                                    $administrators,
  Sensitive[Hash[Jenkins::File_name, String[1]]]                         $agent_keys,
  Hash[Jenkins::Node_name, Jenkins::Node]                                $nodes,
  Struct[{ host => Stdlib::Host, port => Stdlib::Port }]                 $gearman,
  Hash[String[1], String[1]]                                             $plugin_checksums  = {},
  Array[String[1]]                                                       $plugin_companions = [],
  Optional[Sensitive[String[1]]]                                         $admin_password = undef,
  Optional[Stdlib::HTTPUrl]                                              $update_center = undef,
  Optional[Jenkins::Ldap]                                                $ldap          = undef,
  Optional[Sensitive[String[1]]]                                         $ldap_password = undef,
  Optional[Jenkins::Oidc]                                                $oidc          = undef,
  Optional[Sensitive[String[1]]]                                         $oidc_secret   = undef,
  Optional[String[1]]                                                    $mail          = undef,
  Optional[String[1]]                                                    $mail_relay    = undef,
  Optional[Integer[256]]                                                 $heap          = undef,
  Float[0.1, 0.9]                                                        $heap_share    = 0.5,
  Hash[Jenkins::File_name, Hash[String[1], Data]]                        $configuration = {},
  Integer[0, 86400]                                                      $patience      = 900,
) {
  require profile::firewall
  require profile::ca_certificate
  include profile::web

  # The same path on both sides of the web server.
  $prefix   = $url.regsubst('\Ahttps://[^/]+(.*)/\z', '\1')
  $location = $mail ? {
    undef   => { 'url' => $url },
    default => { 'url' => $url, 'adminAddress' => jenkins::literal($mail) },
  }
  $mailer   = $mail_relay ? {
    undef   => {},
    default => { 'mailer' => { 'smtpHost' => jenkins::literal($mail_relay) } },
  }

  $ours = {
    'jenkins'      => {
      'numExecutors'          => 0,
      'mode'                  => 'EXCLUSIVE',
      'slaveAgentPort'        => -1,
      'crumbIssuer'           => 'standard',
      'markupFormatter'       => 'plainText',
      'securityRealm'         => jenkins::realm($administrators[0], $ldap, $oidc),
      'authorizationStrategy' => jenkins::matrix($administrators),
      'nodes'                 => $nodes.map |$name, $node| { jenkins::node($name, $node) },
    },
    'security'     => {
      'contentSecurityPolicy' => { 'enforce' => true },
    },
    'credentials'  => jenkins::credentials($nodes.values),
    'unclassified' => {
      'location'            => $location,
      'gearmanPluginConfig' => { 'enablePlugin' => true } + $gearman,
    } + $mailer,
  }

  $own = Hash($configuration.map |$name, $data| { [$name, jenkins::checked($name, $data)] })

  # Where users come from elsewhere, this host knows nobody's password.
  $account = $admin_password ? {
    undef   => undef,
    default => { 'user' => $administrators[0], 'secret' => 'admin_password' },
  }

  # Each is given where the realm needs it, and nowhere else.
  $given  = {
    'admin_password' => $admin_password,
    'ldap_password'  => $ldap_password,
    'oidc_secret'    => $oidc_secret,
  }.filter |$name, $value| { $value =~ NotUndef }
  $opened = Hash($given.map |$name, $value| { [$name, $value.unwrap] })

  packet_filter::needed_by { 'jenkins':
    # Jenkins is started by jenkins-apply; its package finds that it is to wait.
    before => Class['jenkins::apply'],
  }

  class { 'jenkins':
    version           => $version,
    source            => $source,
    plugins           => $plugins,
    plugin_checksums  => $plugin_checksums,
    plugin_companions => $plugin_companions,
    plugin_installer  => $plugin_installer,
    configuration     => $own + { 'pkgci' => $ours },
    secrets           => Sensitive($agent_keys.unwrap + $opened),
    seeds             => {
      'hudson.plugins.gearman.GearmanPluginConfig.xml' => epp('profile/gearman.xml.epp', $gearman),
    },
    restart_for       => { 'gearman' => "${gearman['host']}:${gearman['port']}" },
    update_center     => $update_center,
    port              => $port,
    prefix            => $prefix,
    heap              => $heap,
    heap_share        => $heap_share,
    account           => $account,
    patience          => $patience,
  }
  contain jenkins

  profile::web::locations { 'jenkins':
    content => epp('profile/jenkins.conf.epp', { 'port' => $port, 'prefix' => $prefix }),
    modules => ['proxy', 'proxy_http', 'rewrite', 'headers'],
  }

  # Crawlers read every build of every job otherwise.
  file { "${profile::web::docroot}/robots.txt":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "User-agent: *\nDisallow: ${prefix}/\n",
  }
}
