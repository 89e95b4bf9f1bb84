package authenticator

// thirdPartyPayment (§12.9) remembers that a credential may be used for payments
// at other sites than its own, in the flags of the key handle.
var thirdPartyPayment = extension{
	name: "thirdPartyPayment",
	create: onTrue(func(op *makeCredential) error {
		op.created.flags |= flagThirdPartyPayment
		return nil
	}),
	get: onTrue(func(op *getAssertion) error {
		op.outputs.sign("thirdPartyPayment", op.cred.flags&flagThirdPartyPayment != 0)
		return nil
	}),
}
