# How long a round trip takes, printed and not judged.
#
# vm: uml
# timeout: 300
# tests: ./test/e2e/node
client softkey 'the client of softkey'
plug
go_tests node.test -test.run Latency
