package webauthn

import (
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// origin is a web origin, as the URL standard serialises it: its scheme and
// host in lower case, without the port that is the scheme's own.
type origin struct {
	serialised string // "https://example.com:8443"
	domain     string // "example.com": the effective domain
}

// parseOrigin reads the origin of a page, which may be given as a URL with a
// bare slash. It must be one on which browsers offer WebAuthn: its host a domain
// and not an address (§5.1.3, step 7), its scheme https, or http on the machine
// itself.
func parseOrigin(s string) (*origin, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, &Error{SecurityError, "the origin is no URL", err}
	}
	if u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return nil, fail(SecurityError, "the origin %s is not scheme, host and port, such as https://example.com", s)
	}
	if port := u.Port(); port != "" && !isPort(port) {
		return nil, fail(SecurityError, "the port of the origin %s is above 65535", s)
	}
	o := &origin{domain: strings.ToLower(u.Hostname())}
	if !isDomain(o.domain) {
		return nil, fail(SecurityError, "the host of the origin %s is no domain", s)
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && isLocalhost(o.domain)) {
		return nil, fail(SecurityError, "the origin %s is neither https nor localhost", s)
	}
	o.serialised = u.Scheme + "://" + o.domain
	if port := u.Port(); port != "" && port != defaultPorts[u.Scheme] {
		o.serialised += ":" + port
	}
	return o, nil
}

// isPort tells whether digits are a number that a port may have.
func isPort(digits string) bool {
	_, err := strconv.ParseUint(digits, 10, 16)
	return err == nil
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}

func isLocalhost(domain string) bool {
	return domain == "localhost" || strings.HasSuffix(domain, ".localhost")
}

// rpID returns the relying party ID for what the options have, in which an empty
// one stands for the origin's domain (§5.1.3, step 8). No related origins are
// fetched.
func (o *origin) rpID(requested string) (string, error) {
	if requested == "" {
		return o.domain, nil
	}
	if !o.mayClaim(requested) {
		return "", fail(SecurityError, "the origin %s may not speak for the relying party %s", o.serialised, requested)
	}
	return requested, nil
}

// mayClaim tells whether rpID is the origin's domain or a registrable domain
// suffix of it, as the HTML standard has that: not "com" nor "co.uk", nor what a
// public suffix ends in.
func (o *origin) mayClaim(rpID string) bool {
	if rpID == o.domain {
		return true
	}
	if !isDomain(rpID) || !strings.HasSuffix(o.domain, "."+rpID) {
		return false
	}
	own, _ := publicsuffix.PublicSuffix(rpID)
	origins, _ := publicsuffix.PublicSuffix(o.domain)
	return rpID != own && !strings.HasSuffix(origins, "."+rpID)
}

// sameSite tells whether both domains have the same registrable domain.
func sameSite(a, b string) bool {
	if a == b {
		return true
	}
	siteA, errA := publicsuffix.EffectiveTLDPlusOne(a)
	siteB, errB := publicsuffix.EffectiveTLDPlusOne(b)
	return errA == nil && errB == nil && siteA == siteB
}

// isDomain tells whether host is a domain in its ASCII form, in lower case, and
// not an address: the URL standard takes a host for an IPv4 address if its last
// label is a number. Domains in other scripts are to be given as xn--….
func isDomain(host string) bool {
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if !isLabel(label) {
			return false
		}
	}
	return len(host) <= 253 && !isNumber(labels[len(labels)-1])
}

func isLabel(s string) bool {
	if len(s) < 1 || len(s) > 63 {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == "" && s[0] != '-' && s[len(s)-1] != '-'
}

// isNumber tells whether a label is a number to the URL standard: of digits, or
// of hex digits after 0x.
func isNumber(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}
