package authenticator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// scriptedSensor gives the samples of a script, and waits for ever after them.
type scriptedSensor struct {
	script  []ctap.SampleStatus
	prompts []Prompt
}

func (s *scriptedSensor) Capture(ctx context.Context, p Prompt) (ctap.SampleStatus, error) {
	s.prompts = append(s.prompts, p)
	if len(s.script) == 0 {
		<-ctx.Done()
		return 0, context.Cause(ctx)
	}
	status := s.script[0]
	s.script = s.script[1:]
	return status, nil
}

// sensorKey is a key of profile biometric with testPIN, a sensor and a token for
// it.
func sensorKey(t testing.TB, protocol uint64, sensor Sensor, store keystore.Store) (platform, *hostToken) {
	t.Helper()
	p := newKey(t, Approve{}, func(c *Config) {
		c.Profile, _ = ProfileByName("biometric")
		c.Verification, c.Sensor = VerificationFunc(recognise), sensor
		if store != nil {
			c.Store = store
		}
	}).speaking(protocol)
	p.mustSetPIN(testPIN)
	return p, p.tokenBy(testPIN, be, "")
}

// template names a finger in the parameters of a subcommand.
func template(id []byte) *ctap.BioEnrollmentParams { return &ctap.BioEnrollmentParams{TemplateID: id} }

func friendly(id []byte, name string) *ctap.BioEnrollmentParams {
	return &ctap.BioEnrollmentParams{TemplateID: id, TemplateFriendlyName: &name}
}

