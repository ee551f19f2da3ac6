# The probe for hosts without Python: see probe.py, whose plan and answers it shares. It needs perl-base only, so it
# checks no certificate and no host key, and says so.
use strict;
use warnings;
use Errno qw(EINPROGRESS ECONNREFUSED ECONNRESET ETIMEDOUT EHOSTUNREACH ENETUNREACH EACCES EPERM EADDRNOTAVAIL);
use IO::Select;
use Socket qw(:DEFAULT :addrinfo inet_pton AF_INET6 pack_sockaddr_in6 SO_ERROR SOL_SOCKET);
use Fcntl;
use POSIX ();

my $AT_ONCE = 400;
my ($limit, @waiting, @names, %active) = (3);
$| = 1;
$SIG{PIPE} = 'IGNORE';

while (my $line = <DATA>) {
    chomp $line;
    my ($word, @fields) = split /\t/, $line, -1;
    if ($word eq 'limit') { $limit = $fields[0] }
    elsif ($word eq 'dns') { push @names, [@fields] }
    elsif ($word eq 'tcp') {
        my %check;
        @check{qw(id address port tries delay kind fqdn keys)} = @fields;
        $check{start} = now() + $check{delay};
        push @waiting, \%check;
    }
}
my $total = @waiting + @names;
print "from\t", (split / /, $ENV{SSH_CONNECTION} || '')[0] // '', "\n";

# Seconds since some moment, to a hundredth: perl-base has no Time::HiRes.
sub now { return (POSIX::times())[0] / POSIX::sysconf(POSIX::_SC_CLK_TCK()) }

sub answer {
    my ($id, $outcome, %facts) = @_;
    for (values %facts) { s/[^\x20-\x7e]+/ /g; $_ = substr $_, 0, 300 }
    print join("\t", $id, $outcome, map { "$_=$facts{$_}" } sort keys %facts), "\n";
}

sub outcome_of {
    my $error = $_[0] + 0;
    return 'filtered' if $error == ETIMEDOUT;
    return 'refused' if $error == ECONNREFUSED || $error == ECONNRESET;
    return 'unreachable' if grep { $error == $_ } EHOSTUNREACH, ENETUNREACH, EACCES, EPERM, EADDRNOTAVAIL;
    return 'failed';
}

sub finish {
    my ($check, $outcome, %facts) = @_;
    delete $active{fileno $check->{socket}} if $check->{socket};
    close $check->{socket} if $check->{socket};
    delete $check->{socket};
    answer($check->{id}, $outcome, ms => int(1000 * (now() - $check->{began})), %facts);
}

sub failed {
    my ($check, $error) = @_;
    finish($check, outcome_of($error), said => "$error");
}

sub begin {
    my ($check) = @_;
    $check->{began} ||= now();
    my $six = $check->{address} =~ /:/;
    my $family = $six ? AF_INET6 : AF_INET;
    my $packed = inet_pton($family, $check->{address});
    my $place = $six ? pack_sockaddr_in6($check->{port}, $packed) : pack_sockaddr_in($check->{port}, $packed);
    socket(my $socket, $family, SOCK_STREAM, 0) or return finish($check, 'failed', said => "$!");
    fcntl($socket, F_SETFL, fcntl($socket, F_GETFL, 0) | O_NONBLOCK);
    $check->{socket} = $socket;
    $check->{tries}--;
    $check->{connected} = 0;
    $check->{until} = now() + $limit / ($check->{share} ||= $check->{tries} + 1);
    $active{fileno $socket} = $check;
    failed($check, $!) unless connect($socket, $place) || $! == EINPROGRESS;
}

sub opened {
    my ($check) = @_;
    my $error = unpack 'i', getsockopt($check->{socket}, SOL_SOCKET, SO_ERROR);
    if ($error) { $! = $error; return failed($check, $!) }
    return finish($check, 'open') if $check->{kind} eq 'tcp';
    return finish($check, 'open', unchecked => 'certificate') if $check->{kind} eq 'https';
    @$check{qw(connected until heard)} = (1, now() + $limit, '');
    my $words = $check->{kind} eq 'gearman' ? "version\nstatus\n"
        : $check->{kind} eq 'http' ? "GET / HTTP/1.1\r\nHost: $check->{fqdn}\r\nUser-Agent: pkgci\r\nConnection: close\r\n\r\n"
        : '';
    syswrite $check->{socket}, $words if $words;
}

sub heard {
    my ($check) = @_;
    my $got = sysread $check->{socket}, $check->{heard}, 16384, length $check->{heard};
    return unless defined $got;
    my $text = $check->{heard};
    my $ended = !$got;
    if ($check->{kind} eq 'ssh') {
        return finish($check, 'open', banner => $1, unchecked => 'host key') if $text =~ /^(SSH-[^\r\n]*)\r?\n/m;
        return finish($check, 'open', problem => 'no SSH banner') if $ended;
    } elsif ($check->{kind} eq 'gearman') {
        return finish($check, 'open', version => $1) if $text =~ /^(OK[^\r\n]*)\r?\n/;
        return finish($check, 'open', functions => $text =~ tr/\n// - 1) if $text =~ /\A(?:[^\t\n]*(?:\t[^\t\n]*){3}\n)*\.\n/;
        return if !$ended && $text =~ /\A[^\t\n]*\t/;
        return finish($check, 'open', problem => 'no Gearman: ' . ($text || 'no answer')) if $ended || $text =~ /\n/;
    } elsif ($ended || $text =~ /\r?\n\r?\n/) {
        return finish($check, 'open', problem => 'no HTTP answer') unless $text =~ m{^HTTP/\S+ (\d+)};
        my %facts = (status => $1);
        $facts{location} = $1 if $text =~ /^location:\s*(\S+)/im;
        return finish($check, 'open', %facts);
    }
}

sub late {
    my ($check) = @_;
    return finish($check, 'open', problem => "connected, then no answer within $limit s") if $check->{connected};
    return finish($check, 'filtered') if $check->{tries} < 1;
    delete $active{fileno $check->{socket}};
    close $check->{socket};
    begin($check);
}

while (@waiting || %active) {
    my @due = grep { $_->{start} <= now() } @waiting;
    @waiting = grep { $_->{start} > now() } @waiting;
    while (my $check = shift @due) {
        if (keys %active < $AT_ONCE) { begin($check) } else { push @waiting, $check }
    }
    my ($reading, $writing) = (IO::Select->new, IO::Select->new);
    for my $check (values %active) {
        ($check->{connected} ? $reading : $writing)->add($check->{socket});
    }
    my ($readable, $writable) = IO::Select->select($reading, $writing, undef, 0.05);
    heard($active{fileno $_}) for grep { $active{fileno $_} } @{ $readable || [] };
    opened($active{fileno $_}) for grep { $active{fileno $_} } @{ $writable || [] };
    late($_) for grep { $_->{socket} && $_->{until} < now() } values %active;
}

for (@names) {
    my ($id, $fqdn) = @$_;
    my ($error, @found) = eval {
        local $SIG{ALRM} = sub { die "no answer from the resolver\n" };
        alarm($limit < 1 ? 1 : $limit);
        getaddrinfo($fqdn, '', { socktype => SOCK_STREAM });
    };
    $error = $@ if $@;
    alarm 0;
    if ($error) { answer($id, 'failed', said => "$error"); next }
    my %addresses = map { (getnameinfo($_->{addr}, NI_NUMERICHOST, NIx_NOSERV))[1] => 1 } @found;
    answer($id, 'resolved', addresses => join ',', sort keys %addresses);
}
print "done\t$total\n";
