package seal

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/softkey-project/softkey/ctap"
)

// DefaultTPM is the TPM of a Linux machine, behind the kernel's resource manager.
const DefaultTPM = "/dev/tpmrm0"

// TPM is the [Keeper] that has a TPM 2 encrypt the key, under the storage root
// key that never leaves it. The file is then of use on this machine only, to
// whoever may use its TPM.
type TPM struct {
	// Address is a device, or a simulator's socket: unix:PATH or
	// tcp:HOST:PORT, which speak the bare commands. "" means [DefaultTPM].
	Address string

	// PCRs, of a new slot, are the registers of the SHA-256 bank that must be
	// as they are now whenever the key is wanted again.
	PCRs []uint
}

// tpmParams are the parameters of a slot of [KindTPM]: a sealed data object as
// the TPM knows it.
type tpmParams struct {
	Public  []byte `cbor:"1,keyasint"` // TPMT_PUBLIC
	Private []byte `cbor:"2,keyasint"` // the buffer of a TPM2B_PRIVATE
	PCRs    []uint `cbor:"3,keyasint,omitempty"`
}

const numPCRs = 24

// Kind implements [Keeper].
func (TPM) Kind() Kind { return KindTPM }

// Check says what is wrong with the address or the PCRs, before a TPM is looked
// for.
func (k TPM) Check() error {
	return errors.Join(checkTPMAddress(k.Address), checkPCRs(k.PCRs))
}

// Keep implements [Keeper].
func (k TPM) Keep() (params []byte, key [32]byte, err error) {
	if err := k.Check(); err != nil {
		return nil, key, err
	}
	rand.Read(key[:]) // never fails
	err = k.with(func(s storage) error {
		tp, err := s.seal(key[:], k.PCRs)
		if err != nil {
			return err
		}
		params, err = ctap.Marshal(tp)
		return err
	})
	return params, key, err
}

// Recover implements [Keeper].
func (k TPM) Recover(params []byte) (key [32]byte, err error) {
	tp, err := parseTPMParams(params)
	if err != nil {
		return key, err
	}
	err = k.with(func(s storage) error {
		data, err := s.unseal(tp)
		defer clear(data)
		if err != nil {
			return err
		}
		if copy(key[:], data) != len(key) || len(data) != len(key) {
			return fmt.Errorf("%w: the TPM has %d bytes", errSlot, len(data))
		}
		return nil
	})
	return key, err
}

func parseTPMParams(params []byte) (tp tpmParams, err error) {
	if err := ctap.Unmarshal(params, &tp); err != nil {
		return tp, fmt.Errorf("%w: %v", errSlot, err)
	}
	return tp, checkPCRs(tp.PCRs)
}

func checkPCRs(pcrs []uint) error {
	if len(pcrs) > numPCRs {
		return fmt.Errorf("%w: %d PCRs", errSlot, len(pcrs))
	}
	for _, n := range pcrs {
		if n >= numPCRs {
			return fmt.Errorf("seal: there is no PCR %d, only 0 to %d", n, numPCRs-1)
		}
	}
	return nil
}

