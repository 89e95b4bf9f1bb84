# The kernel's queues are short: what fits them arrives, long answers do at their
# pace, and the transport's own tests pass on a real node.
#
# vm: uml
# packages: python3 python3-cryptography
# python: fido2==2.2.1
# timeout: 300
# tests: ./uhid ./test/e2e/node
client softkey 'the tests of uhid'
go_tests uhid.test -test.run 'TestKernel[^F]'

client softkey 'the client of softkey'
plug --profile full-policy
go_tests node.test -test.run Request
python3 "$E2E_SHARE/e2e/python/answers.py" "$node"
