# @summary An OpenID Connect provider through which Jenkins' users log in.
type Jenkins::Oidc = Struct[{
    well_known => Stdlib::HTTPSUrl,
    client_id  => String[1],
    user_claim => String[1],
}]
