# @summary Text as Configuration as Code takes it literally: `${…}` in it is not looked up.
#
# @param text
#   The text.
# @return
#   The same, escaped.
function jenkins::literal(String $text) >> String {
  regsubst($text, '\$\{', "^\${", 'G')
}
