package client

import (
	"context"
	"errors"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// The methods of this file are authenticatorBioEnrollment (§6.7), or its preview
// of FIDO_2_1_PRE where that is all the key offers, for fingerprints. They take a
// token with [ctap.PermissionBioEnrollment], where they take one. Other keys'
// error is [errors.ErrUnsupported].

// FingerprintSensor says what a key's sensor is like.
type FingerprintSensor struct {
	Kind            uint64 // 1: touch, 2: swipe
	MaxSamples      uint64 // good samples that an enrolment may need; 0: the key does not say
	MaxFriendlyName uint64 // bytes of a finger's name; 0: the key does not say
}

// Sample is a step of an enrolment.
type Sample struct {
	TemplateID []byte            // of the finger that is being enrolled
	Status     ctap.SampleStatus // how good it was
	Remaining  uint64            // good samples that are still needed; 0: the finger is enrolled
}

// BioModality returns what the key recognises its user by:
// [ctap.ModalityFingerprint].
func (d *Device) BioModality(ctx context.Context) (uint64, error) {
	cmd, err := d.bioEnrollment()
	if err != nil {
		return 0, err
	}
	var resp ctap.BioEnrollmentResponse
	if err := d.command(ctx, cmd, &ctap.BioEnrollmentRequest{GetModality: true}, &resp); err != nil {
		return 0, err
	}
	return resp.Modality, nil
}

// FingerprintSensor says what the key's sensor is like.
func (d *Device) FingerprintSensor(ctx context.Context) (FingerprintSensor, error) {
	var resp ctap.BioEnrollmentResponse
	if err := d.bio(ctx, nil, ctap.GetFingerprintSensorInfo, nil, &resp); err != nil {
		return FingerprintSensor{}, err
	}
	return FingerprintSensor{resp.FingerprintKind, resp.MaxCaptureSamplesRequired, resp.MaxTemplateFriendlyName}, nil
}

// EnrollFingerprint enrols a finger, for which the user touches the sensor
// several times; it returns the ID of the new template. Each touch is waited for
// as long as timeout, or as the key likes where that is 0. After each that is not
// the last, progress is called, if not nil, whose error ends the enrolment, as
// the end of ctx does.
func (d *Device) EnrollFingerprint(ctx context.Context, t *Token, timeout time.Duration, progress func(Sample) error) ([]byte, error) {
	s, err := d.EnrollBegin(ctx, t, timeout)
	if err != nil {
		return nil, err
	}
	id := s.TemplateID
	for s.Remaining > 0 {
		if progress != nil {
			err = progress(s)
		}
		if err == nil {
			s, err = d.EnrollNext(ctx, t, id, timeout)
		}
		if err != nil {
			d.abandonEnrollment(ctx)
			return nil, err
		}
	}
	return id, nil
}

// abandonTimeout is how long a key may take to give up an enrolment.
const abandonTimeout = time.Second

// abandonEnrollment tells the key that nobody goes on with the enrolment, even
// if ctx has ended. A key that does not hear it drops the enrolment with the
// next one.
func (d *Device) abandonEnrollment(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonTimeout)
	defer cancel()
	_ = d.EnrollCancel(ctx)
}

// EnrollBegin begins the enrolment of a finger and takes the first sample.
func (d *Device) EnrollBegin(ctx context.Context, t *Token, timeout time.Duration) (Sample, error) {
	return d.capture(ctx, t, ctap.EnrollBegin, nil, timeout)
}

// EnrollNext takes another sample of the finger that is being enrolled.
func (d *Device) EnrollNext(ctx context.Context, t *Token, templateID []byte, timeout time.Duration) (Sample, error) {
	return d.capture(ctx, t, ctap.EnrollCaptureNextSample, templateID, timeout)
}

func (d *Device) capture(
	ctx context.Context, t *Token, sub ctap.BioEnrollmentSubcommand, templateID []byte, timeout time.Duration,
) (Sample, error) {
	var params *ctap.BioEnrollmentParams
	if templateID != nil || timeout > 0 {
		params = &ctap.BioEnrollmentParams{TemplateID: templateID, TimeoutMilliseconds: uint64(max(timeout, 0) / time.Millisecond)}
	}
	var resp ctap.BioEnrollmentResponse
	if err := d.bio(ctx, t, sub, params, &resp); err != nil {
		return Sample{}, err
	}
	if templateID == nil {
		templateID = resp.TemplateID
	}
	if len(templateID) == 0 || resp.LastEnrollSampleStatus == nil || resp.RemainingSamples == nil {
		return Sample{}, malformed(ctap.CommandBioEnrollment, "a member is missing")
	}
	return Sample{templateID, *resp.LastEnrollSampleStatus, *resp.RemainingSamples}, nil
}

// EnrollCancel gives up the enrolment that goes on.
func (d *Device) EnrollCancel(ctx context.Context) error {
	return d.bio(ctx, nil, ctap.CancelCurrentEnrollment, nil, nil)
}

// Fingerprints returns the fingers that are enrolled.
func (d *Device) Fingerprints(ctx context.Context, t *Token) ([]ctap.TemplateInfo, error) {
	var resp ctap.BioEnrollmentResponse
	err := d.bio(ctx, t, ctap.EnumerateEnrollments, nil, &resp)
	if errors.Is(err, ctap.StatusInvalidOption) {
		return nil, nil // so says a key that has none (§6.7.6)
	}
	for i := range resp.TemplateInfos {
		resp.TemplateInfos[i].FriendlyName = legible(resp.TemplateInfos[i].FriendlyName)
	}
	return resp.TemplateInfos, err
}

// RenameFingerprint gives an enrolled finger another name.
func (d *Device) RenameFingerprint(ctx context.Context, t *Token, templateID []byte, name string) error {
	return d.bio(ctx, t, ctap.SetFriendlyName, &ctap.BioEnrollmentParams{TemplateID: templateID, TemplateFriendlyName: &name}, nil)
}

// RemoveFingerprint has the key forget an enrolled finger.
func (d *Device) RemoveFingerprint(ctx context.Context, t *Token, templateID []byte) error {
	return d.bio(ctx, t, ctap.RemoveEnrollment, &ctap.BioEnrollmentParams{TemplateID: templateID}, nil)
}

// bio runs a subcommand with its token, which authenticates
//
//	modality (1) ‖ subCommand (1) ‖ subCommandParams
func (d *Device) bio(
	ctx context.Context, t *Token, sub ctap.BioEnrollmentSubcommand, params *ctap.BioEnrollmentParams, resp any,
) error {
	cmd, err := d.bioEnrollment()
	if err != nil {
		return err
	}
	modality := uint64(ctap.ModalityFingerprint)
	req := &ctap.BioEnrollmentRequest{Modality: &modality, Subcommand: sub}
	if params != nil {
		if req.Params, err = ctap.Marshal(params); err != nil {
			return err
		}
	}
	req.PinUvAuthProtocol, req.PinUvAuthParam = t.Authorize(append([]byte{ctap.ModalityFingerprint, byte(sub)}, req.Params...))
	return d.command(ctx, cmd, req, resp)
}

// bioEnrollment returns the number under which the key offers the command. The
// options that say so are off until a finger is enrolled.
func (d *Device) bioEnrollment() (ctap.Command, error) {
	if _, known := d.option(ctap.OptionBioEnroll); known {
		return ctap.CommandBioEnrollment, nil
	}
	if _, known := d.option(ctap.OptionUserVerificationMgmtPreview); known {
		return ctap.CommandBioEnrollmentPreview, nil
	}
	return 0, unsupported("the enrolment of fingerprints")
}
