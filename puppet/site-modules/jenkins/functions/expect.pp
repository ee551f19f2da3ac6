# @summary Ends the compilation where a value in a site's own configuration has not the type that it must have.
#
# A variable (`${…}`) passes: what it stands for is known on the host.
#
# @param where
#   Where the value is, in words.
# @param data
#   What it is in.
# @param path
#   The way to it.
# @param type
#   The type.
function jenkins::expect(String[1] $where, Hash $data, Array[String[1], 1] $path, Type $type) >> Undef {
  $value = $data.dig(*$path)
  if $value =~ NotUndef and $value !~ $type and !($value =~ String and "\${" in $value) {
    fail("${where}: ${path.join('.')}: ${type} is expected, not ${type($value, 'generalized')}")
  }
}