// The rows of section X of the conformance checklist, and the steps of §6.7.
func TestBioEnrollmentRows(t *testing.T) {
	bio := ctap.CommandBioEnrollment
	rows := []struct {
		name string
		run  func(t *testing.T, p platform, token *hostToken)
	}{
		{"row 385: getModality", func(t *testing.T, p platform, _ *hostToken) {
			answer := p.on(t.Context(), 1, ctap.CTAP2, []byte{9, 0xa1, 6, 0xf5})
			if want := []byte{0, 0xa1, 1, 1}; !bytes.Equal(answer, want) {
				t.Errorf("got %x, want %x", answer, want)
			}
		}},
		{"row 386: getFingerprintSensorInfo", func(t *testing.T, p platform, _ *hostToken) {
			resp, err := p.bio(nil, ctap.GetFingerprintSensorInfo, nil)
			if err != nil || resp.Modality != 1 || resp.FingerprintKind != 1 || resp.MaxCaptureSamplesRequired != 3 || resp.MaxTemplateFriendlyName != 64 {
				t.Errorf("got %+v, %v; want 1, 1, 3 and 64", resp, err)
			}
		}},
		{"row 387: enrollBegin, cancelCurrentEnrollment", func(t *testing.T, p platform, token *hostToken) {
			resp, err := p.bio(token, ctap.EnrollBegin, nil)
			if err != nil || len(resp.TemplateID) == 0 || *resp.LastEnrollSampleStatus != ctap.SampleGood || *resp.RemainingSamples != 2 {
				t.Fatalf("got %+v, %v; want a template, a good sample, 2 remaining", resp, err)
			}
			_, err = p.bio(nil, ctap.CancelCurrentEnrollment, nil)
			wantStatus(t, "cancel", err, nil)
			_, err = p.bio(token, ctap.EnrollCaptureNextSample, template(resp.TemplateID))
			wantStatus(t, "capture after that", err, ctap.StatusInvalidOption)
			_, err = p.bio(nil, ctap.CancelCurrentEnrollment, nil)
			wantStatus(t, "cancel nothing", err, nil)
		}},
		{"rows 388, 389: capture, enumerate", func(t *testing.T, p platform, token *hostToken) {
			if got := p.option(ctap.OptionBioEnroll) + p.option(ctap.OptionUV); got != "falsefalse" {
				t.Errorf("bioEnroll and uv %s, want false", got)
			}
			resp, err := p.bio(token, ctap.EnrollBegin, nil)
			id, last := resp.TemplateID, uint64(3)
			for err == nil && *resp.RemainingSamples > 0 {
				if *resp.LastEnrollSampleStatus != ctap.SampleGood || *resp.RemainingSamples >= last {
					t.Fatalf("status %02X, %d remaining after %d; want 00 and fewer", *resp.LastEnrollSampleStatus, *resp.RemainingSamples, last)
				}
				last = *resp.RemainingSamples
				resp, err = p.bio(token, ctap.EnrollCaptureNextSample, template(id))
			}
			if err != nil || *resp.LastEnrollSampleStatus != ctap.SampleGood {
				t.Fatalf("the last sample: %+v, %v; want status 00", resp, err)
			}
			if got := p.option(ctap.OptionBioEnroll) + p.option(ctap.OptionUV); got != "truetrue" {
				t.Errorf("bioEnroll and uv %s, want true", got)
			}
			answer := struct {
				Infos []map[int]any `cbor:"7,keyasint"`
			}{}
			err = p.command(bio, bioRequest(token, ctap.EnumerateEnrollments, nil), &answer)
			if err != nil || len(answer.Infos) != 1 {
				t.Fatalf("got %+v, %v; want one finger", answer, err)
			}
			if got := fmt.Sprint(answer.Infos[0]); got != fmt.Sprint(map[int]any{1: id, 2: ""}) {
				t.Errorf("got %s, want the template and a name of text", got)
			}
		}},
		{"row 390: setFriendlyName", func(t *testing.T, p platform, token *hostToken) {
			first, second := p.enroll(token), p.enroll(token)
			for _, name := range []string{"left thumb", strings.Repeat("x", 64)} {
				_, err := p.bio(token, ctap.SetFriendlyName, friendly(second, name))
				wantStatus(t, "setFriendlyName", err, nil)
				resp, err := p.bio(token, ctap.EnumerateEnrollments, nil)
				if err != nil || len(resp.TemplateInfos) != 2 || !bytes.Equal(resp.TemplateInfos[0].TemplateID, first) || resp.TemplateInfos[1].FriendlyName != name {
					t.Errorf("got %+v, %v; want %x, then %q", resp, err, first, name)
				}
			}
		}},
		{"row 391: removeEnrollment", func(t *testing.T, p platform, token *hostToken) {
			id := p.enroll(token)
			_, err := p.bio(token, ctap.RemoveEnrollment, template(id))
			wantStatus(t, "remove", err, nil)
			_, err = p.bio(token, ctap.EnumerateEnrollments, nil)
			wantStatus(t, "enumerate", err, ctap.StatusInvalidOption)
			if got := p.option(ctap.OptionBioEnroll) + p.option(ctap.OptionUV); got != "falsefalse" {
				t.Errorf("bioEnroll and uv %s, want false", got)
			}
		}},
		{"unknown templates", func(t *testing.T, p platform, token *hostToken) {
			p.enroll(token)
			for name, id := range map[string][]byte{"another": {1, 2}, "none": {}} {
				_, err := p.bio(token, ctap.RemoveEnrollment, template(id))
				wantStatus(t, name+": remove", err, ctap.StatusInvalidOption)
				_, err = p.bio(token, ctap.SetFriendlyName, friendly(id, "x"))
				wantStatus(t, name+": setFriendlyName", err, ctap.StatusInvalidOption)
				_, err = p.bio(token, ctap.EnrollCaptureNextSample, template(id))
				wantStatus(t, name+": capture", err, ctap.StatusInvalidOption)
			}
			resp, _ := p.bio(token, ctap.EnrollBegin, nil)
			_, err := p.bio(token, ctap.EnrollCaptureNextSample, template([]byte{1}))
			wantStatus(t, "capture of another", err, ctap.StatusInvalidOption)
			_, err = p.bio(token, ctap.EnrollCaptureNextSample, template(resp.TemplateID))
			wantStatus(t, "capture of the right one", err, nil)
		}},
		{"the database is full", func(t *testing.T, p platform, token *hostToken) {
			seen := map[string]bool{}
			for range maxTemplates {
				seen[string(p.enroll(token))] = true
			}
			if len(seen) != maxTemplates {
				t.Errorf("%d template IDs, want %d", len(seen), maxTemplates)
			}
			_, err := p.bio(token, ctap.EnrollBegin, nil)
			wantStatus(t, "enrollBegin", err, ctap.StatusFPDatabaseFull)
		}},
		{"enrollBegin ends an enrolment that goes on", func(t *testing.T, p platform, token *hostToken) {
			first, _ := p.bio(token, ctap.EnrollBegin, nil)
			second, err := p.bio(token, ctap.EnrollBegin, nil)
			if err != nil || *second.RemainingSamples != 2 {
				t.Errorf("second: %+v, %v; want 2 remaining", second, err)
			}
			_, err = p.bio(token, ctap.EnrollCaptureNextSample, template(first.TemplateID))
			wantStatus(t, "the first", err, ctap.StatusInvalidOption)
		}},
		{"unplugging ends an enrolment", func(t *testing.T, p platform, token *hostToken) {
			first, _ := p.bio(token, ctap.EnrollBegin, nil)
			p.Plug()
			_, err := p.bio(p.tokenBy(testPIN, be, ""), ctap.EnrollCaptureNextSample, template(first.TemplateID))
			wantStatus(t, "capture", err, ctap.StatusInvalidOption)
		}},
		{"no token, no permission, no parameters", func(t *testing.T, p platform, token *hostToken) {
			id := []byte{1}
			other := p.tokenBy(testPIN, mc|ga|cm|lbw|acfg, testRPID)
			for _, tt := range []struct {
				sub    ctap.BioEnrollmentSubcommand
				params *ctap.BioEnrollmentParams
				keys   []int // of the parameters that are mandatory
			}{
				{ctap.EnrollBegin, template(id), nil},
				{ctap.EnrollCaptureNextSample, template(id), []int{1}},
				{ctap.EnumerateEnrollments, template(id), nil},
				{ctap.SetFriendlyName, friendly(id, "x"), []int{1, 2}},
				{ctap.RemoveEnrollment, template(id), []int{1}},
			} {
				name := fmt.Sprintf("subCommand %02X", uint64(tt.sub))
				_, err := p.bio(nil, tt.sub, tt.params)
				wantStatus(t, name+" without a token", err, ctap.StatusPUATRequired)
				_, err = p.bio(other, tt.sub, tt.params)
				wantStatus(t, name+" without be", err, ctap.StatusPINAuthInvalid)
				req := bioRequest(other, tt.sub, tt.params)
				err = p.command(bio, withoutMember(t, req, 1), nil)
				wantStatus(t, name+" without modality", err, ctap.StatusMissingParameter)
				req.Modality = ptr[uint64](2)
				err = p.command(bio, withoutMember(t, req, 4), nil)
				wantStatus(t, name+" without protocol", err, ctap.StatusMissingParameter)
				wantStatus(t, name+" of modality 2", p.command(bio, req, nil), ctap.StatusInvalidParameter)
				for _, key := range tt.keys {
					_, err := p.bio(other, tt.sub, withoutMember(t, tt.params, key))
					wantStatus(t, fmt.Sprintf("%s without parameter %d", name, key), err, ctap.StatusMissingParameter)
				}
			}
			_, err := p.bio(other, ctap.SetFriendlyName, friendly(id, strings.Repeat("x", 65)))
			wantStatus(t, "a name too long, before anything is verified", err, ctap.StatusInvalidLength)
		}},
		{"what is authenticated", func(t *testing.T, p platform, _ *hostToken) {
			token := p.tokenBy(testPIN, be, "")
			id := p.enroll(token)
			req := bioRequest(token, ctap.RemoveEnrollment, template(id))
			req.PinUvAuthProtocol, req.PinUvAuthParam = token.sign([]byte{1, 6}, params(template([]byte{7})))
			wantStatus(t, "other parameters", p.command(bio, req, nil), ctap.StatusPINAuthInvalid)
			req.PinUvAuthProtocol, req.PinUvAuthParam = token.sign([]byte{1, 5}, req.Params)
			wantStatus(t, "another subcommand", p.command(bio, req, nil), ctap.StatusPINAuthInvalid)
		}},
		{"subcommands that are not there", func(t *testing.T, p platform, token *hostToken) {
			_, err := p.bio(token, 8, nil)
			wantStatus(t, "8", err, ctap.StatusInvalidSubcommand)
			wantStatus(t, "none", p.command(bio, []byte{0xa1, 1, 1}, nil), ctap.StatusMissingParameter)
			wantStatus(t, "getModality false", p.command(bio, []byte{0xa1, 6, 0xf4}, nil), ctap.StatusMissingParameter)
			wantStatus(t, "getModality of text", p.command(bio, []byte{0xa1, 6, 0x61, 'x'}, nil), ctap.StatusCBORUnexpectedType)
		}},
	}
	for _, row := range rows {
		for protocol := range uint64(2) {
			t.Run(fmt.Sprintf("%s, protocol %d", row.name, protocol+1), func(t *testing.T) {
				p, token := sensorKey(t, protocol+1, nil, nil)
				row.run(t, p, token)
			})
		}
	}
}

