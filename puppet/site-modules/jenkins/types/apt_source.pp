# @summary An apt source of Jenkins' package: where it is, where its signing key is, and the key's fingerprint.
type Jenkins::Apt_source = Struct[{
    url         => Stdlib::HTTPUrl,
    key         => Stdlib::HTTPUrl,
    fingerprint => Pattern[/\A[0-9A-F]{40}\z/],
}]
