package chromium

import (
	"errors"
	"fmt"
)

// Visit shows the page at url, once it has loaded. script runs in it before its
// own scripts do.
func (b *Browser) Visit(url, script string) error {
	loaded := ""
	if err := b.Offer("hasLoaded", func(place string) { loaded = place }); err != nil {
		return err
	}
	script += ";addEventListener('load', () => hasLoaded(location.href))"
	if err := b.Do("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": script}, nil); err != nil {
		return err
	}
	if err := b.Do("Page.navigate", map[string]any{"url": url}, nil); err != nil {
		return err
	}
	for loaded != url {
		if _, err := b.read(); err != nil {
			return fmt.Errorf("chromium: %s: %w", url, err)
		}
	}
	return nil
}

// Evaluate reads into result what a JavaScript expression is, or what the promise
// that it is comes to.
func (b *Browser) Evaluate(expression string, result any) error {
	answer := struct {
		Result           struct{ Value any }
		ExceptionDetails *struct{ Exception struct{ Description string } }
	}{}
	answer.Result.Value = result
	params := map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}
	if err := b.Do("Runtime.evaluate", params, &answer); err != nil {
		return err
	}
	if answer.ExceptionDetails != nil {
		return errors.New(answer.ExceptionDetails.Exception.Description)
	}
	return nil
}

// Look says how a page is looked at.
type Look struct {
	Width, Height int
	Dark          bool
}

// Use has pages looked at so.
func (b *Browser) Use(look Look) error {
	scheme := "light"
	if look.Dark {
		scheme = "dark"
	}
	return errors.Join(
		b.Do("Emulation.setDeviceMetricsOverride", map[string]any{
			"width": look.Width, "height": look.Height, "deviceScaleFactor": 1, "mobile": false,
		}, nil),
		b.Do("Emulation.setEmulatedMedia", map[string]any{
			"features": []any{map[string]string{"name": "prefers-color-scheme", "value": scheme}},
		}, nil))
}

// Picture returns the page as a PNG.
func (b *Browser) Picture() ([]byte, error) {
	var shot struct{ Data []byte }
	err := b.Do("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	return shot.Data, err
}