// bioRequest is a subcommand, to be sent once it is changed.
func bioRequest(token *hostToken, sub ctap.BioEnrollmentSubcommand, p *ctap.BioEnrollmentParams) *ctap.BioEnrollmentRequest {
	req := &ctap.BioEnrollmentRequest{Modality: ptr[uint64](1), Subcommand: sub}
	if p != nil {
		req.Params = params(p)
	}
	req.PinUvAuthProtocol, req.PinUvAuthParam = token.sign([]byte{1, byte(sub)}, req.Params)
	return req
}

// Bad samples are reported and do not count; the last good one keeps the finger.
func TestSamples(t *testing.T) {
	sensor := &scriptedSensor{script: []ctap.SampleStatus{
		ctap.SampleTooHigh, ctap.SampleGood, ctap.SamplePoorQuality, ctap.SampleGood, ctap.SampleExists, ctap.SampleGood,
	}}
	want := append([]ctap.SampleStatus{}, sensor.script...)
	remaining := []uint64{3, 2, 2, 1, 1, 0}
	store := &countingStore{Store: keystore.NewMemory()}
	p, token := sensorKey(t, 2, sensor, store)
	before := store.commits
	resp, err := p.bio(token, ctap.EnrollBegin, nil)
	id := resp.TemplateID
	for i := range want {
		if err != nil || *resp.LastEnrollSampleStatus != want[i] || *resp.RemainingSamples != remaining[i] {
			t.Fatalf("sample %d: %+v, %v; want status %d and %d remaining", i, resp, err, want[i], remaining[i])
		}
		if got := p.sensorPrompt(sensor); got.Kind != KindEnroll || got.Operation != "authenticatorBioEnrollment" || got.Timeout != 30*time.Second {
			t.Errorf("prompt %+v", got)
		}
		if i == len(want)-1 {
			break
		}
		if store.commits != before {
			t.Errorf("sample %d: a commit before the last one", i)
		}
		resp, err = p.bio(token, ctap.EnrollCaptureNextSample, template(id))
	}
	if store.commits != before+1 {
		t.Errorf("%d commits, want 1", store.commits-before)
	}
	_, err = p.bio(token, ctap.EnrollCaptureNextSample, template(id))
	wantStatus(t, "a sample of a finger that is done", err, ctap.StatusInvalidOption)
	_ = p.Close()
	again := newKey(t, nil, func(c *Config) {
		c.Profile, _ = ProfileByName("biometric")
		c.Verification, c.Store = VerificationFunc(recognise), store
	})
	if got := again.option(ctap.OptionBioEnroll); got != "true" {
		t.Errorf("bioEnroll after a restart %s, want true", got)
	}
}

