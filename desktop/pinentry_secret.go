package desktop

import (
	"context"
	"errors"
	"net/url"
)

// ErrDismissed is returned by [Pinentry.Secret] where the user closes the dialog.
var ErrDismissed = errors.New("desktop: the dialog was closed")

// Secret asks the user to type a secret, which is not shown. The question's title
// and body are above the field that label names. Again, if not empty, labels a
// second field, in which the secret is typed again. It fails with ErrUnavailable
// where the user has not been asked.
func (p Pinentry) Secret(ctx context.Context, q Question, label, again string) (secret string, err error) {
	err = p.with(ctx, func(d *dialog) error {
		if err := d.prepareSecret(q, label, again); err != nil {
			return err
		}
		secret, err = d.do("GETPIN", "")
		return err
	})
	switch _, known := answerOf(err); {
	case !known || ctx.Err() != nil:
		return "", unavailable(ctx, p, err)
	case err != nil:
		return "", ErrDismissed
	}
	return unescapeAssuan(secret)
}

func (d *dialog) prepareSecret(q Question, label, again string) error {
	settings := []setting{
		{"SETTITLE", "softkey", true},
		{"SETDESC", q.text(), false},
		{"SETPROMPT", escapeAssuan(label, maxText), false},
	}
	if again != "" {
		settings = append(settings, setting{"SETREPEAT", escapeAssuan(again, maxText), false})
	}
	return d.set(settings)
}

// unescapeAssuan returns the data of an answer: what is not printed is %XX.
func unescapeAssuan(data string) (string, error) {
	text, err := url.PathUnescape(data)
	if err != nil {
		return "", errors.New("desktop: an answer that is none") // it may be a secret: it is not told
	}
	return text, nil
}
