// Package node measures a running key at its hidraw node: what the kernel's
// queues hold, and how long it takes through them. Its tests (tag e2e) are run by
// test/e2e/run, which plugs the key in and says in E2E_NODE where it is.
package node
