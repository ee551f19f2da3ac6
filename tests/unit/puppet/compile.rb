# Compiles catalogs as `puppet apply` would, many in one process (one start of Puppet takes seconds).
#
# Reads a JSON list of {"name", "environment", "facts"} from standard input; `environment` is a folder with hiera.yaml, manifests/
# and modules/. Writes a JSON object: name → list of resources, or the compiler's message as a string. Values that the catalog
# marks as sensitive are not written.
require 'json'
require 'puppet'

base = ARGV.fetch(0)
Puppet.initialize_settings(["--vardir=#{base}/var", "--confdir=#{base}/conf", '--strict=error', '--log_level=err'])
Puppet::Util::Log.newdestination(:console)
Puppet::Util::Log.level = :err
Puppet::Resource::Catalog.indirection.terminus_class = :compiler
Puppet::Node.indirection.terminus_class = :plain

def plain(value)
  case value
  when Puppet::Pops::Types::PSensitiveType::Sensitive then '[sensitive]'
  when Array then value.map { |item| plain(item) }
  when Hash then value.to_h { |key, item| [key.to_s, plain(item)] }
  when Integer, true, false, nil then value
  else value.to_s
  end
end

def compile(task)
  modules = [File.join(task['environment'], 'modules'), '/usr/share/puppet/modules']
  environment = Puppet::Node::Environment.create(:site, modules, File.join(task['environment'], 'manifests'))
  loader = Puppet::Environments::Static.new(environment)
  loader.define_singleton_method(:get_conf) do |name|
    Puppet::Settings::EnvironmentConf.load_from(task['environment'], modules) if name.to_sym == :site
  end
  Puppet[:hiera_config] = File.join(task['environment'], 'hiera.yaml')
  Puppet.override(environments: loader, current_environment: environment) do
    facts = Puppet::Node::Facts.new(task['name'], task['facts'].merge('clientversion' => Puppet.version))
    node = Puppet::Node.new(task['name'], environment: environment, facts: facts)
    node.merge(facts.values)
    catalog = Puppet::Resource::Catalog.indirection.find(task['name'], use_node: node)
    # What must come before itself is found only by who orders all of it, as `puppet apply` does.
    cycles = catalog.to_ral.tap(&:finalize).relationship_graph.find_cycles_in_graph
    raise Puppet::Error, "a cycle: #{cycles.first.join(' → ')}" unless cycles.empty?

    catalog.resources.map do |resource|
      secret = resource.sensitive_parameters.map(&:to_s)
      values = resource.to_hash.to_h { |key, value| [key.to_s, secret.include?(key.to_s) ? '[sensitive]' : plain(value)] }
      { 'type' => resource.type, 'title' => resource.title.to_s, 'values' => values }
    end
  end
end

answers = JSON.parse($stdin.read).to_h do |task|
  [task['name'], begin
    compile(task)
  rescue Puppet::Error => e
    e.message
  end]
end
puts JSON.generate(answers)
