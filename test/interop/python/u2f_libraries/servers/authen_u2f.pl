# Authen::U2F. It leaves the counter to its caller.
use strict;
use warnings;
use Authen::U2F;
use JSON;

my ($app_id, $origin) = @ARGV;
my ($challenge, $key_handle, $key);

sub ask {
    $challenge = Authen::U2F->challenge;
    return { version => 'U2F_V2', challenge => $challenge, appId => $app_id, @_ };
}

my %steps = (
    register => sub { ask() },
    bind     => sub {
        my ($r) = @_;
        ($key_handle, $key) = Authen::U2F->registration_verify(
            challenge         => $challenge,
            app_id            => $app_id,
            origin            => $origin,
            registration_data => $r->{registrationData},
            client_data       => $r->{clientData},
        );
        return { ok => JSON::true };
    },
    sign   => sub { ask(keyHandle => $key_handle) },
    verify => sub {
        my ($r) = @_;
        Authen::U2F->signature_verify(
            challenge      => $challenge,
            app_id         => $app_id,
            origin         => $origin,
            key_handle     => $key_handle,
            key            => $key,
            signature_data => $r->{signatureData},
            client_data    => $r->{clientData},
        );
        return { ok => JSON::true };
    },
);

$| = 1;
while (my $line = <STDIN>) {
    my ($step, $response) = split ' ', $line, 2;
    my $answer = eval { $steps{$step}->($response && decode_json($response)) };
    print encode_json($answer // { error => "$@" }), "\n";
}