func (p platform) sensorPrompt(s *scriptedSensor) Prompt { return s.prompts[len(s.prompts)-1] }

// A user who does nothing is a sample of status 0D; a host that cancels ends the
// wait, but not the enrolment that it goes on with.
func TestSampleTimeoutAndCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sensor := &scriptedSensor{}
		p, _ := sensorKey(t, 2, sensor, nil)
		for _, tt := range []struct {
			ask  uint64 // milliseconds; 0: not asked for
			want time.Duration
		}{{0, 30 * time.Second}, {5000, 5 * time.Second}, {60_000, 30 * time.Second}, {1 << 63, 30 * time.Second}} {
			start := time.Now()
			token := p.tokenBy(testPIN, be, "")
			resp, err := p.bio(token, ctap.EnrollBegin, &ctap.BioEnrollmentParams{TimeoutMilliseconds: tt.ask})
			if err != nil || *resp.LastEnrollSampleStatus != ctap.SampleNoUserActivity || *resp.RemainingSamples != 3 || len(resp.TemplateID) == 0 {
				t.Errorf("timeout %d: %+v, %v; want status 0D and 3 remaining", tt.ask, resp, err)
			}
			if took := time.Since(start); took != tt.want {
				t.Errorf("timeout %d: took %v, want %v", tt.ask, took, tt.want)
			}
		}
		sensor.script = []ctap.SampleStatus{ctap.SampleGood}
		token := p.tokenBy(testPIN, be, "")
		begun, err := p.bio(token, ctap.EnrollBegin, nil)
		wantStatus(t, "enrollBegin", err, nil)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(ctap.StatusKeepaliveCancel)
		req := bioRequest(token, ctap.EnrollCaptureNextSample, template(begun.TemplateID))
		wantStatus(t, "cancelled", p.commandOn(ctx, 1, ctap.CommandBioEnrollment, req, nil), ctap.StatusKeepaliveCancel)
		sensor.script = []ctap.SampleStatus{ctap.SampleGood}
		resp, err := p.bio(token, ctap.EnrollCaptureNextSample, template(begun.TemplateID))
		if err != nil || *resp.RemainingSamples != 1 {
			t.Errorf("capture: %+v, %v; want 1 remaining", resp, err)
		}
		req = bioRequest(token, ctap.EnrollBegin, nil)
		wantStatus(t, "cancelled begin", p.commandOn(ctx, 1, ctap.CommandBioEnrollment, req, nil), ctap.StatusKeepaliveCancel)
		_, err = p.bio(token, ctap.EnrollCaptureNextSample, template(begun.TemplateID))
		wantStatus(t, "capture of what the cancelled one ended", err, ctap.StatusInvalidOption)
	})
}

