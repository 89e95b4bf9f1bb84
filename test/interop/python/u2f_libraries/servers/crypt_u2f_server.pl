# Crypt::U2F::Server, which is libu2f-server in Perl. It leaves the counter to
# its caller.
use strict;
use warnings;
use Crypt::U2F::Server::Simple;
use JSON;

my ($app_id, $origin) = @ARGV;
my ($server, @key);

sub begin {
    $server = Crypt::U2F::Server::Simple->new(appId => $app_id, origin => $origin, @key);
    return $server;
}

sub failed { return { error => Crypt::U2F::Server::Simple->lastError } }

my %steps = (
    register => sub { decode_json(begin()->registrationChallenge) },
    bind     => sub {
        my ($key_handle, $public_key) = $server->registrationVerify($_[0]);
        return failed() unless defined $public_key;
        @key = (keyHandle => $key_handle, publicKey => $public_key);
        return { ok => JSON::true };
    },
    sign   => sub { decode_json(begin()->authenticationChallenge) },
    verify => sub { $server->authenticationVerify($_[0]) ? { ok => JSON::true } : failed() },
);

$| = 1;
while (my $line = <STDIN>) {
    chomp $line;
    my ($step, $response) = split ' ', $line, 2;
    print encode_json(eval { $steps{$step}->($response) } // { error => "$@" }), "\n";
}
