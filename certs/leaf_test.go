package certs

import (
	"encoding/asn1"
	"strings"
	"testing"
)

func TestLeafExtensions(t *testing.T) {
	root := newRoot(t, stream(1))
	rootID := keyIDHex(bare(t, root.Certificate))
	const usb, aaguid = "03020520", "04107357ef0d58065ebca51f4119e7d97116"
	tests := []struct {
		name       string
		spec       LeafSpec
		transports string
		aaguid     string // empty: no such extension
		serial     string // empty: no such extension
	}{
		{"AAGUID", LeafSpec{AAGUID: testAAGUID}, usb, aaguid, ""},
		{"no AAGUID", LeafSpec{}, usb, "", ""},
		{"enterprise", LeafSpec{AAGUID: testAAGUID, SerialNumber: []byte("A17")}, usb, aaguid, "0403413137"},
		{"USB", LeafSpec{Transports: TransportUSB}, usb, "", ""},
		{"USB and NFC", LeafSpec{AAGUID: testAAGUID, Transports: TransportUSB | TransportNFC}, "03020430", aaguid, ""},
		{"Bluetooth", LeafSpec{Transports: TransportBluetooth}, "03020780", "", ""},
		{"BLE", LeafSpec{Transports: TransportBLE}, "03020640", "", ""},
		{"built in", LeafSpec{Transports: TransportUSBInternal}, "03020308", "", ""},
		{"Lightning", LeafSpec{Transports: TransportLightning}, "03020204", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tbs := bare(t, newLeaf(t, root, tt.spec, stream(2)).Certificate)
			want := []wantExtension{
				{"2.5.29.19", true, "3000"}, // BasicConstraints: CA is FALSE, the default
				{"2.5.29.14", false, "0414" + keyIDHex(tbs)},
				{"2.5.29.35", false, "30168014" + rootID},
				{"1.3.6.1.4.1.45724.2.1.1", false, tt.transports},
			}
			if tt.aaguid != "" {
				want = append(want, wantExtension{"1.3.6.1.4.1.45724.1.1.4", false, tt.aaguid})
			}
			if tt.serial != "" {
				want = append(want, wantExtension{"1.3.6.1.4.1.45724.1.1.2", false, tt.serial})
			}
			checkExtensions(t, tbs.Extensions, want)
		})
	}
}

func TestRootExtensions(t *testing.T) {
	tbs := bare(t, newRoot(t, stream(1)).Certificate)
	checkExtensions(t, tbs.Extensions, []wantExtension{
		{"2.5.29.19", true, "30060101ff020100"}, // CA is TRUE, path length 0
		{"2.5.29.15", true, "03020204"},         // keyCertSign
		{"2.5.29.14", false, "0414" + keyIDHex(tbs)},
	})
}

func TestNames(t *testing.T) {
	root := newRoot(t, stream(1))
	rootTBS := bare(t, root.Certificate)
	rootName := []nameItem{
		{"2.5.4.6", asn1.TagPrintableString, "US"},
		{"2.5.4.10", asn1.TagUTF8String, "softkey"},
		{"2.5.4.3", asn1.TagUTF8String, "softkey " + strings.ToUpper(keyIDHex(rootTBS)[:8]) + " Root CA"},
	}
	checkName(t, rootTBS.Subject, rootName)
	checkName(t, rootTBS.Issuer, rootName)

	tests := []struct{ name, commonName, want string }{
		{"default", "", "Soft Device"},
		{"given", "Test key 7", "Test key 7"},
		{"not ASCII", "Schlüssel", "Schlüssel"},
		{"one character", "x", "x"},
		{"longest", strings.Repeat("ü", 64), strings.Repeat("ü", 64)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			leaf := newLeaf(t, root, LeafSpec{CommonName: tt.commonName}, stream(2)).Certificate
			tbs := bare(t, leaf)
			checkName(t, tbs.Issuer, rootName)
			checkName(t, tbs.Subject, []nameItem{
				{"2.5.4.6", asn1.TagPrintableString, "US"},
				{"2.5.4.10", asn1.TagUTF8String, "softkey"},
				{"2.5.4.11", asn1.TagUTF8String, "Authenticator Attestation"},
				{"2.5.4.3", asn1.TagUTF8String, tt.want},
			})
			if got := leaf.Subject.CommonName; got != tt.want {
				t.Errorf("common name as crypto/x509 reads it = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNewLeafRefuses(t *testing.T) {
	root := newRoot(t, stream(1))
	tests := []struct {
		name   string
		issuer *Identity
		spec   LeafSpec
	}{
		{"issuer that is a leaf", newLeaf(t, root, LeafSpec{}, stream(2)), LeafSpec{}},
		{"common name too long", root, LeafSpec{CommonName: strings.Repeat("x", 65)}},
		{"common name not UTF-8", root, LeafSpec{CommonName: "\xff"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if leaf, err := NewLeaf(tt.issuer, tt.spec, stream(3)); err == nil {
				t.Errorf("NewLeaf = %v, want an error", leaf.Certificate.Subject)
			}
		})
	}
}
