# A part of sbuild's settings, and so a program that sbuild itself runs: what runs in a chroot has no network.
#
# sbuild takes the network away from the build alone. Packages that are installed for it have maintainer scripts, which
# run as root and leave what they like for whatever runs next. So everything is fetched before, while nothing in the
# chroot is anybody's but the distribution's and ours; from then on nothing there has a network.
package Pkgci::Offline;

use strict;
use warnings;

use Sbuild::Build;
use Sbuild::ChrootUnshare;
use Sbuild::ResolverBase;

# Whether what starts now has the network, and whether nothing may have it any more.
our $networked = 0;
my $closed = 0;
# The kernel's own list of interfaces, below two lines of headings.
my $ALONE = q{test -z "$(tail -n +3 /proc/net/dev | grep -v '^ *lo:')"};

# Puts $by in the place of the function $name, and gives it that.
sub instead {
    my ($name, $by) = @_;
    no strict 'refs';
    no warnings 'redefine';
    defined &{$name} or die "this sbuild has no $name: nothing is built here with it\n";
    my $was = \&{$name};
    *{$name} = sub { return $by->($was, @_) };
    return;
}

sub with_network {
    my ($was, @words) = @_;
    local $networked = !$closed;
    return $was->(@words);
}

instead('Sbuild::ChrootUnshare::_get_exec_argv', sub {
    my ($was, $self, $folder, $user, undef, @more) = @_;
    return $was->($self, $folder, $user, $networked ? 0 : 1, @more);
});

# apt's lists, those of the site's repositories (extra.py) and those of the mirror.
instead('Sbuild::Build::run_external_commands', sub {
    my ($was, $self, $stage, @more) = @_;
    return $was->($self, $stage, @more) if $stage ne 'chroot-setup-commands';
    return with_network($was, $self, $stage, @more);
});
instead('Sbuild::ResolverBase::update', \&with_network);

instead('Sbuild::ResolverBase::run_apt', sub {
    my ($was, $self, $mode, $new, $gone, $action, @packages) = @_;
    if (!$closed && $action eq 'install' && $mode ne '-s') {
        my $fetched = with_network($was, $self, $mode, [], [], $action, '--download-only', @packages);
        $closed = 1;
        return 0 if !$fetched;
        $self->get('Session')->run_command({ COMMAND => ['sh', '-c', $ALONE], USER => 'root', DIR => '/' });
        if ($?) {
            $self->log_error("pkgci: the chroot has a network, and nothing is installed in it\n");
            return 0;
        }
    }
    return $was->($self, $mode, $new, $gone, $action, @packages);
});

1;
