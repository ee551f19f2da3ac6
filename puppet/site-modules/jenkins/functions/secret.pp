# @summary How the configuration names one of `jenkins::secrets`: Jenkins reads the file itself.
#
# @param name
#   The secret's name.
# @return
#   The reference.
function jenkins::secret(Jenkins::File_name $name) >> String {
  "\${readFile:/etc/jenkins/secrets/${name}}"
}
