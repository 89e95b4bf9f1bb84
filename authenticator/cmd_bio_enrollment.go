package authenticator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// Sensor is a fingerprint sensor, which captures samples for an enrolment.
//
// Capture returns how good the sample was, and the cause of ctx soon after ctx
// ended. It is called from one goroutine at a time.
type Sensor interface {
	Capture(ctx context.Context, p Prompt) (ctap.SampleStatus, error)
}

// SensorFunc makes a [Sensor] of a function.
type SensorFunc func(ctx context.Context, p Prompt) (ctap.SampleStatus, error)

// Capture calls f.
func (f SensorFunc) Capture(ctx context.Context, p Prompt) (ctap.SampleStatus, error) {
	return f(ctx, p)
}

const (
	samplesForEnroll = 3  // good samples that make a template
	maxTemplates     = 5  // fingers that fit
	maxFriendlyName  = 64 // bytes of a finger's name
	templateIDSize   = 8  // bytes, random: no two fingers have the same
	fingerprintTouch = 1  // kind of sensor
)

// enrollment is a finger that is being enrolled. It lives in memory alone.
type enrollment struct {
	id        []byte
	remaining uint64
}

// bioEnrollment is one run of authenticatorBioEnrollment (§6.7), or of its
// preview, whose messages are the same.
type bioEnrollment struct {
	a      *Authenticator
	call   *call
	req    *ctap.BioEnrollmentRequest
	params *ctap.BioEnrollmentParams
}

// bioSubcommand is one row of the table of subcommands.
type bioSubcommand struct {
	run      func(*bioEnrollment, context.Context) (any, error)
	open     bool                                   // needs no token
	required func(p *ctap.BioEnrollmentParams) bool // nil: no parameters
}

var bioSubcommands = map[ctap.BioEnrollmentSubcommand]bioSubcommand{
	ctap.EnrollBegin:             {run: (*bioEnrollment).enrollBegin},
	ctap.EnrollCaptureNextSample: {run: (*bioEnrollment).captureNext, required: hasTemplateID},
	ctap.CancelCurrentEnrollment: {run: (*bioEnrollment).cancelCurrent, open: true},
	ctap.EnumerateEnrollments:    {run: (*bioEnrollment).enumerate},
	ctap.SetFriendlyName: {
		run:      (*bioEnrollment).setFriendlyName,
		required: func(p *ctap.BioEnrollmentParams) bool { return hasTemplateID(p) && p.TemplateFriendlyName != nil },
	},
	ctap.RemoveEnrollment:         {run: (*bioEnrollment).remove, required: hasTemplateID},
	ctap.GetFingerprintSensorInfo: {run: (*bioEnrollment).sensorInfo, open: true},
}

func hasTemplateID(p *ctap.BioEnrollmentParams) bool { return p.TemplateID != nil }

func (a *Authenticator) bioEnrollment(ctx context.Context, c *call) (any, error) {
	req, params, err := ctap.ParseBioEnrollmentRequest(c.parameters)
	if err != nil {
		return nil, err
	}
	op := &bioEnrollment{a: a, call: c, req: req, params: params}
	if req.GetModality {
		return &ctap.BioEnrollmentResponse{Modality: ctap.ModalityFingerprint}, nil
	}
	sub, ok := bioSubcommands[req.Subcommand]
	if !ok {
		return nil, fmt.Errorf("subCommand %02X: %w", uint64(req.Subcommand), ctap.StatusInvalidSubcommand)
	}
	if err := op.authorize(sub); err != nil {
		return nil, err
	}
	return sub.run(op, ctx)
}

// authorize is the gate of §6.7: a token with the permission be, which
// authenticates
//
//	modality (1) ‖ subCommand (1) ‖ subCommandParams
func (op *bioEnrollment) authorize(sub bioSubcommand) error {
	req := op.req
	if !sub.open && req.PinUvAuthParam == nil {
		return fmt.Errorf("pinUvAuthParam: %w", ctap.StatusPUATRequired)
	}
	if req.Modality == nil || !sub.open && req.PinUvAuthProtocol == nil || sub.required != nil && !sub.required(op.params) {
		return fmt.Errorf("subCommand %02X: %w", uint64(req.Subcommand), ctap.StatusMissingParameter)
	}
	if *req.Modality != ctap.ModalityFingerprint {
		return fmt.Errorf("modality %d: %w", *req.Modality, ctap.StatusInvalidParameter)
	}
	if name := op.params.TemplateFriendlyName; name != nil && len(*name) > maxFriendlyName {
		return fmt.Errorf("templateFriendlyName of %d bytes: %w", len(*name), ctap.StatusInvalidLength)
	}
	if sub.open {
		return nil
	}
	message := slices.Concat([]byte{ctap.ModalityFingerprint, byte(req.Subcommand)}, req.Params)
	_, err := op.a.authorize(req.PinUvAuthProtocol, req.PinUvAuthParam, message, ctap.PermissionBioEnrollment)
	return err
}