// with opens the TPM and its storage root key for the time of use.
func (k TPM) with(use func(storage) error) (err error) {
	t, err := openTPM(k.Address)
	if err != nil {
		return fmt.Errorf("seal: TPM: %w", err)
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	s, err := openStorage(t)
	if err != nil {
		return fmt.Errorf("seal: TPM: storage root key: %w", err)
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return use(s)
}

// storage is the storage root key of a TPM.
type storage struct {
	tpm    transport.TPM
	handle tpm2.AuthHandle
	public tpm2.TPMTPublic
}

// openStorage makes the TPM derive its storage root key: from the same seed by
// the same template it is always the same key, until the TPM is cleared.
func openStorage(t transport.TPM) (s storage, err error) {
	created, err := tpm2.CreatePrimary{
		PrimaryHandle: tpm2.TPMRHOwner,
		InPublic:      tpm2.New2B(tpm2.ECCSRKTemplate),
	}.Execute(t)
	if err != nil {
		return s, err
	}
	s = storage{tpm: t, handle: tpm2.AuthHandle{Handle: created.ObjectHandle, Name: created.Name, Auth: tpm2.PasswordAuth(nil)}}
	public, err := created.OutPublic.Contents()
	if err != nil {
		return s, errors.Join(err, s.close())
	}
	s.public = *public
	return s, nil
}

func (s storage) close() error { return s.flush(s.handle.Handle) }

func (s storage) flush(handle tpm2.TPMHandle) error {
	_, err := tpm2.FlushContext{FlushHandle: handle}.Execute(s.tpm)
	return err
}

// seal makes a sealed data object that holds key.
func (s storage) seal(key []byte, pcrs []uint) (tp tpmParams, err error) {
	policy, err := s.policy(pcrs)
	if err != nil {
		return tp, fmt.Errorf("seal: TPM: policy: %w", err)
	}
	created, err := tpm2.Create{
		ParentHandle: s.handle,
		InSensitive: tpm2.TPM2BSensitiveCreate{Sensitive: &tpm2.TPMSSensitiveCreate{
			Data: tpm2.NewTPMUSensitiveCreate(&tpm2.TPM2BSensitiveData{Buffer: key}),
		}},
		InPublic: tpm2.New2B(tpm2.TPMTPublic{
			Type:    tpm2.TPMAlgKeyedHash,
			NameAlg: tpm2.TPMAlgSHA256,
			ObjectAttributes: tpm2.TPMAObject{
				FixedTPM: true, FixedParent: true, NoDA: true,
				UserWithAuth: len(pcrs) == 0,
			},
			AuthPolicy: policy,
		}),
	}.Execute(s.tpm, s.hidden(tpm2.AESEncryption(128, tpm2.EncryptIn)))
	if err != nil {
		return tp, fmt.Errorf("seal: TPM: create: %w", err)
	}
	return tpmParams{created.OutPublic.Bytes(), created.OutPrivate.Buffer, pcrs}, nil
}

// unseal returns what seal was given.
func (s storage) unseal(tp tpmParams) (_ []byte, err error) {
	loaded, err := tpm2.Load{
		ParentHandle: s.handle,
		InPrivate:    tpm2.TPM2BPrivate{Buffer: tp.Private},
		InPublic:     tpm2.BytesAs2B[tpm2.TPMTPublic](tp.Public),
	}.Execute(s.tpm)
	if err != nil {
		return nil, fmt.Errorf("%w: the TPM did not make this seal, or was cleared: %w", ErrNotOpened, err)
	}
	defer func() { err = errors.Join(err, s.flush(loaded.ObjectHandle)) }()
	object := tpm2.AuthHandle{Handle: loaded.ObjectHandle, Name: loaded.Name, Auth: s.authorization(tp.PCRs)}
	unsealed, err := tpm2.Unseal{ItemHandle: object}.Execute(s.tpm)
	if err != nil {
		return nil, fmt.Errorf("%w: the TPM does not agree: %w", ErrNotOpened, err)
	}
	return unsealed.OutData.Buffer, nil
}

// authorization is the session in which an object is unsealed. What the TPM
// answers is encrypted on its bus.
func (s storage) authorization(pcrs []uint) tpm2.Session {
	if len(pcrs) == 0 {
		return s.hidden(tpm2.AESEncryption(128, tpm2.EncryptOut))
	}
	return tpm2.Policy(tpm2.TPMAlgSHA256, 16, func(t transport.TPM, session tpm2.TPMISHPolicy, _ tpm2.TPM2BNonce) error {
		_, err := policyPCR(session, pcrs).Execute(t)
		return err
	}, s.salt(), tpm2.AESEncryption(128, tpm2.EncryptOut))
}

// policy returns the digest that stands for the PCRs as they are now; empty
// without PCRs.
func (s storage) policy(pcrs []uint) (digest tpm2.TPM2BDigest, err error) {
	if len(pcrs) == 0 {
		return digest, nil
	}
	session, done, err := tpm2.PolicySession(s.tpm, tpm2.TPMAlgSHA256, 16, tpm2.Trial())
	if err != nil {
		return digest, err
	}
	defer func() { err = errors.Join(err, done()) }()
	if _, err := policyPCR(session.Handle(), pcrs).Execute(s.tpm); err != nil {
		return digest, err
	}
	got, err := tpm2.PolicyGetDigest{PolicySession: session.Handle()}.Execute(s.tpm)
	if err != nil {
		return digest, err
	}
	return got.PolicyDigest, nil
}

func policyPCR(session tpm2.TPMISHPolicy, pcrs []uint) tpm2.PolicyPCR {
	return tpm2.PolicyPCR{
		PolicySession: session,
		Pcrs: tpm2.TPMLPCRSelection{PCRSelections: []tpm2.TPMSPCRSelection{
			{Hash: tpm2.TPMAlgSHA256, PCRSelect: tpm2.PCClientCompatible.PCRs(pcrs...)},
		}},
	}
}

// hidden is a session in which the secret is encrypted on the bus of the TPM.
func (s storage) hidden(encryption tpm2.AuthOption) tpm2.Session {
	return tpm2.HMAC(tpm2.TPMAlgSHA256, 16, s.salt(), encryption)
}

func (s storage) salt() tpm2.AuthOption { return tpm2.Salted(s.handle.Handle, s.public) }
