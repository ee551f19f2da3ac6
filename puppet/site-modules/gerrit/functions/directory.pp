# @summary The settings of a Gerrit whose accounts are those of an LDAP directory.
#
# @param ldap
#   The directory.
function gerrit::directory(Hash $ldap) >> Hash {
  $base    = [$ldap['user_search_base'], $ldap['root_dn']].filter |$part| { $part != '' }
  $pattern = $ldap['user_search'].regsubst('[{]0[}]', "\${username}", 'G')
  $manager = $ldap['manager_dn'] ? {
    undef   => {},
    default => { 'username' => $ldap['manager_dn'] },
  }

  $settings = {
    'auth' => { 'type' => 'LDAP', 'gitBasicAuthPolicy' => 'HTTP_LDAP' },
    'ldap' => {
      'server'         => $ldap['server'],
      'accountBase'    => $base.join(','),
      'accountPattern' => "(${pattern})",
      'groupBase'      => $ldap['root_dn'],
    } + $manager,
  }
  $settings
}
