package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// preferences has Firefox ask nothing of a person but a PIN, and take the answer at once.
const preferences = `
user_pref("security.webauthn.always_allow_direct_attestation", true);
user_pref("security.dialog_enable_delay", 0);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.normandy.enabled", false);
user_pref("extensions.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("marionette.port", 2828);
`

// withoutSandboxes are what Firefox's own processes need in user-mode Linux, where
// their sandboxes kill them.
var withoutSandboxes = []string{
	"MOZ_DISABLE_CONTENT_SANDBOX=1", "MOZ_DISABLE_GMP_SANDBOX=1", "MOZ_DISABLE_RDD_SANDBOX=1",
	"MOZ_DISABLE_SOCKET_PROCESS_SANDBOX=1", "MOZ_DISABLE_UTILITY_SANDBOX=1", "MOZ_DISABLE_GPU_SANDBOX=1",
	"RUST_LOG=authenticator=debug", "MOZ_LOG=webauthnmanager:5",
}

// firefox is Firefox without a window.
type firefox struct {
	*process
	name string
}

func startFirefox(ctx context.Context, url, dir string) (browser, error) {
	name, err := packageName("firefox-esr")
	if err != nil {
		return nil, err
	}
	profile, err := os.MkdirTemp("", "firefox")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(preferences), 0o644); err != nil {
		return nil, err
	}
	p, err := start(dir, withoutSandboxes, "firefox-esr", "--headless", "--marionette", "--remote-allow-system-access", "--profile", profile, "about:blank")
	if err != nil {
		return nil, err
	}
	f := firefox{process: p, name: name}
	if err := f.open(ctx, url); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return f, nil
}

// open has Firefox show the page, and type PINs.
func (firefox) open(ctx context.Context, url string) error {
	m, err := dialMarionette(ctx, "127.0.0.1:2828")
	if err != nil {
		return err
	}
	for _, step := range []struct {
		command    string
		parameters map[string]any
	}{
		{"WebDriver:Navigate", map[string]any{"url": url}},
		{"Marionette:SetContext", map[string]any{"value": "chrome"}},
		{"WebDriver:ExecuteScript", map[string]any{"script": typePIN, "args": []string{pin}}},
	} {
		if err := m.Do(step.command, step.parameters); err != nil {
			return err
		}
	}
	return nil
}

func (f firefox) Name() string { return f.name }

// Dismiss does nothing: what Firefox shows of a failure goes by itself.
func (firefox) Dismiss(context.Context) error { return nil }

// typePIN has Firefox type the PIN into each prompt for one, and agree: while there
// is a prompt Marionette does nothing but dismiss it.
const typePIN = `
	const [pin] = arguments;
	Services.obs.addObserver(prompt => prompt.setTimeout(() => {
		prompt.document.getElementById("password1Textbox").value = pin;
		prompt.Dialog.ui.button0.click();
	}, 100), "common-dialog-loaded");`

// EnterPIN waits until the key has taken the PIN: Firefox types by itself.
func (firefox) EnterPIN(ctx context.Context, k *key, _ string) error {
	given, err := k.Traced(pinToken)
	if err != nil {
		return err
	}
	return k.AwaitTrace(ctx, pinToken, given+1)
}
