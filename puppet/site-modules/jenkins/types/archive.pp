# @summary A file to download, by address and SHA-256 checksum.
type Jenkins::Archive = Struct[{
    url    => Stdlib::HTTPUrl,
    sha256 => Pattern[/\A[0-9a-f]{64}\z/],
}]