// A sensor that ends with its context, and does not say why, is asked no more.
func TestSensorThatIsCancelled(t *testing.T) {
	for cause, want := range map[error]error{ctap.StatusKeepaliveCancel: ctap.StatusKeepaliveCancel, ctap.StatusUserActionTimeout: nil} {
		sensor := SensorFunc(func(ctx context.Context, _ Prompt) (ctap.SampleStatus, error) { return 0, ctx.Err() })
		p, token := sensorKey(t, 2, sensor, nil)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		err := p.commandOn(ctx, 1, ctap.CommandBioEnrollment, bioRequest(token, ctap.EnrollBegin, nil), nil)
		wantStatus(t, cause.Error(), err, want)
	}
}

// Without a sensor of its own, the key's touch is one: a refusal is a refusal.
func TestTouchIsASensor(t *testing.T) {
	presence := &asks{}
	p := newKey(t, presence, func(c *Config) {
		c.Profile, _ = ProfileByName("biometric")
		c.Verification = VerificationFunc(recognise)
	}).speaking(2)
	p.mustSetPIN(testPIN)
	token := p.tokenBy(testPIN, be, "")
	presence.answer = ctap.StatusOperationDenied
	_, err := p.bio(token, ctap.EnrollBegin, nil)
	wantStatus(t, "declined", err, ctap.StatusOperationDenied)
	presence.answer = nil
	p.enroll(token)
}

// A template that cannot be stored is not enrolled; its last sample may be taken
// again.
func TestTemplateIsNotStored(t *testing.T) {
	store := &countingStore{Store: keystore.NewMemory()}
	p, token := sensorKey(t, 2, nil, store)
	resp, err := p.bio(token, ctap.EnrollBegin, nil)
	wantStatus(t, "enrollBegin", err, nil)
	next := template(resp.TemplateID)
	_, err = p.bio(token, ctap.EnrollCaptureNextSample, next)
	wantStatus(t, "second", err, nil)
	store.fail = errors.New("disk full")
	for range 2 {
		_, err = p.bio(token, ctap.EnrollCaptureNextSample, next)
		wantStatus(t, "third", err, ctap.StatusOther)
	}
	store.fail = nil
	if got := p.option(ctap.OptionBioEnroll); got != "false" {
		t.Errorf("bioEnroll %s, want false", got)
	}
	resp, err = p.bio(token, ctap.EnrollCaptureNextSample, next)
	if err != nil || *resp.RemainingSamples != 0 {
		t.Errorf("third again: %+v, %v; want none remaining", resp, err)
	}
}

