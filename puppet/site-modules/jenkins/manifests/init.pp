# @summary A Jenkins controller: its package or WAR, plugins, unit settings, and Configuration as Code.
#
# The controller starts only once its plugins and its configuration are in place, for without them it would be open to
# whoever reaches it. What is written here is wanted; `jenkins-apply` makes it so, and puts back what was there before if
# Jenkins rejects it. Jobs are nobody's business here.
#
# @param version
#   The release to install from the apt source. It stays until this changes.
# @param source
#   An apt source, or a WAR to install in place of the package.
# @param plugins
#   Plugin → version, with all that they depend on. What else is there goes; what else would come along is refused.
# @param plugin_checksums
#   Plugin:version → the SHA-256 checksum of its file. With another one it is refused.
# @param plugin_companions
#   Plugins that may come along in any version.
# @param plugin_installer
#   What installs plugins: jenkins-plugin-manager.jar by address and checksum, or a program of the host that takes its arguments.
# @param configuration
#   Name → one file of Configuration as Code, as data.
# @param secrets
#   Name → secret, each a file that the configuration reads with `${readFile:/etc/jenkins/secrets/NAME}`.
# @param seeds
#   File in Jenkins' home → its first content. Jenkins writes these files itself: what it made of them stays.
# @param restart_for
#   Settings that Jenkins reads when it starts and at no other time: a change of one restarts it.
# @param update_center
#   A mirror of Jenkins' update center.
# @param listen_address
#   Where Jenkins listens.
# @param port
#   Its port.
# @param prefix
#   The context path.
# @param heap
#   Java's heap, in MiB. Without it, `heap_share` of the host's memory, but at least 512 and at most 8192 MiB.
# @param heap_share
#   The heap's share of the host's memory.
# @param account
#   An administrator, and the secret that is the password: as him nodes are taken out of service and connected anew.
#   Without one, Jenkins is restarted when it builds nothing.
# @param patience
#   For how many seconds builds are waited for that stand in the way of a change.
class jenkins (
  Pattern[/\A\d+(\.\d+)+\z/]                             $version,
  Variant[Jenkins::Apt_source, Download::Archive]         $source,
  Hash[Jenkins::File_name, Pattern[/\A[\w.-]+\z/]]       $plugins,
  Hash[String[1], Pattern[/\A[0-9a-f]{64}\z/]]           $plugin_checksums,
  Array[Jenkins::File_name]                              $plugin_companions,
  Variant[Download::Archive, Stdlib::Absolutepath]        $plugin_installer,
  Hash[Jenkins::File_name, Hash[String[1], Data]]        $configuration,
  Sensitive[Hash[Jenkins::File_name, String[1]]]         $secrets,
  Hash[Jenkins::File_name, String[1]]                    $seeds          = {},
  Hash[Pattern[/\A[a-z_]+\z/], Pattern[/\A[\w.:,-]+\z/]] $restart_for    = {},
  Optional[Stdlib::HTTPUrl]                              $update_center  = undef,
  Pattern[/\A[0-9a-f.:]+\z/]                             $listen_address = '127.0.0.1',
  Stdlib::Port                                           $port           = 8080,
  Pattern[/\A\/[\w-]+\z/]                                $prefix         = '/jenkins',
  Optional[Integer[256]]                                 $heap           = undef,
  Float[0.1, 0.9]                                        $heap_share     = 0.5,
  Optional[Jenkins::Account]                             $account        = undef,
  Integer[0, 86400]                                      $patience       = 900,
) {
  if $account and !($account['secret'] in $secrets.unwrap) {
    fail("jenkins::account: there is no secret '${account['secret']}'")
  }

  $home     = '/var/lib/jenkins'
  $war      = '/usr/share/java/jenkins.war'
  $etc      = '/etc/jenkins'
  $state    = '/var/lib/jenkins-apply'
  $drop_in  = '/etc/systemd/system/jenkins.service.d/pkgci.conf'

  contain jenkins::account
  contain jenkins::java
  contain jenkins::unit
  contain jenkins::configuration
  contain jenkins::apply
  contain jenkins::service

  # The package starts Jenkins: by then the unit must know that it is to wait.
  [Class['jenkins::account'], Class['jenkins::java']] -> Class['jenkins::unit']

  if 'fingerprint' in $source {
    contain jenkins::apt
    Class['jenkins::unit'] -> Class['jenkins::apt'] -> Class['jenkins::configuration']
  } else {
    contain jenkins::war
    Class['jenkins::unit'] -> Class['jenkins::war'] -> Class['jenkins::configuration']
  }

  # The history of builds stays; what Jenkins keeps of secrets, and who may log in, goes.
  leavers::data { [$home, '/var/cache/jenkins']: }
  leavers::trace { [$state, "${home}/secrets", "${home}/users", "${home}/*.key*", "${home}/credentials.xml"]: }

  Class['jenkins::configuration'] -> Class['jenkins::apply'] -> Class['jenkins::service']
}
