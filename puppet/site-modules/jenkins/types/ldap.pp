# @summary An LDAP directory that has Jenkins' users.
type Jenkins::Ldap = Struct[{
    server           => Pattern[/\Aldaps?:\/\//],
    root_dn          => String[1],
    user_search      => String[1],
    user_search_base => String,
    manager_dn       => Optional[String[1]],
}]