// enrollBegin is §6.7.4. It ends an enrolment that was not finished.
func (op *bioEnrollment) enrollBegin(ctx context.Context) (any, error) {
	a := op.a
	if len(a.templates) >= maxTemplates {
		return nil, ctap.StatusFPDatabaseFull
	}
	id, err := a.random(templateIDSize)
	if err != nil {
		return nil, err
	}
	a.enrollment = &enrollment{id: id, remaining: samplesForEnroll}
	resp, err := op.capture(ctx)
	if err != nil {
		a.enrollment = nil
		return nil, err
	}
	resp.TemplateID = id
	return resp, nil
}

// captureNext is §6.7.4, continued.
func (op *bioEnrollment) captureNext(ctx context.Context) (any, error) {
	if e := op.a.enrollment; e == nil || !bytes.Equal(e.id, op.params.TemplateID) {
		return nil, fmt.Errorf("no enrolment of this template: %w", ctap.StatusInvalidOption)
	}
	return op.capture(ctx)
}

// capture takes one sample; the last good one makes the template. A user who
// does nothing is a bad sample, not an error.
func (op *bioEnrollment) capture(ctx context.Context) (*ctap.BioEnrollmentResponse, error) {
	e := op.a.enrollment
	status, err := op.sample(ctx)
	if err != nil {
		return nil, err
	}
	remaining := e.remaining
	if status == ctap.SampleGood {
		remaining--
	}
	if remaining == 0 {
		if err := op.changeTemplates(append(slices.Clone(op.a.templates), keystore.Template{ID: e.id})); err != nil {
			return nil, err // the last sample can be taken again
		}
		op.a.enrollment = nil
	}
	e.remaining = remaining
	return &ctap.BioEnrollmentResponse{LastEnrollSampleStatus: &status, RemainingSamples: &remaining}, nil
}

func (op *bioEnrollment) sample(ctx context.Context) (ctap.SampleStatus, error) {
	a := op.a
	timeout := a.cfg.PresenceTimeout
	if ms := op.params.TimeoutMilliseconds; ms > 0 {
		timeout = min(timeout, time.Duration(min(ms, uint64(time.Hour/time.Millisecond)))*time.Millisecond)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, ctap.StatusUserActionTimeout)
	defer cancel()
	a.touch.withdraw()
	op.call.Notify(ctap.KeepaliveUPNeeded)
	defer op.call.Notify(ctap.KeepaliveProcessing)
	status, err := a.cfg.Sensor.Capture(ctx, Prompt{
		Operation: ctap.CommandBioEnrollment.String(), Kind: KindEnroll, Timeout: timeout,
	})
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if errors.Is(err, ctap.StatusUserActionTimeout) {
		return ctap.SampleNoUserActivity, nil
	}
	return status, err
}

// touchSensor is the sensor of a key without one of its own: each touch is a
// good sample.
type touchSensor struct{ presence Presence }

func (s touchSensor) Capture(ctx context.Context, p Prompt) (ctap.SampleStatus, error) {
	return ctap.SampleGood, s.presence.Confirm(ctx, p)
}

// cancelCurrent is §6.7.5.
func (op *bioEnrollment) cancelCurrent(context.Context) (any, error) {
	op.a.enrollment = nil
	return nil, nil
}

// enumerate is §6.7.6.
func (op *bioEnrollment) enumerate(context.Context) (any, error) {
	if len(op.a.templates) == 0 {
		return nil, fmt.Errorf("no finger is enrolled: %w", ctap.StatusInvalidOption)
	}
	var resp ctap.BioEnrollmentResponse
	for _, t := range op.a.templates {
		resp.TemplateInfos = append(resp.TemplateInfos, ctap.TemplateInfo{TemplateID: t.ID, FriendlyName: t.Name})
	}
	return &resp, nil
}

// setFriendlyName is §6.7.7.
func (op *bioEnrollment) setFriendlyName(context.Context) (any, error) {
	list, i, err := op.named()
	if err != nil {
		return nil, err
	}
	list[i].Name = *op.params.TemplateFriendlyName
	return nil, op.changeTemplates(list)
}

// remove is §6.7.8.
func (op *bioEnrollment) remove(context.Context) (any, error) {
	list, i, err := op.named()
	if err != nil {
		return nil, err
	}
	return nil, op.changeTemplates(slices.Delete(list, i, i+1))
}

// named returns a copy of the templates, and which of them the parameters name.
func (op *bioEnrollment) named() ([]keystore.Template, int, error) {
	list := slices.Clone(op.a.templates)
	i := slices.IndexFunc(list, func(t keystore.Template) bool { return bytes.Equal(t.ID, op.params.TemplateID) })
	if i < 0 {
		return nil, 0, fmt.Errorf("unknown template: %w", ctap.StatusInvalidOption)
	}
	return list, i, nil
}

func (op *bioEnrollment) changeTemplates(list []keystore.Template) error {
	err := op.a.update(func(tx keystore.Tx) error { return keystore.PutTemplates(tx, list) })
	if err == nil {
		op.a.templates = list
	}
	return err
}

// sensorInfo is §6.7.3.
func (op *bioEnrollment) sensorInfo(context.Context) (any, error) {
	return &ctap.BioEnrollmentResponse{
		Modality: ctap.ModalityFingerprint, FingerprintKind: fingerprintTouch,
		MaxCaptureSamplesRequired: samplesForEnroll, MaxTemplateFriendlyName: maxFriendlyName,
	}, nil
}
