# python-fido2: its own list of devices, U2F, WebAuthn ceremonies at its server, PIN.
#
# vm: uml
# packages: python3 python3-cryptography
# python: fido2==2.2.1
plug
python3 "$E2E_SHARE/e2e/python/fido2_client.py" "$node"
