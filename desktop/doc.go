// Package desktop asks the user of a graphical session: by a notification with
// buttons, or by a pinentry dialog where no notification can be shown. It is a
// [authenticator.Presence], for a key that runs in the background.
//
// A click proves that somebody is there, not who: there is no user verification
// here.
//
// Sessions come and go while a key runs, so nothing is kept from one question to
// the next: each is put in the first [Way] that can be used at that moment.
package desktop

import "github.com/softkey-project/softkey/authenticator"

// Question is a prompt in words: plain text, in which a site may have put
// anything that can be printed.
type Question struct {
	Title string // such as "Register?"
	Body  string // lines, such as the site and the account
}

// Words puts a prompt in words.
type Words func(authenticator.Prompt) Question
