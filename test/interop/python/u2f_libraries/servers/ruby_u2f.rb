# ruby-u2f.
require 'u2f'

$stdout.sync = true
app_id, = ARGV
server = U2F::U2F.new(app_id)
challenge = registration = counter = nil

steps = {
  'register' => lambda do |_|
    request = server.registration_requests.first
    challenge = request.challenge
    request.as_json
  end,
  'bind' => lambda do |response|
    registration = server.register!(challenge, U2F::RegisterResponse.load_from_json(response))
    counter = 0
    { ok: true }
  end,
  'sign' => lambda do |_|
    request = server.authentication_requests(registration.key_handle).first
    challenge = request.challenge
    request.as_json
  end,
  'verify' => lambda do |response|
    signed = U2F::SignResponse.load_from_json(response)
    server.authenticate!(challenge, signed, Base64.decode64(registration.public_key), counter)
    counter = signed.counter
    { ok: true, counter: counter }
  end
}

while (line = $stdin.gets)
  step, response = line.split(' ', 2)
  begin
    answer = steps[step].call(response)
  rescue StandardError => e
    answer = { error: "#{e.class}: #{e.message}" }
  end
  puts JSON.generate(answer)
end
