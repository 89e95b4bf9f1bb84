package main

import (
	"errors"
	"os"
	"syscall"
)

// dumpableVariable is the environment variable that, set to 1, leaves the memory
// of softkey open to debuggers.
const dumpableVariable = "SOFTKEY_DUMPABLE"

// hideMemory keeps keys and PINs out of core dumps, and out of the reach of other
// programs of this user: those could else read the memory of this one, and its
// environment, where a PIN may be. Root can all the same.
func hideMemory() error {
	if os.Getenv(dumpableVariable) == "1" {
		return nil
	}
	var hide error
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_DUMPABLE, 0, 0); errno != 0 {
		hide = os.NewSyscallError("prctl", errno)
	}
	return errors.Join(hide, noCoreFile())
}

// noCoreFile sets the greatest size of a core file to 0, for what is started from
// here, too. It asks first: a sandbox may forbid to set what is set already.
func noCoreFile() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err == nil && limit == (syscall.Rlimit{}) {
		return nil
	}
	return os.NewSyscallError("setrlimit", syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}))
}
