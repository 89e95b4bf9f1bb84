package seal

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/google/go-tpm/tpm2/transport"
)

const (
	tpmHeader   = 10               // tag (2), size (4), code (4)
	maxResponse = 4096             // of a TPM
	tpmTimeout  = 30 * time.Second // for a command: a TPM may take a second for a key
)

// checkTPMAddress refuses what neither is a file nor a socket that openTPM knows.
func checkTPMAddress(address string) error {
	network, place, found := strings.Cut(address, ":")
	switch {
	case !found || strings.ContainsAny(network, "/"):
		return nil // a device
	case network == "unix" && place != "":
		return nil
	case network == "tcp":
		if _, _, err := net.SplitHostPort(place); err == nil {
			return nil
		}
	}
	return fmt.Errorf("seal: TPM: %q is no address: a device, unix:PATH or tcp:HOST:PORT", address)
}

// openTPM reaches the TPM at an address.
func openTPM(address string) (transport.TPMCloser, error) {
	network, place, _ := strings.Cut(cmp.Or(address, DefaultTPM), ":")
	if network != "unix" && network != "tcp" {
		return openDevice(cmp.Or(address, DefaultTPM))
	}
	conn, err := net.DialTimeout(network, place, tpmTimeout)
	if err != nil {
		return nil, err
	}
	return simulator{conn}, nil
}

// openDevice opens a TPM that the system has a device for. A file of another kind
// would take the commands, and never answer.
func openDevice(path string) (transport.TPMCloser, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil, errors.Join(fmt.Errorf("%s is no device", path), err, f.Close())
	}
	return transport.FromReadWriteCloser(f), nil
}

// simulator is a TPM behind a socket that carries bare commands and responses,
// as that of swtpm does.
type simulator struct{ net.Conn }

// Send implements [transport.TPM].
func (s simulator) Send(command []byte) ([]byte, error) {
	if err := s.SetDeadline(time.Now().Add(tpmTimeout)); err != nil {
		return nil, err
	}
	if _, err := s.Write(command); err != nil {
		return nil, err
	}
	response := make([]byte, maxResponse)
	if _, err := io.ReadFull(s, response[:tpmHeader]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(response[2:])
	if size < tpmHeader || size > maxResponse {
		return nil, fmt.Errorf("response of %d bytes", size)
	}
	_, err := io.ReadFull(s, response[tpmHeader:size])
	return response[:size], err
}
