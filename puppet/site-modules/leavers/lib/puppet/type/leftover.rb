require_relative '../../puppet_x/pkgci/ledger'
require_relative '../../puppet_x/pkgci/leftovers'

Puppet::Type.newtype(:leftover) do
  @doc = 'One thing that a role has brought which this host no longer has. Made by `ledger`, never written in a manifest.'

  newparam(:title_name, namevar: true) do
    desc 'What it is, for people.'
  end

  newparam(:entry) do
    desc 'What it is, as in the ledger.'
    validate { |value| raise ArgumentError, 'is no entry' unless value.is_a?(PuppetX::Pkgci::Entry) }
  end

  newparam(:ledger) do
    desc 'The ledger, out of which it is struck when it is gone.'
  end

  newproperty(:ensure) do
    desc 'absent: gone. locked: an account that still owns something. open: an account that is needed again.'
    newvalues(:absent, :locked, :open, :present)

    def retrieve
      PuppetX::Pkgci::Leftovers.state(resource[:entry])
    end

    def insync?(is)
      is == should || (should == :open && is != :locked) || (should == :locked && is == :absent)
    end

    def change_to_s(_is, should)
      { absent: 'removed', locked: 'locked, for it owns data that stays', open: 'unlocked' }[should]
    end

    def set(value)
      PuppetX::Pkgci::Leftovers.make(value, resource[:entry])
      PuppetX::Pkgci::Ledger.new(resource[:ledger]).strike(resource[:entry]) if value == :absent
    end
  end
end
