<?php
// code-lts/u2f-php-server. With a third argument, a folder of roots, it verifies
// who issued the attestation certificate.
require 'CodeLts/U2F-php-server/autoload.php';

use CodeLts\U2F\U2FServer\U2FServer;

[, $appId, , $roots] = $argv + [3 => null];
$request = $registration = $requests = null;

$steps = [
    'register' => function () use (&$request, $appId) {
        return $request = U2FServer::makeRegistration($appId)['request'];
    },
    'bind' => function ($response) use (&$request, &$registration, $roots) {
        $made = U2FServer::register($request, $response, $roots);
        $registration = (object) [
            'keyHandle' => $made->getKeyHandle(), 'publicKey' => $made->getPublicKey(),
            'certificate' => $made->getCertificate(), 'counter' => $made->getCounter(),
        ];
        return ['ok' => true];
    },
    'sign' => function () use (&$requests, &$registration, $appId) {
        $requests = U2FServer::makeAuthentication([$registration], $appId);
        return $requests[0];
    },
    'verify' => function ($response) use (&$requests, &$registration) {
        $registration = U2FServer::authenticate($requests, [$registration], $response);
        return ['ok' => true, 'counter' => $registration->counter];
    },
];

while (($line = fgets(STDIN)) !== false) {
    [$step, $response] = explode(' ', trim($line), 2) + [1 => 'null'];
    try {
        $answer = $steps[$step](json_decode($response));
    } catch (\Throwable $e) {
        $answer = ['error' => get_class($e) . ': ' . $e->getMessage()];
    }
    echo json_encode($answer), "\n";
}