// A reset forgets the fingers, and an enrolment that goes on.
func TestResetForgetsFingers(t *testing.T) {
	p, token := sensorKey(t, 2, nil, nil)
	p.enroll(token)
	begun, _ := p.bio(token, ctap.EnrollBegin, nil)
	wantStatus(t, "reset", p.command(ctap.CommandReset, nil, nil), nil)
	if got := p.option(ctap.OptionBioEnroll) + p.option(ctap.OptionUV); got != "falsefalse" {
		t.Errorf("bioEnroll and uv %s, want false", got)
	}
	p.mustSetPIN(testPIN)
	token = p.tokenBy(testPIN, be, "")
	_, err := p.bio(token, ctap.EnrollCaptureNextSample, template(begun.TemplateID))
	wantStatus(t, "capture", err, ctap.StatusInvalidOption)
	_, err = p.bio(token, ctap.EnumerateEnrollments, nil)
	wantStatus(t, "enumerate", err, ctap.StatusInvalidOption)
}

// The preview of FIDO_2_1_PRE: the same messages under number 40, by the
// pinToken of CTAP 2.0.
func TestBioEnrollmentPreview(t *testing.T) {
	const preview = ctap.CommandBioEnrollmentPreview
	p := profileKey(t, "fido2.1-pre").speaking(1)
	p.mustSetPIN(testPIN)
	token, err := p.getPINToken(testPIN)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := p.bioBy(preview, token, ctap.EnrollBegin, nil)
	for err == nil && *resp.RemainingSamples > 0 {
		id := resp.TemplateID
		resp, err = p.bioBy(preview, token, ctap.EnrollCaptureNextSample, template(id))
		resp.TemplateID = id
	}
	wantStatus(t, "enrolment", err, nil)
	if got := p.option(ctap.OptionUserVerificationMgmtPreview) + p.option(ctap.OptionUV); got != "truetrue" {
		t.Errorf("userVerificationMgmtPreview and uv %s, want true", got)
	}
	m := p.create(creation("ada", func(r *ctap.MakeCredentialRequest) { r.Options = &ctap.Options{UV: yes()} }))
	if m.data.Flags&ctap.FlagUV == 0 {
		t.Errorf("flags %02x, want UV", m.data.Flags)
	}
	_, err = p.bioBy(preview, nil, ctap.EnumerateEnrollments, nil)
	wantStatus(t, "no token", err, ctap.StatusPUATRequired)
	_, err = p.bio(token, ctap.EnumerateEnrollments, nil)
	wantStatus(t, "09", err, ctap.StatusInvalidCommand)
}

// A key whose profile has a sensor, but that was given none, has none.
func TestNoVerification(t *testing.T) {
	for _, name := range []string{"biometric", "platform", "fido2.1-pre"} {
		profile, _ := ProfileByName(name)
		options := maps.Clone(profile.Options)
		k := newKey(t, Approve{}, func(c *Config) { c.Profile = profile })
		if !maps.Equal(profile.Options, options) {
			t.Errorf("%s: New changed the options of the caller's profile", name)
		}
		info := k.info()
		for _, option := range []string{"uv", "bioEnroll", "userVerificationMgmtPreview", "uvBioEnroll", "uvAcfg"} {
			if _, ok := info.Options[option]; ok {
				t.Errorf("%s: option %s, want none", name, option)
			}
		}
		if info.UVModality != 0 || info.PreferredPlatformUvAttempts != 0 || info.UVCountSinceLastPINEntry != nil {
			t.Errorf("%s: getInfo %+v, want nothing of user verification", name, info)
		}
		for _, id := range []ctap.Command{ctap.CommandBioEnrollment, ctap.CommandBioEnrollmentPreview} {
			wantStatus(t, name, k.command(id, []byte{0xa1, 6, 0xf5}, nil), ctap.StatusInvalidCommand)
		}
		_, err := k.speaking(profile.PinUvAuthProtocols[0]).pin(&ctap.ClientPINRequest{Subcommand: ctap.GetUVRetries})
		wantStatus(t, name+": getUVRetries", err, ctap.StatusInvalidSubcommand)
	}
}
