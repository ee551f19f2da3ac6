# @summary Where Jenkins' users come from: LDAP, OpenID Connect, or Jenkins itself with one account.
#
# @param account
#   The account, where they are Jenkins' own; its password is the secret `admin_password`.
# @param ldap
#   An LDAP directory; its manager's password is the secret `ldap_password`.
# @param oidc
#   An OpenID Connect provider; the client's secret is the secret `oidc_secret`.
# @return
#   The value of `jenkins.securityRealm`.
function jenkins::realm(String[1] $account, Optional[Jenkins::Ldap] $ldap, Optional[Jenkins::Oidc] $oidc) >> Hash {
  if $ldap {
    $manager = $ldap['manager_dn'] ? {
      undef   => {},
      default => {
        'managerDN'             => jenkins::literal($ldap['manager_dn']),
        'managerPasswordSecret' => jenkins::secret('ldap_password'),
      },
    }
    $directory = {
      'server'         => jenkins::literal($ldap['server']),
      'rootDN'         => jenkins::literal($ldap['root_dn']),
      'userSearch'     => jenkins::literal($ldap['user_search']),
      'userSearchBase' => jenkins::literal($ldap['user_search_base']),
    }
    $result = { 'ldap' => { 'configurations' => [$directory + $manager] } }
  } elsif $oidc {
    $result = {
      'oic' => {
        'clientId'            => jenkins::literal($oidc['client_id']),
        'clientSecret'        => jenkins::secret('oidc_secret'),
        'serverConfiguration' => {
          'wellKnown' => { 'wellKnownOpenIDConfigurationUrl' => jenkins::literal($oidc['well_known']) },
        },
        'userNameField'       => jenkins::literal($oidc['user_claim']),
      },
    }
  } else {
    $result = {
      'local' => {
        'allowsSignup' => false,
        'users'        => [{ 'id' => $account, 'password' => jenkins::secret('admin_password') }],
      },
    }
  }
  $result
}
