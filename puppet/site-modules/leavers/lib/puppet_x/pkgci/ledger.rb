require 'fileutils'
require 'json'
require 'puppet'

module PuppetX; end unless defined?(PuppetX)
module PuppetX::Pkgci; end unless defined?(PuppetX::Pkgci)

# One thing that a role brings to a host. `kind` says what, `name` is a path or a name.
#
# service: a systemd unit. account: a user. line: a line of a file that is not ours. file, tree: written by us, a tree with
# all that is in it. folder: goes when it is empty. trace: what a program of the role makes (a glob), and that goes with
# it. data: what stays, unless it is purged.
PuppetX::Pkgci::Entry = Struct.new(:kind, :name, :detail) do
  def key
    [kind, name]
  end

  def path?
    ['file', 'folder', 'tree', 'trace', 'data'].include?(kind)
  end

  def to_s
    kind == 'line' ? "line #{detail} of #{name.split("\n").first}" : "#{kind} #{name}"
  end
end

# What the roles of this host have ever brought, and is not struck out yet: a file of JSON.
class PuppetX::Pkgci::Ledger
  Entry = PuppetX::Pkgci::Entry

  # Who is no longer needed is stopped first; a folder goes after what is in it.
  ORDER = ['service', 'account', 'line', 'trace', 'tree', 'file', 'data', 'folder'].freeze

  def initialize(path)
    @path = path
  end

  # Nil where there is no file yet. Raises Puppet::Error where it is none of ours.
  def entries
    return unless File.exist?(@path)
    JSON.parse(File.read(@path)).fetch('entries').map { |row| Entry.new(*row) }
  rescue JSON::ParserError, KeyError, TypeError, NoMethodError => e
    raise Puppet::Error, "#{@path} cannot be read (#{e.class}): what roles that left have brought is not known; move it away, " \
                         'run again, and look through this host by hand'
  end

  def write(entries)
    rows = entries.uniq(&:key).sort_by(&:key).map(&:to_a)
    return if rows == self.entries&.map(&:to_a)
    FileUtils.mkdir_p(File.dirname(@path))
    Puppet::Util.replace_file(@path, 0o600) { |file| file.write(JSON.pretty_generate('entries' => rows)) }
  end

  def strike(entry)
    write(entries.reject { |one| one.key == entry.key })
  end

  # What the catalog's resources bring.
  def self.brought_by(resources)
    resources.map { |resource| entry_of(resource) }.compact.uniq(&:key)
  end

  # What is in `known`, and that nobody brings any more, in the order in which it leaves.
  def self.leaving(known, brought)
    kept = brought.map(&:key)
    paths = brought.select(&:path?).map(&:name)
    trees = brought.select { |one| one.kind == 'tree' }.map(&:name)
    gone = known.reject do |one|
      kept.include?(one.key) || (one.path? && (paths.include?(one.name) || below_any?(one.name, trees) || holds?(one, paths)))
    end
    whole = gone.select { |one| one.kind == 'tree' }.map(&:name)
    data = (gone + brought).select { |one| one.kind == 'data' }.map(&:name)
    gone.reject { |one| one.path? && below_any?(one.name, whole) }
        .reject { |one| one.kind == 'folder' && (data.include?(one.name) || below_any?(one.name, data)) }
        .sort_by { |one| [ORDER.index(one.kind), one.kind == 'folder' ? -one.name.count('/') : 0, one.name] }
  end

  def self.below_any?(path, folders)
    folders.any? { |folder| path.start_with?("#{folder}/") }
  end

  # What holds something that stays does not leave whole.
  def self.holds?(entry, paths)
    ['tree', 'trace', 'data'].include?(entry.kind) && paths.any? { |path| path.start_with?("#{entry.name}/") }
  end

  def self.entry_of(resource)
    case resource.type
    when :service then Entry.new('service', resource[:name].delete_suffix('.service'))
    when :user then Entry.new('account', resource[:name], resource[:home]) unless resource[:ensure] == :absent
    when :file then file_entry(resource)
    when :concat_file then Entry.new('file', resource[:path])
    when :file_line then Entry.new('line', "#{resource[:path]}\n#{resource[:line]}", resource[:line])
    when :component then declared(resource)
    end
  end

  def self.file_entry(resource)
    path = resource[:path]
    case resource[:ensure]
    when :absent then nil
    when :directory
      Entry.new(resource[:recurse] == true && (resource.purge? || resource[:source]) ? 'tree' : 'folder', path)
    when nil then Entry.new('file', path) if resource[:content] || resource[:source]
    else Entry.new('file', path) if resource[:replace].to_s != 'false'
    end
  end

  def self.declared(resource)
    found = resource.ref.match(/\ALeavers::(Trace|Data)\[(.+)\]\z/)
    Entry.new(found[1].downcase, found[2]) if found
  end
  private_class_method :below_any?, :holds?, :entry_of, :file_entry, :declared
end
