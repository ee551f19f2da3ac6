# @summary A site's own Configuration as Code, with the types of what Jenkins takes without looking at it.
#
# `jenkins-apply` finds the rest before it asks Jenkins; this is found while the catalog is compiled.
#
# @param name
#   What the site calls it.
# @param data
#   The configuration.
# @return
#   The same.
function jenkins::checked(Jenkins::File_name $name, Hash[String[1], Data] $data) >> Hash[String[1], Data] {
  $node  = Struct[{ permanent => Hash[String[1], Data] }]
  $types = {
    ['jenkins']                                             => Hash[String[1], Data],
    ['jenkins', 'numExecutors']                             => Integer[0],
    ['jenkins', 'slaveAgentPort']                           => Integer[-1, 65535],
    ['jenkins', 'quietPeriod']                              => Integer[0],
    ['jenkins', 'mode']                                     => Enum['NORMAL', 'EXCLUSIVE'],
    ['jenkins', 'nodes']                                    => Array[Hash[String[1], Data, 1, 1]],
    ['unclassified']                                        => Hash[String[1], Data],
    ['unclassified', 'gearmanPluginConfig']                 => Hash[String[1], Data],
    ['unclassified', 'gearmanPluginConfig', 'enablePlugin'] => Boolean,
    ['unclassified', 'gearmanPluginConfig', 'port']         => Integer[1, 65535],
    ['credentials']                                         => Hash[String[1], Data],
    ['security']                                            => Hash[String[1], Data],
  }
  $types.each |$path, $type| { jenkins::expect($name, $data, $path, $type) }

  pick_default($data.dig('jenkins', 'nodes'), []).each |$index, $entry| {
    if $entry =~ $node {
      {
        ['name']         => Jenkins::Node_name,
        ['remoteFS']     => String[1],
        ['numExecutors'] => Integer[1],
        ['launcher']     => Variant[String[1], Hash[String[1], Data, 1, 1]],
      }.each |$path, $type| { jenkins::expect("${name}: jenkins.nodes[${index}]", $entry['permanent'], $path, $type) }
    }
  }
  $data
}
