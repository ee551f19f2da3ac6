require 'puppet/parameter/boolean'
require_relative '../../puppet_x/pkgci/ledger'
require_relative '../../puppet_x/pkgci/leftovers'
require_relative '../../puppet_x/pkgci/past'

Puppet::Type.newtype(:ledger) do
  @doc = 'What the roles of this host have brought to it. What no resource of the catalog brings any more leaves, as a
    `leftover` of its own, so that a noop run shows it.'

  newparam(:path, namevar: true) do
    desc 'The file that says what was brought.'
  end

  newparam(:purge, boolean: true, parent: Puppet::Parameter::Boolean) do
    desc 'Whether data of roles that left goes, too.'
    defaultto false
  end

  # Puppet asks before anything is done. What is brought is written down first: a run that ends early forgets nothing.
  def generate
    book = PuppetX::Pkgci::Ledger.new(self[:path])
    known = book.entries || PuppetX::Pkgci::Past.entries(File.dirname(self[:path]))
    there = PuppetX::Pkgci::Ledger.brought_by(catalog.resources)
    ours = PuppetX::Pkgci::Ledger.brought_by(catalog.resources.reject { |resource| resource.tagged?('stays') })
    leaving = PuppetX::Pkgci::Ledger.leaving(known, there).select { |one| PuppetX::Pkgci::Leftovers.there?(one) }
    book.write(ours + leaving) unless noop?
    back(known, there).map { |one| leftover(one, :open) } + leftovers(leaving, there)
  end

  # Accounts that were locked when their role left.
  def back(known, there)
    again = known.select { |one| one.kind == 'account' && there.any? { |other| other.key == one.key } }
    again.select { |one| PuppetX::Pkgci::Leftovers.state(one) == :locked }
  end

  def leftovers(leaving, there)
    going, staying = leaving.partition { |one| one.kind != 'data' || purge? }
    kept = (staying + there).select { |one| one.kind == 'data' }.map { |one| "#{one.name}/" }
    going.map { |one| leftover(one, one.kind == 'account' ? fate(one, kept) : :absent) }
  end

  # Who owns what stays is not removed: the next account that is made would get the number, and with it the files.
  def fate(entry, kept)
    kept.any? { |path| "#{entry.detail}/".start_with?(path) } ? :locked : :absent
  end

  def leftover(entry, state)
    Puppet::Type.type(:leftover).new(title: entry.to_s, entry: entry, ledger: self[:path], ensure: state)
  end
end
